"""Memory that has run out, however a library says so."""

from __future__ import annotations

import sys


def exhausted(cause: BaseException) -> bool:
    """Whether an error says that the processor's or the graphics card's memory did not suffice."""
    torch = sys.modules.get("torch")
    if isinstance(cause, MemoryError) or (torch and isinstance(cause, torch.OutOfMemoryError)):
        return True
    # PyTorch has no class of its own for the processor's memory.
    return isinstance(cause, RuntimeError) and "DefaultCPUAllocator" in str(cause)
