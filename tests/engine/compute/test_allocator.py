"""Freed memory is used again instead of being asked for anew."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

PAGES_ASKED_FOR = """
import resource, sys
import numpy as np
if sys.argv[1] == "keep":
    from engine.compute.allocator import keep_freed_memory
    keep_freed_memory()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(3):
    # Together they are more than glibc keeps by itself.
    tensors = [np.ones(2**20, np.uint8) for _ in range(60)]
    before = faults()
    del tensors
tensors = [np.ones(2**20, np.uint8) for _ in range(60)]
print(faults() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these settings")
def test_freed_memory_is_used_again() -> None:
    def asked_for(how: str) -> int:
        command = [sys.executable, "-c", PAGES_ASKED_FOR, how]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        return int(ended.stdout)

    assert asked_for("keep") * 10 < asked_for("as it is")
