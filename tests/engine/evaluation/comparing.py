"""Samples and comparisons from masks at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.data.sample import ReferringSample
from engine.evaluation.comparison import Comparison
from engine.evaluation.metrics import Overlap
from engine.evaluation.protocols import OURS, Protocol


def sample(
    truth: np.ndarray,
    image: str | Path = "a.png",
    expression: str = "the ship",
    kind: str = "",
    category: str = "",
    ignored: np.ndarray | None = None,
) -> ReferringSample:
    return ReferringSample(
        image=Path(image),
        expression=expression,
        split="val",
        where="refs.jsonl, line 3",
        load=lambda: truth,
        ignored=None if ignored is None else lambda: ignored,
        kind=kind,
        category=category,
    )


def comparison(
    prediction: np.ndarray, truth: np.ndarray, protocol: Protocol = OURS, **about: str
) -> Comparison:
    overlap = Overlap.of(prediction, truth)
    return Comparison(sample(truth, **about), prediction, truth, overlap, overlap.iou(protocol))


def mask(text: str) -> np.ndarray:
    """Rows of `#` and `.` as `(h, w)` bool."""
    return np.array([[letter == "#" for letter in row] for row in text.split()])
