"""Properties are tried on machines of any speed, and no test depends on those before it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator

import pytest
import torch
from hypothesis import settings

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


# Processes of tests are forked from one that has imported all of this already.
multiprocessing.get_context("forkserver").set_forkserver_preload(
    ["distributed", "engine.segmentation.segment", "tests.engine.finetuning.tiny"]
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What one process has to do alone comes first, so that no process waits for it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


# What fixtures of a module do comes before any fixture of a test.
THREADS = torch.get_num_threads()


@pytest.fixture(autouse=True)
def _process_as_it_was() -> Iterator[None]:
    """Training flushes tiny numbers to zero, takes one thread, and draws numbers of chance."""
    torch.manual_seed(0)
    yield
    torch.set_flush_denormal(False)
    torch.set_num_threads(THREADS)
