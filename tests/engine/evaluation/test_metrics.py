"""Metrics against a plain calculation."""

from __future__ import annotations

import numpy as np
import pytest

from engine.evaluation.metrics import ReferringMetrics


def test_the_numbers_are_the_field_s() -> None:
    rng = np.random.default_rng(0)
    metrics = ReferringMetrics()
    ious, intersections, unions = [], 0, 0
    for _ in range(50):
        truth = rng.random((20, 30)) < rng.uniform(0.1, 0.9)
        found = truth ^ (rng.random((20, 30)) < rng.uniform(0, 0.4))
        metrics.add(found, truth)
        intersection = sum(bool(a and b) for a, b in zip(found.flat, truth.flat, strict=True))
        union = sum(bool(a or b) for a, b in zip(found.flat, truth.flat, strict=True))
        ious.append(intersection / union)
        intersections += intersection
        unions += union
    summary = metrics.summary()
    assert summary["mIoU"] == pytest.approx(sum(ious) / 50, abs=1e-6)
    assert summary["oIoU"] == pytest.approx(intersections / unions, abs=1e-6)
    for level in (0.5, 0.6, 0.7, 0.8, 0.9):
        assert summary[f"Pr@{level}"] == pytest.approx(
            sum(iou >= level for iou in ious) / 50, abs=1e-6
        )
    assert summary["n"] == 50


def test_exactly_half_counts_for_precision_at_half() -> None:
    metrics = ReferringMetrics()
    assert metrics.add(np.array([[True, True]]), np.array([[True, False]])) == 0.5
    assert metrics.summary()["Pr@0.5"] == 1.0


def test_nothing_found_where_there_is_nothing_is_right_and_anything_else_wrong() -> None:
    nothing, something = np.zeros((2, 2), bool), np.ones((2, 2), bool)
    metrics = ReferringMetrics()
    assert [
        metrics.add(a, b)
        for a, b in ((nothing, nothing), (something, nothing), (nothing, something))
    ] == [1, 0, 0]


def test_masks_of_different_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(2, 2\) cannot be compared with \(2, 3\)"):
        ReferringMetrics().add(np.zeros((2, 2), bool), np.zeros((2, 3), bool))
