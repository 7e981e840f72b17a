"""Properties are tried on machines of any speed, and no test depends on those before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import settings

from engine.variables import use_own_libraries

use_own_libraries()
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


SHARING = (
    "batch/test_cluster.py",
    "command/test_main.py",
    "finetuning/test_jobs.py",
    "finetuning/test_plan.py",
    "models/test_own_models.py",
    "raster/test_real_files.py",
    "service/test_methods.py",
    "systems/test_adding_a_system.py",
    "training/loop/test_endings.py",
    "training/loop/test_loop.py",
)
"""Files whose tests share what takes long to make: one process has all of such a file."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Sends such files to a process as they are, and first; all other tests one by one."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::")[0]
            return file if file.endswith(SHARING) else nodeid

    return Together(config, log)


# What fixtures of a module do comes before any fixture of a test.
THREADS = torch.get_num_threads()


@pytest.fixture(autouse=True)
def _process_as_it_was() -> Iterator[None]:
    """Training flushes tiny numbers to zero, takes one thread, and draws numbers of chance."""
    torch.manual_seed(0)
    yield
    torch.set_flush_denormal(False)
    torch.set_num_threads(THREADS)
