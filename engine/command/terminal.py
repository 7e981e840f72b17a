"""A long run on a terminal: a bar that shows how far it is, and Ctrl-C that ends it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

from tqdm import tqdm

from engine.progress import Progress


class ProgressBar:
    """What a request is doing, drawn as a bar that goes when the block ends."""

    def __init__(self, position: int | None = None) -> None:
        self._position = position

    def __enter__(self) -> Self:
        self._bar = tqdm(total=1, unit="step", disable=None, leave=False, position=self._position)
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, progress: Progress) -> None:
        """Draws it."""
        if not self._bar.n:
            self._bar.initial = progress.done  # of what goes on, the pace is that of today
        self._bar.total = max(progress.total, 1)
        self._bar.n = progress.done
        self._bar.set_description(progress.message, refresh=True)


@contextmanager
def in_two_steps(tell: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Gives a function that says whether Ctrl-C was pressed; pressed again, it interrupts.

    Args:
        tell: Called at the first one.

    Raises:
        KeyboardInterrupt: It was pressed again inside the block.
    """
    pressed = False

    def note(_signal: int, _frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True
        tell()

    earlier = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, earlier)
