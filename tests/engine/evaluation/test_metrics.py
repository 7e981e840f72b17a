"""Metrics against plain loops over pixels, as each protocol is written down."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.evaluation.metrics import ReferringMetrics
from engine.evaluation.protocols import OURS, PROTOCOLS

LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9)
IGNORED = 255


def by_hand(protocol: str, samples: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, float | None]:
    """All metrics of predictions and labels, where a label of 255 is ignored."""
    ious, intersections, unions, nothing = [], 0, 0, {True: [], False: []}
    for prediction, label in samples:
        intersection = union = meant = found = 0
        for predicted, value in zip(prediction.flat, label.flat, strict=True):
            if value == IGNORED and protocol != "lavt":
                continue
            meant += value == 1
            found += predicted
            intersection += predicted and value == 1
            union += predicted or value == 1
        if union:
            ious.append(intersection / union)
        else:
            ious.append({"ours": 1.0, "lavt": 0.0, "rsrefseg": math.nan}[protocol])
        intersections, unions = intersections + intersection, unions + union
        nothing[meant == 0].append(found == 0)
    averaged = [iou for iou in ious if not math.isnan(iou)]
    mean = sum(averaged) / len(averaged) if averaged else 0.0
    reached = {
        f"Pr@{level}": sum(iou > level if protocol == "rsrefseg" else iou >= level for iou in ious)
        / len(ious)
        for level in LEVELS
    }
    return {
        **reached,
        "oIoU": intersections / unions if unions else mean,
        "mIoU": mean,
        "n": len(ious),
        "no_target_accuracy": np.mean(nothing[True]) if nothing[True] else None,
        "no_target_n": len(nothing[True]),
        "target_answered_nothing": np.mean(nothing[False]) if nothing[False] else None,
        "target_n": len(nothing[False]),
    }


# Few pixels, so that empty masks and IoUs of exactly 0.5 or 0.6 come up.
pairs = st.tuples(st.integers(1, 3), st.integers(1, 5)).flatmap(
    lambda shape: st.tuples(
        arrays(bool, shape), arrays(np.uint8, shape, elements=st.sampled_from([0, 1, IGNORED]))
    )
)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@given(samples=st.lists(pairs, min_size=1, max_size=6))
def test_the_numbers_are_those_of_plain_loops(protocol: str, samples: list) -> None:
    metrics = ReferringMetrics(PROTOCOLS[protocol])
    for prediction, label in samples:
        metrics.add(prediction, label == 1, label == IGNORED)
    found = {**metrics.summary(), **metrics.no_target()}
    assert found == pytest.approx(by_hand(protocol, samples), abs=1e-6)


@pytest.mark.parametrize(("protocol", "share"), [("ours", 1), ("lavt", 1), ("rsrefseg", 0)])
def test_exactly_half_counts_for_precision_at_half_where_the_protocol_says_so(
    protocol: str, share: int
) -> None:
    metrics = ReferringMetrics(PROTOCOLS[protocol])
    assert metrics.add(np.array([[True, True]]), np.array([[True, False]])) == 0.5
    assert metrics.summary()["Pr@0.5"] == share


@pytest.mark.parametrize(("protocol", "mean"), [("ours", 0.75), ("lavt", 0.25), ("rsrefseg", 0.5)])
def test_a_right_nothing_counts_as_right_as_wrong_or_not_at_all(protocol: str, mean: float) -> None:
    nothing = np.zeros((1, 2), bool)
    metrics = ReferringMetrics(PROTOCOLS[protocol])
    metrics.add(nothing, nothing)
    metrics.add(np.array([[True, True]]), np.array([[True, False]]))
    assert metrics.summary()["mIoU"] == mean


def test_nothing_is_told_apart_from_something_by_itself() -> None:
    nothing, something = np.zeros((2, 2), bool), np.ones((2, 2), bool)
    metrics = ReferringMetrics()
    for prediction, truth in (
        (nothing, nothing),
        (something, nothing),
        (something, nothing),
        (nothing, something),
        (something, something),
    ):
        metrics.add(prediction, truth)
    assert metrics.no_target() == {
        "no_target_accuracy": pytest.approx(1 / 3),
        "no_target_n": 3,
        "target_answered_nothing": 0.5,
        "target_n": 2,
    }
    assert metrics.summary()["mIoU"] == pytest.approx(2 / 5)


def test_no_samples_give_no_numbers_but_no_error() -> None:
    metrics = ReferringMetrics(OURS)
    assert set(metrics.summary().values()) == {0}
    assert metrics.no_target()["no_target_accuracy"] is None


def test_masks_of_different_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(2, 2\) cannot be compared with \(2, 3\)"):
        ReferringMetrics().add(np.zeros((2, 2), bool), np.zeros((2, 3), bool))
