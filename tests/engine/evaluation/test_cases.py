"""Which cases are looked at."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.data.formats.jsonl import decode_mask
from engine.evaluation.cases import Case, Cases
from tests.engine.evaluation.comparing import comparison

PIXELS = 10


def chosen(samples: list[tuple[int, int]], count: int = 3) -> tuple[list[Case], list[Case]]:
    """The cases of samples (image, tenths of IoU)."""
    cases = Cases(count)
    for image, tenths in samples:
        truth = np.ones((1, PIXELS), bool)
        prediction = np.arange(PIXELS)[None] < tenths
        cases.add(comparison(prediction, truth, image=f"{image}.png"))
    return cases.best_and_worst()


samples = st.lists(st.tuples(st.integers(0, 9), st.integers(0, PIXELS)), max_size=60)


@given(samples)
def test_half_at_most_is_best_and_half_worst_and_no_case_is_both(samples: list) -> None:
    best, worst = chosen(samples)
    assert len(best) == min(3, (len(samples) + 1) // 2)
    assert len(worst) <= min(3, len(samples) // 2)
    numbers = [case.number for case in (*best, *worst)]
    assert len(set(numbers)) == len(numbers)
    assert all(low.iou <= high.iou for low in worst for high in best)


@given(st.lists(st.integers(0, PIXELS), min_size=6))
def test_of_different_images_the_highest_and_the_lowest_are_chosen(tenths: list[int]) -> None:
    best, worst = chosen(list(enumerate(tenths)))
    ious = sorted(each / PIXELS for each in tenths)
    assert [case.iou for case in worst] == ious[:3]
    assert [case.iou for case in best] == ious[:-4:-1]


@given(samples)
def test_an_image_is_shown_by_its_best_and_after_all_images_come_the_others(samples: list) -> None:
    best, _ = chosen(samples)
    of_images = {image: max(t for i, t in samples if i == image) for image, _ in samples}
    others = sorted((tenths for _, tenths in samples), reverse=True)
    for tenths in of_images.values():
        others.remove(tenths)
    expected = [*sorted(of_images.values(), reverse=True), *others]
    assert [case.iou * PIXELS for case in best] == expected[: len(best)]


@given(samples)
def test_one_image_is_shown_twice_only_when_there_are_too_few(samples: list) -> None:
    best, _ = chosen(samples)
    images = {image for image, _ in samples}
    assert len({case.image for case in best}) == min(len(best), len(images))


def test_of_equals_the_one_with_more_at_stake_comes_first_and_then_the_earlier_one() -> None:
    cases = Cases(1)
    nothing = np.zeros((1, 8), bool)
    for image, pixels in (("small", 2), ("large", 5), ("later", 5), ("right", 0)):
        prediction = np.arange(8)[None] < pixels
        truth = np.ones((1, 8), bool) if image == "right" else nothing
        cases.add(comparison(truth if image == "right" else prediction, truth, image=image))
    best, worst = cases.best_and_worst()
    assert [case.image.name for case in (*best, *worst)] == ["right", "large"]


def test_a_case_carries_its_masks_and_an_empty_sheet_carries_none() -> None:
    truth, prediction = np.eye(5, dtype=bool), np.tri(5, dtype=bool)
    cases = Cases(6)
    nothing = np.zeros((5, 5), bool)
    cases.add(comparison(nothing, nothing))
    assert cases.best_and_worst() == ([], [])
    cases.add(comparison(prediction, truth))
    ((case,), worst) = cases.best_and_worst()
    assert np.array_equal(decode_mask(case.truth), truth)
    assert np.array_equal(decode_mask(case.prediction), prediction)
    assert (case.number, worst) == (1, [])
