"""Metrics of referring segmentation."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

PRECISION_LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass
class ReferringMetrics:
    """Overlap of predicted and true masks, one sample at a time.

    A sample whose truth and prediction are both empty counts as an IoU of 1.
    """

    intersections: list[int] = field(default_factory=list)
    unions: list[int] = field(default_factory=list)

    def add(self, prediction: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
        """Counts one sample of shape `(H, W)` and returns its IoU."""
        if prediction.shape != truth.shape:
            raise ValueError(
                f"a prediction of {prediction.shape} cannot be compared with {truth.shape}"
            )
        self.intersections.append(int(np.count_nonzero(prediction & truth)))
        self.unions.append(int(np.count_nonzero(prediction | truth)))
        return float(self.ious()[-1])

    def ious(self) -> NDArray[np.float64]:
        """IoU of every sample, `(N,)`."""
        intersections, unions = np.array(self.intersections, float), np.array(self.unions, float)
        return np.where(unions > 0, intersections / np.maximum(unions, 1), 1.0)

    def summary(self) -> dict[str, float]:
        """Pr@0.5 to Pr@0.9 (share with IoU >= X), oIoU (sums), mIoU (mean) and n."""
        n = len(self.unions)
        ious = self.ious()
        precision = {
            f"Pr@{level}": float(np.mean(ious >= level)) if n else 0.0 for level in PRECISION_LEVELS
        }
        total = sum(self.unions)
        return {
            **precision,
            "oIoU": sum(self.intersections) / total if total else float(n > 0),
            "mIoU": float(ious.mean()) if n else 0.0,
            "n": n,
        }
