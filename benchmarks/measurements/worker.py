"""The engine's process as QGIS starts it, for the measurements that talk to it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.measuring.child import ROOT, THREAD_VARIABLES
from benchmarks.measuring.measurement import ENGINE_PYTHON, Setting
from engine.service.client import EngineClient, clean_environment

COMMAND = (str(ENGINE_PYTHON), "-m", "engine", "serve")


@contextmanager
def engine(setting: Setting) -> Iterator[EngineClient]:
    """A client of an engine that may use the setting's cores; not started yet."""
    threads = dict.fromkeys(THREAD_VARIABLES, str(len(setting.cores)))
    client = EngineClient(COMMAND, {**clean_environment(os.environ), **threads}, ROOT)
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, setting.cores)  # the process inherits it
    try:
        yield client
    finally:
        client.close()
        os.sched_setaffinity(0, allowed)


def request(raster: Path, out: Path, **source: Any) -> dict[str, Any]:
    """The parameters of `segment` with the bundled model."""
    return {
        "source": {"path": str(raster), **source},
        "expression": "storage tank",
        "model": "rsrefseg2-compact",
        "out": str(out),
        "device": "cpu",
    }
