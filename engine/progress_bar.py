"""Progress on a terminal."""

from __future__ import annotations

from tqdm import tqdm

from engine.result import Progress


class ProgressBar:
    """What a request is doing, drawn as a bar that goes when the block ends."""

    def __init__(self, position: int | None = None) -> None:
        self._position = position

    def __enter__(self) -> ProgressBar:
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
