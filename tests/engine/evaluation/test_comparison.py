"""Comparisons of painted images, by a model that sees exactly what was painted."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from affine import Affine

from engine.errors import InputError
from engine.evaluation.comparison import Comparison, compare
from engine.evaluation.protocols import OURS, PROTOCOLS, Protocol, choose
from engine.evaluation.resolution import truth_at
from tests.engine.evaluation.comparing import mask, sample
from tests.engine.painting import Graded, Oracle, painted, truth, write

SQUARE = mask("""
    ..........
    .####.....
    .####.....
    .####.....
    ..........
    ..........
""")


def one(protocol: Protocol, model: Oracle | None = None, **about: object) -> Comparison:
    (found,) = compare([sample(**about)], model or Oracle(), 0.5, protocol)
    return found


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_is_painted_is_found_whatever_its_size(tmp_path: Path, protocol: str) -> None:
    """The image is larger than a window of the model, but is looked at as one view."""
    image = write(tmp_path / "a.tif", painted(truth()))
    found = one(choose(protocol), truth=truth(), image=image)
    if protocol == "lavt":
        assert found.prediction.shape == found.truth.shape == (480, 480)
        assert np.array_equal(found.truth, truth_at((480, 480), truth()))
        assert found.iou > 0.9
    else:
        assert np.array_equal(found.prediction, truth())
        assert np.array_equal(found.truth, truth())
        assert found.iou == 1


def test_the_model_s_probability_is_resized_and_not_its_mask(tmp_path: Path) -> None:
    """Between 1 and 0.2 the middle is 0.6: enough, while the nearest mask would be undecided."""
    pixels = np.zeros((3, 1, 2), np.uint8)
    pixels[0] = [[255, 51]]
    image = write(tmp_path / "a.tif", pixels)
    found = one(choose("lavt", 3), Graded(), truth=np.array([[True, False]]), image=image)
    assert found.prediction.tolist() == [[True, True, False]] * 3


@pytest.mark.parametrize(("protocol", "iou"), [("ours", 1.0), ("rsrefseg", 1.0), ("lavt", 12 / 16)])
def test_ignored_pixels_count_for_nothing_but_in_the_lavt_family(
    tmp_path: Path, protocol: str, iou: float
) -> None:
    wider = SQUARE.copy()
    wider[1:5, 1:5] = True
    image = write(tmp_path / "a.tif", painted(wider))
    side = 60 if protocol == "lavt" else None
    about = {"truth": SQUARE, "ignored": wider & ~SQUARE, "image": image}
    assert one(choose(protocol, side), **about).iou == pytest.approx(iou, abs=0.03)


def test_only_ignored_pixels_are_an_empty_union(tmp_path: Path) -> None:
    image = write(tmp_path / "a.tif", painted(SQUARE))
    about = {"truth": SQUARE, "ignored": SQUARE, "image": image}
    assert one(OURS, **about).iou == 1
    assert math.isnan(one(choose("rsrefseg"), **about).iou)


def test_an_image_finer_than_the_model_wants_is_compared_at_its_own_size(tmp_path: Path) -> None:
    fine = Affine(0.02, 0, 500_000, 0, -0.02, 5_000_000)
    image = write(tmp_path / "a.tif", painted(truth()), fine)
    assert one(OURS, truth=truth(), image=image).iou > 0.5


def test_sentences_on_one_image_cost_one_look_at_it(tmp_path: Path) -> None:
    class Counting(Oracle):
        looks = 0

        def encode(self, view, resolution=None):
            self.looks += 1
            return super().encode(view, resolution)

    model = Counting()
    pixels = painted(truth())
    pixels[1, 100:, 120:] = 250
    image = write(tmp_path / "a.tif", pixels)
    samples = [sample(truth(), image, text) for text in ("the red one", "the green one")]
    found = list(compare(samples, model, 0.5, OURS))
    assert [comparison.iou for comparison in found] == [1, 0]
    assert found[1].prediction.sum() == 30 * 30
    assert model.looks == 1, "an image is one view, however large"


@pytest.mark.parametrize("what", ["mask", "ignored part"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_mask_of_another_size_than_its_image_is_named(
    tmp_path: Path, what: str, protocol: str
) -> None:
    image = write(tmp_path / "a.tif", painted(SQUARE))
    wrong = SQUARE[:, 1:]
    about = {"truth": wrong} if what == "mask" else {"truth": SQUARE, "ignored": wrong}
    message = f"refs.jsonl, line 3: the {what} of “the ship” is 9 x 6 pixels, .*a.tif is 10 x 6"
    with pytest.raises(InputError, match=message):
        one(choose(protocol), image=image, **about)
