"""How far a request is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Progress:
    """How far a request is.

    Attributes:
        done: Steps done.
        total: Steps in all; 0 while not known.
        stage: What it is doing: model, windows, mask, polygons.
        message: The same for people.
    """

    done: int
    total: int
    stage: str
    message: str


class Watcher(Protocol):
    """Who waits for something."""

    def progress(self, progress: Progress) -> None:
        """Is told how far it is."""

    def cancelled(self) -> bool:
        """Whether it is wanted no more."""
