"""What a training tells while it runs: losses, validations, notes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

LOG = "log.jsonl"


@dataclass(frozen=True)
class Validation:
    """What the model made of the ground that is held out.

    Attributes:
        step: After how many steps.
        score: Mean IoU, 0 to 1.
        best: Whether it was the best so far.
        examples: Pictures of it.
    """

    step: int
    score: float
    best: bool
    examples: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Log:
    """What was told so far.

    Attributes:
        losses: Step and loss.
        validations: In their order.
        notes: Step and sentence.
    """

    losses: tuple[tuple[int, float], ...] = ()
    validations: tuple[Validation, ...] = ()
    notes: tuple[tuple[int, str], ...] = ()

    @property
    def best(self) -> Optional[Validation]:
        """The validation whose weights would be kept."""
        return next((each for each in reversed(self.validations) if each.best), None)


@dataclass
class _Reading:
    losses: list[tuple[int, float]] = field(default_factory=list)
    validations: list[Validation] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)


def read(run: Path) -> Log:
    """Reads the log of a run; one that has not begun yet has told nothing.

    A training is killed in the middle of a line, and the log is read while it is written: a line
    that is not whole is left out.
    """
    try:
        lines = (run / LOG).read_text("utf-8", "replace").splitlines()
    except OSError:
        return Log()
    found = _Reading()
    for line in lines:
        try:
            _take(json.loads(line), run, found)
        except (ValueError, KeyError, TypeError):
            continue
    return Log(tuple(found.losses), tuple(found.validations), tuple(found.notes))


def _take(event: dict[str, Any], run: Path, found: _Reading) -> None:
    step = int(event["step"])
    if event["event"] == "loss":
        found.losses.append((step, float(event["total"])))
    elif event["event"] == "validation":
        examples = tuple(run / name for name in event.get("examples", ()))
        score = float(event["mIoU"])
        found.validations.append(Validation(step, score, bool(event["best"]), examples))
    elif event["event"] == "note":
        found.notes.append((step, str(event["message"])))
