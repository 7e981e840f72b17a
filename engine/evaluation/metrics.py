"""Metrics of referring segmentation."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.protocols import OURS, Protocol

PRECISION_LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True)
class Overlap:
    """One prediction and its truth, in pixels."""

    intersection: int
    truth: int
    predicted: int

    @classmethod
    def of(cls, prediction: NDArray[np.bool_], truth: NDArray[np.bool_]) -> Overlap:
        """Counts masks of the same shape `(H, W)`."""
        if prediction.shape != truth.shape:
            raise ValueError(
                f"a prediction of {prediction.shape} cannot be compared with {truth.shape}"
            )
        counts = map(np.count_nonzero, (prediction & truth, truth, prediction))
        return cls(*(int(count) for count in counts))

    @property
    def union(self) -> int:
        """Pixels of the prediction, the truth or both."""
        return self.truth + self.predicted - self.intersection

    def iou(self, protocol: Protocol) -> float:
        """Intersection over union; the protocol says what it is where both masks are empty."""
        return self.intersection / self.union if self.union else protocol.empty


@dataclass
class ReferringMetrics:
    """Overlap of predicted and true masks, one sample at a time.

    Attributes:
        protocol: How they are counted.
        overlaps: What was counted so far.
    """

    protocol: Protocol = OURS
    overlaps: list[Overlap] = field(default_factory=list)

    def add(
        self,
        prediction: NDArray[np.bool_],
        truth: NDArray[np.bool_],
        ignored: NDArray[np.bool_] | None = None,
    ) -> float:
        """Counts one sample of shape `(H, W)` and returns its IoU."""
        counted = (self.protocol.counted(mask, ignored) for mask in (prediction, truth))
        self.overlaps.append(Overlap.of(*counted))
        return self.overlaps[-1].iou(self.protocol)

    def ious(self) -> NDArray[np.float64]:
        """IoU of every sample, `(N,)`."""
        return np.array([overlap.iou(self.protocol) for overlap in self.overlaps], float)

    def summary(self) -> dict[str, float]:
        """Pr@0.5 to Pr@0.9 (share that reaches an IoU), oIoU (sums), mIoU (mean) and n.

        oIoU is also called cIoU, and mIoU gIoU. Without any union oIoU is what the mean is; a mean
        of nothing is 0.
        """
        n, ious = len(self.overlaps), self.ious()
        # NaN reaches no level.
        reaches = np.greater if self.protocol.strict else np.greater_equal
        precision = {
            f"Pr@{level}": float(np.mean(reaches(ious, level))) if n else 0.0
            for level in PRECISION_LEVELS
        }
        averaged = ious[~np.isnan(ious)]
        mean = float(averaged.mean()) if averaged.size else 0.0
        total = sum(overlap.union for overlap in self.overlaps)
        shared = sum(overlap.intersection for overlap in self.overlaps)
        return {**precision, "oIoU": shared / total if total else mean, "mIoU": mean, "n": n}

    def no_target(self) -> dict[str, float | None]:
        """How well "there is nothing" is told, whatever the protocol.

        `no_target_accuracy` is the share of the `no_target_n` samples with an empty truth that are
        answered with an empty mask; `target_answered_nothing` is the share of the `target_n` other
        samples that are. A share of no samples is None.
        """
        without = [overlap.predicted == 0 for overlap in self.overlaps if not overlap.truth]
        target = [overlap.predicted == 0 for overlap in self.overlaps if overlap.truth]
        return {
            "no_target_accuracy": sum(without) / len(without) if without else None,
            "no_target_n": len(without),
            "target_answered_nothing": sum(target) / len(target) if target else None,
            "target_n": len(target),
        }
