"""What a run tells of itself while it runs: lines of JSON for a dialog, curves for TensorBoard."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter

from engine.files.boundary import writing

LOG = "log.jsonl"


class Journal:
    """A run's events in `log.jsonl`, a line each.

    | event | what else it has |
    |---|---|
    | `loss` | `step`, `total` |
    | `validation` | `step`, `best` (is it the best so far), `examples` (pictures), the metrics |
    | `note` | `step`, `message` for people |

    Every event belongs to a step that was taken. Those of steps that a killed run takes again are
    removed, so that the log of a run does not tell how often it was interrupted.
    """

    def __init__(self, folder: Path, step: int) -> None:
        """Goes on after a step.

        Raises:
            OutputError: The folder cannot be written.
        """
        self.path = folder / LOG
        with writing(self.path):
            self._curves = SummaryWriter(folder / "curves", purge_step=step)
            if self.path.exists():
                kept = [line for line in self._lines() if _step_of(line) <= step]
                partial = self.path.with_suffix(".partial")
                partial.write_text("".join(kept), encoding="utf-8")
                os.replace(partial, self.path)

    def loss(self, step: int, parts: Mapping[str, float], rate: float) -> None:
        """The parts of a step's loss, and its learning rate."""
        self._draw("train", step, {**parts, "learning rate": rate})
        self._write("loss", step, total=sum(parts.values()))

    def validation(
        self, step: int, metrics: Mapping[str, float], best: bool, examples: Sequence[str]
    ) -> None:
        """Metrics after a step."""
        self._draw("validation", step, metrics)
        numbers = {name: value if math.isfinite(value) else None for name, value in metrics.items()}
        self._write("validation", step, best=best, examples=list(examples), **numbers)

    def note(self, step: int, message: str) -> None:
        """Something that people should know."""
        self._write("note", step, message=message)

    def close(self) -> None:
        """Writes what is still held."""
        with writing(self.path):
            self._curves.close()

    def _draw(self, curves: str, step: int, values: Mapping[str, float]) -> None:
        with writing(self.path):
            for name, value in values.items():
                self._curves.add_scalar(f"{curves}/{name}", value, step)

    def _write(self, event: str, step: int, **facts: Any) -> None:
        with writing(self.path), self.path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"event": event, "step": step, **facts}) + "\n")

    def _lines(self) -> list[str]:
        return self.path.read_text("utf-8", errors="replace").splitlines(keepends=True)


def _step_of(line: str) -> float:
    """The step of an event; a line that a kill cut short is of no step to keep."""
    try:
        return float(json.loads(line)["step"]) if line.endswith("\n") else math.inf
    except (ValueError, KeyError, TypeError):
        return math.inf
