"""The best and the worst cases of an evaluation; of no others the masks are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.data.formats.jsonl import encode_mask
from engine.evaluation.comparison import Comparison


@dataclass(frozen=True)
class Case:
    """A sample to look at.

    Attributes:
        number: Its place among all samples, from 0.
        image: The image's path.
        expression: The sentence.
        kind: The kind of sentence; may be empty.
        iou: As the protocol has it.
        union: Pixels of prediction and truth.
        prediction: COCO RLE.
        truth: COCO RLE.
    """

    number: int
    image: Path
    expression: str
    kind: str
    iou: float
    union: int
    prediction: dict[str, Any]
    truth: dict[str, Any]


class Cases:
    """Keeps the candidates while samples pass.

    Cases are ordered by IoU, then by the pixels at stake, then by their place. The first ones are
    of different images; further ones of the same image follow where there are too few images.
    Samples whose truth and prediction are both empty show nothing and are left out.
    """

    def __init__(self, count: int = 6) -> None:
        self.count = count
        self._seen = 0
        self._shown = 0
        self._best: list[Case] = []
        self._worst: list[Case] = []

    def add(self, comparison: Comparison) -> None:
        """Takes the next sample."""
        number = self._seen
        self._seen += 1
        if not comparison.overlap.union:
            return
        self._shown += 1
        case = Case(
            number=number,
            image=comparison.sample.image,
            expression=comparison.sample.expression,
            kind=comparison.sample.kind,
            iou=comparison.iou,
            union=comparison.overlap.union,
            prediction=encode_mask(comparison.prediction),
            truth=encode_mask(comparison.truth),
        )
        # Twice as many as are shown, since the best ones are no candidates for the worst.
        self._best = _ranked([*self._best, case], -1)[: 2 * self.count]
        self._worst = _ranked([*self._worst, case], 1)[: 2 * self.count]

    def best_and_worst(self) -> tuple[list[Case], list[Case]]:
        """At most `count` of each and half of all: no case is both, and no worst beats a best."""
        best = self._best[: min(self.count, (self._shown + 1) // 2)]
        taken = {case.number for case in best}
        limit = min((case.iou for case in best), default=0.0)
        left = [case for case in self._worst if case.number not in taken and case.iou <= limit]
        return best, left[: min(self.count, self._shown // 2)]


def _ranked(cases: Sequence[Case], sign: int) -> list[Case]:
    """By IoU times a sign: the first of each image, then the others."""
    ordered = sorted(cases, key=lambda case: (sign * case.iou, -case.union, case.number))
    first: dict[Path, int] = {}
    for case in ordered:
        first.setdefault(case.image, case.number)
    return sorted(ordered, key=lambda case: first[case.image] != case.number)
