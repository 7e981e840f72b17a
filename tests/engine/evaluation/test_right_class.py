"""Whether a mask lies on what was named, or on something else in the image."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evaluation.right_class import RightClass
from tests.engine.evaluation.comparing import comparison, mask

SHIPS, HARBORS = mask("##.......#"), mask("....####..")


def measured(*samples: tuple[str, str, str, str]) -> tuple[float | None, int]:
    """Of samples (image, kind, category, prediction), whose truths are those above."""
    counting = RightClass()
    for image, kind, category, prediction in samples:
        truth = {"ship": SHIPS, "harbor": HARBORS, "": HARBORS}.get(category, mask("." * 10))
        about = {"image": image, "kind": kind, "category": category, "expression": "all of them"}
        counting.add(comparison(mask(prediction), truth, **about))
    return counting.accuracy(), counting.n


@pytest.mark.parametrize(
    ("prediction", "right"),
    [
        ("##........", 1),
        ("##.#.#..##", 1),
        ("##...##...", 0),
        ("....####..", 0),
        ("..........", 0),
        ("..##......", 0),
        ("##########", 0),
    ],
    ids=["on it", "mostly on it", "as much on both", "on the other", "empty", "on none", "on all"],
)
def test_the_larger_share_decides_and_nothing_is_wrong(prediction: str, right: int) -> None:
    other = ("a", "all", "harbor", "....####..")
    assert measured(("a", "all", "ship", prediction), other) == ((right + 1) / 2, 2)


def test_one_other_category_is_enough_to_be_wrong() -> None:
    counting = RightClass()
    for category, truth in (("ship", SHIPS), ("harbor", HARBORS), ("bridge", mask("..##......"))):
        about = {"image": "a", "kind": "all", "category": category}
        counting.add(comparison(mask("#.##......"), truth, **about))
    assert (counting.accuracy(), counting.n) == (pytest.approx(1 / 3), 3)


@pytest.mark.parametrize(
    "samples",
    [
        [("a", "all", "ship", "##........"), ("a", "unique", "ship", "##........")],
        [("a", "all", "ship", "##........"), ("b", "all", "harbor", "....####..")],
        [("a", "all", "ship", "##........"), ("a", "position", "harbor", "....####..")],
        [("a", "all", "ship", "##........"), ("a", "all", "bridge", "....####..")],
        [("a", "all", "ship", "##........"), ("a", "all", "", "....####..")],
    ],
    ids=["one category", "two images", "part of a category", "nothing there", "no category"],
)
def test_an_image_that_does_not_hold_two_classes_says_nothing(samples: list) -> None:
    assert measured(*samples) == (None, 0)


def test_a_bare_class_word_counts_whatever_its_kind() -> None:
    counting = RightClass()
    for category, truth in (("ship", SHIPS), ("storage_tank", HARBORS)):
        expression = category.replace("_", " ").title()
        about = {"image": "a", "category": category, "expression": expression}
        counting.add(comparison(truth, truth, **about))
    assert (counting.accuracy(), counting.n) == (1, 2)


@given(
    st.lists(st.sampled_from(["##........", "....####..", "...##....."]), min_size=4, max_size=12)
)
def test_images_are_counted_one_by_one(predictions: list[str]) -> None:
    """The share over images in a row is that of the images by themselves."""
    images = [
        (
            (str(number), "all", "ship", prediction),
            (str(number), "unique", "harbor", "....####.."),
        )
        for number, prediction in enumerate(predictions)
    ]
    alone = [measured(*image) for image in images]
    together, n = measured(*(sample for image in images for sample in image))
    assert n == sum(count for _, count in alone) == 2 * len(images)
    assert together == pytest.approx(sum(share * count for share, count in alone) / n)
