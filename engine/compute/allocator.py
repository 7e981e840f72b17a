"""The C library's memory: what is freed is kept for the next tensor of its size."""

from __future__ import annotations

import ctypes
import sys

# Of mallopt in glibc's malloc.h, with what they are set to.
TRIM_THRESHOLD = (-1, 2**28)
TOP_PAD = (-2, 2**26)
MMAP_THRESHOLD = (-3, 2**25)
ARENAS = (-8, 1)
"""One pool for all threads: what one of them frees, another may use."""


def keep_freed_memory() -> None:
    """Has glibc keep up to 256 MiB of freed memory; does nothing where there is another C library.

    By itself it hands tensors back to the system when they are freed and asks for them again, and
    the system clears every page anew: windows of a model cost up to a third of a run in that way.
    """
    library = _glibc()
    if library is not None:
        for option, value in (TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD, ARENAS):
            library.mallopt(option, value)


def give_back_freed_memory() -> None:
    """Has glibc give what it kept back to the system; does nothing where there is another one."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None
