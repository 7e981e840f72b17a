"""Who watches a run: is told how far it is, and may stop it, also in the middle of a validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import overload

from engine.data.scenes.views import View
from engine.errors import Cancelled
from engine.progress import Progress


@dataclass
class Watch:
    """A run's watcher.

    Attributes:
        steps: Steps of the run.
        tell: Is told how far it is; may be None.
        ask: Whether it should stop; may be None.
        done: Steps that were told last.
    """

    steps: int
    tell: Callable[[Progress], None] | None = None
    ask: Callable[[], bool] | None = None
    done: int = 0

    def progress(self, progress: Progress) -> None:
        """Passes on how far the run is."""
        self.done = progress.done
        if self.tell is not None:
            self.tell(progress)

    def cancelled(self) -> bool:
        """Whether the run should stop."""
        return self.ask is not None and self.ask()

    def over(self, views: Sequence[View], stage: str, doing: str) -> Watched:
        """The views, each of which is told of and may be the last."""
        return Watched(self, views, stage, doing)


class Watched(Sequence[View]):
    """Views that are looked at under a run's watcher."""

    def __init__(self, watch: Watch, views: Sequence[View], stage: str, doing: str) -> None:
        """`stage` and, for people, `doing` say what they are looked at for."""
        self._watch = watch
        self._stage = stage
        self._views = views
        self._doing = doing

    def __len__(self) -> int:
        return len(self._views)

    @overload
    def __getitem__(self, index: int) -> View: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[View]: ...
    def __getitem__(self, index: int | slice) -> View | Sequence[View]:
        """A view, or several.

        Raises:
            Cancelled: As asked.
        """
        if isinstance(index, slice):
            return Watched(self._watch, self._views[index], self._stage, self._doing)
        if self._watch.cancelled():
            raise Cancelled("Cancelled.")
        view = self._views[index]  # ends an iteration where there is none
        message = f"{self._doing}, view {index + 1} of {len(self)}"
        watch = self._watch
        watch.progress(Progress(watch.done, watch.steps, self._stage, message))
        return view
