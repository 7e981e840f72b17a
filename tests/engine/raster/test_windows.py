"""Windows cover the grid, stay inside it, and overlap at least as asked."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.raster.grid import Grid
from engine.raster.window import Window
from engine.raster.windows import plan_windows


def grid(width, height):
    return Grid(width, height, Affine.identity(), None)


@st.composite
def plans(draw):
    size = draw(st.integers(1, 60))
    return (
        grid(draw(st.integers(1, 200)), draw(st.integers(1, 200))),
        size,
        draw(st.integers(max(0, size - 25), size - 1) | st.integers(0, size - 1)),
    )


@given(plans())
def test_every_pixel_is_covered_and_no_other(plan):
    area, size, overlap = plan
    covered = np.zeros((area.height, area.width), bool)
    for window in (window for row in plan_windows(area, size, overlap) for window in row):
        assert area.holds(window)
        covered[window.row : window.row + window.height, window.col : window.col + window.width] = 1
    assert covered.all()


@given(plans())
def test_all_windows_have_the_shape_that_the_size_and_the_grid_allow(plan):
    area, size, overlap = plan
    rows = plan_windows(area, size, overlap)
    shapes = {(window.height, window.width) for row in rows for window in row}
    assert shapes == {(min(size, area.height), min(size, area.width))}


@given(plans())
def test_neighbours_overlap_as_asked_and_evenly(plan):
    area, size, overlap = plan
    rows = plan_windows(area, size, overlap)
    for starts in ([row[0].row for row in rows], [window.col for window in rows[0]]):
        steps = np.diff(starts)
        assert (size - steps >= overlap).all()
        assert not len(steps) or steps.max() - steps.min() <= 1


@given(plans())
def test_a_row_of_windows_starts_in_one_raster_row_and_all_rows_have_the_same_columns(plan):
    rows = plan_windows(*plan)
    assert all(len({window.row for window in row}) == 1 for row in rows)
    assert len({tuple(window.col for window in row) for row in rows}) == 1


def test_a_grid_that_fits_is_one_window():
    assert plan_windows(grid(1024, 700), 1024, 256) == [[Window(0, 0, 700, 1024)]]


@pytest.mark.parametrize(("size", "overlap"), [(0, 0), (-5, 0), (64, 64), (64, -1)])
def test_impossible_plans_are_refused(size, overlap):
    with pytest.raises(InputError):
        plan_windows(grid(100, 100), size, overlap)
