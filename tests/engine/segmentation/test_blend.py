"""Blending weights are a partition of unity, and rows come out as soon as they are final."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine.errors import ModelError
from engine.raster.grid import Grid
from engine.raster.windows import plan_windows
from engine.segmentation.blend import RowBlender


def plan(height, width, size, overlap):
    return plan_windows(Grid(width, height, Affine.identity(), None), size, overlap)


def cut(raster, window):
    return raster[window.row : window.row + window.height, window.col : window.col + window.width]


def blend(rows, probability, valid):
    """All bands, as one raster; they must be consecutive."""
    blender = RowBlender(rows)
    bands = []
    for window in (window for row in rows for window in row):
        band = blender.add(window, cut(probability, window), cut(valid, window))
        bands += [band] if band else []
    assert [band.row for band in bands] == list(np.cumsum([0] + [len(b.valid) for b in bands])[:-1])
    return np.concatenate([b.probability for b in bands]), np.concatenate([b.valid for b in bands])


@st.composite
def plans(draw):
    size = draw(st.integers(1, 40))
    overlap = draw(st.integers(0, size // 2))
    height, width = draw(st.integers(1, 70)), draw(st.integers(1, 70))
    return height, width, plan(height, width, size, overlap)


@given(plans(), st.floats(0, 1, width=32))
def test_a_constant_stays_constant_edges_included(shape, constant):
    height, width, rows = shape
    valid = np.ones((height, width), bool)
    blended, _ = blend(rows, np.full((height, width), constant, np.float32), valid)
    assert blended.shape == (height, width)
    assert np.abs(blended - constant).max() <= 1e-6


@given(plans(), st.data())
def test_windows_that_agree_give_the_raster_back_where_it_is_valid(shape, data):
    height, width, rows = shape
    seed = data.draw(st.integers(0, 2**32 - 1))
    raster = np.random.default_rng(seed).random((height, width), np.float32)
    valid = data.draw(arrays.arrays(bool, (height, width)))
    blended, blended_valid = blend(rows, np.where(valid, raster, np.nan), valid)
    assert (blended_valid == valid).all()
    assert np.abs(blended - raster)[valid].max(initial=0) <= 1e-6
    assert (blended[~valid] == 0).all()


def test_windows_that_disagree_meet_without_a_step():
    rows = plan(16, 96, 64, 32)
    blender = RowBlender(rows)
    left, right = rows[0]
    ones = np.ones((16, 64), bool)
    assert blender.add(left, np.zeros((16, 64), np.float32), ones) is None
    band = blender.add(right, np.ones((16, 64), np.float32), ones)
    steps = np.diff(band.probability, axis=1)
    assert (steps >= 0).all()
    assert steps.max() < 0.06
    assert (band.probability[:, :32] == 0).all()
    assert (band.probability[:, 64:] == 1).all()


def test_rows_are_given_as_soon_as_no_later_window_reaches_them():
    rows = plan(100, 40, 40, 10)
    blender = RowBlender(rows)
    finished = []
    for row in rows:
        finished.append(blender.skip(row[0]))
    following = [row[0].row for row in rows[1:]] + [100]
    assert [band.row + len(band.valid) for band in finished] == following


def test_a_skipped_window_leaves_its_pixels_invalid():
    rows = plan(10, 30, 10, 0)
    blender = RowBlender(rows)
    ones = np.ones((10, 10), np.float32)
    assert blender.add(rows[0][2], ones, ones > 0) is None
    assert blender.skip(rows[0][1]) is None
    band = blender.add(rows[0][0], ones, ones > 0)
    assert band.valid.all(axis=0).tolist() == [True] * 10 + [False] * 10 + [True] * 10


def test_probabilities_that_are_no_numbers_are_refused():
    rows = plan(10, 10, 10, 0)
    probability = np.full((10, 10), np.nan, np.float32)
    with pytest.raises(ModelError, match="not a number"):
        RowBlender(rows).add(rows[0][0], probability, np.ones((10, 10), bool))


def test_windows_out_of_turn_are_refused():
    rows = plan(30, 10, 10, 0)
    blender = RowBlender(rows)
    with pytest.raises(ValueError, match="not due"):
        blender.skip(rows[1][0])
    blender.skip(rows[0][0])
    with pytest.raises(ValueError, match="not due"):
        blender.skip(rows[0][0])
