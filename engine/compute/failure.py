"""Whatever went wrong, as an error for the analyst."""

from __future__ import annotations

import logging

from engine.compute import memory
from engine.errors import EngineError, OutOfMemory, Unforeseen

log = logging.getLogger(__name__)


def explained(cause: BaseException) -> EngineError:
    """The error that says what an analyst can do; what nobody foresaw is logged as well."""
    if isinstance(cause, EngineError):
        return cause
    if memory.exhausted(cause):
        return OutOfMemory(
            "There is not enough memory for this request. Close other programs that use the "
            "graphics card, choose a smaller extent, a coarser resolution or a smaller model, "
            f"or run on the CPU. ({str(cause) or 'out of memory'})"
        )
    log.error("A request failed unexpectedly.", exc_info=cause)
    kind = type(cause).__name__
    return Unforeseen(f"The engine failed: {kind}: {cause}. Its log has the details.")
