"""What a block of code costs this process. Linux only: the kernel keeps the high-water mark."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROCESS = Path("/proc/self")
RESET_PEAK = "5"
"""What `clear_refs` takes to forget the highest memory so far (proc(5))."""


@dataclass
class Cost:
    """Seconds and mebibytes; filled in when the block has ended.

    Attributes:
        wall_s: Seconds on the wall.
        cpu_s: Seconds of processors, over all threads and the children that have ended.
        before_mib: Resident memory before the block: Python, the libraries, the model.
        peak_mib: The highest resident memory of this process during the block.
    """

    wall_s: float = 0.0
    cpu_s: float = 0.0
    before_mib: float = 0.0
    peak_mib: float = 0.0


@contextmanager
def cost() -> Iterator[Cost]:
    """Gives a `Cost` that is filled in when the block ends."""
    spent = Cost(before_mib=_mib("VmRSS"))
    PROCESS.joinpath("clear_refs").write_text(RESET_PEAK)
    wall, cpu = time.perf_counter(), _cpu_s()
    yield spent
    spent.wall_s, spent.cpu_s = time.perf_counter() - wall, _cpu_s() - cpu
    spent.peak_mib = _mib("VmHWM")


def _cpu_s() -> float:
    return sum(os.times()[:4])


def _mib(field: str) -> float:
    lines = PROCESS.joinpath("status").read_text().splitlines()
    value = next(line for line in lines if line.startswith(f"{field}:"))
    return int(value.split()[1]) / 1024
