"""Processes that are forked from one that has imported PyTorch and the engine already."""

from __future__ import annotations

from multiprocessing.context import ForkServerContext

import dask
from distributed.utils import get_mp_context

IMPORTED = ["distributed", "engine.segmentation.segment", "tests.engine.finetuning.tiny"]


def forking() -> ForkServerContext:
    """Starts such processes.

    There is one server of them in a test process, which imports what is named before the first one
    is started. Dask names its own once; here that is done before, and not the last word.
    """
    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        context: ForkServerContext = get_mp_context()
    context.set_forkserver_preload(IMPORTED)
    return context
