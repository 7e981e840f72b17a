"""Resizing against plain loops over pixels."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.evaluation.resolution import prediction_at, truth_at
from engine.raster.grid import IMAGE, Grid
from engine.raster.writer import ProbabilityWriter

sides = st.integers(1, 7)
shapes = st.tuples(sides, sides)


def stored(folder: str | Path, probability: np.ndarray, valid: np.ndarray | None = None) -> Path:
    path = Path(folder, "probability.tif")
    height, width = probability.shape
    with ProbabilityWriter(path, Grid(width, height, IMAGE, None), {}) as writer:
        writer.write(0, probability, np.ones_like(probability, bool) if valid is None else valid)
    return path


def bilinear(values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Pixel centres laid over pixel centres, edges repeated."""
    (height, width), (h, w) = values.shape, shape
    resized = np.zeros(shape)
    for row in range(h):
        for col in range(w):
            y = min(max((row + 0.5) * height / h - 0.5, 0), height - 1)
            x = min(max((col + 0.5) * width / w - 0.5, 0), width - 1)
            top, left = int(y), int(x)
            bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
            above = values[top, left] * (1 - (x - left)) + values[top, right] * (x - left)
            below = values[bottom, left] * (1 - (x - left)) + values[bottom, right] * (x - left)
            resized[row, col] = above * (1 - (y - top)) + below * (y - top)
    return resized


@given(shapes.flatmap(lambda shape: arrays(bool, shape)), shapes)
def test_a_truth_takes_the_nearest_pixel(mask: np.ndarray, shape: tuple[int, int]) -> None:
    (height, width), (h, w) = mask.shape, shape
    resized = truth_at(shape, mask)
    assert resized.dtype == bool
    for row in range(h):
        for col in range(w):
            rows, cols = nearest(row, h, height), nearest(col, w, width)
            assert resized[row, col] in mask[np.ix_(rows, cols)]


def nearest(number: int, of: int, among: int) -> list[int]:
    """The pixels among others whose centre is nearest to that of a pixel: one, or two if equal."""
    distance = [abs((number + 0.5) / of - (other + 0.5) / among) for other in range(among)]
    return [other for other in range(among) if distance[other] < min(distance) + 1e-9]


@given(
    shapes.flatmap(lambda shape: arrays(np.uint8, shape, elements=st.integers(0, 254))),
    shapes,
    st.integers(1, 254),
)
def test_a_prediction_is_resized_before_it_is_decided(
    codes: np.ndarray, shape: tuple[int, int], step: int
) -> None:
    expected = bilinear(codes.astype(float), shape)
    with TemporaryDirectory() as folder:
        path = stored(folder, codes.astype(np.float32) / 254)
        found = prediction_at(shape, path, step / 254)
    certain = abs(expected - step) > 1e-5
    assert np.array_equal(found[certain], (expected >= step)[certain])


@pytest.mark.parametrize("shape", [(5, 4), (9, 11), (2, 3)])
@pytest.mark.parametrize("code", [25, 127, 200])
def test_what_is_just_enough_everywhere_stays_enough(
    tmp_path: Path, shape: tuple[int, int], code: int
) -> None:
    path = stored(tmp_path, np.full((5, 4), code / 254, np.float32))
    assert prediction_at(shape, path, code / 254).all()
    assert not prediction_at(shape, path, (code + 1) / 254).any()


@pytest.mark.parametrize("shape", [(2, 2), (6, 6)])
def test_what_was_not_seen_is_not_found(tmp_path: Path, shape: tuple[int, int]) -> None:
    valid = np.array([[True, False], [True, False]])
    path = stored(tmp_path, np.ones((2, 2), np.float32), valid)
    found = prediction_at(shape, path, 0.5)
    assert found[:, 0].all()
    assert not found[:, -1].any()
