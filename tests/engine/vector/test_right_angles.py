"""Buildings get right angles; what is no building keeps its outline."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

from engine.vector.shape import Shape
from tests.engine.vector.test_shape import drawn

BUILDING = Shape(right_angles=True)
PLACES = st.tuples(st.floats(0, 90), st.floats(0, 1), st.floats(0, 1))


def rasterized(polygon):
    y, x = np.mgrid[:120, :120] + 0.5
    return shapely.contains_xy(polygon, x, y)


def placed(polygon, place):
    """Turned, and with its middle somewhere in the middle pixel."""
    angle, x, y = place
    return affinity.translate(affinity.rotate(polygon, angle), *(60 + np.array([x, y])))


def iou(first, second):
    return shapely.area(first & second) / shapely.area(first | second)


def angles(polygon):
    """Of the corners, in degrees modulo 180."""
    walls = np.diff(shapely.get_coordinates(polygon.exterior), axis=0)
    directions = np.degrees(np.arctan2(walls[:, 1], walls[:, 0]))
    return (directions - np.roll(directions, 1)) % 180


@settings(max_examples=100)
@given(st.floats(20, 60), st.floats(20, 60), PLACES)
def test_a_rectangle_has_four_right_angles_however_it_is_turned(width, height, place):
    truth = placed(shapely.box(-width / 2, -height / 2, width / 2, height / 2), place)
    [exact], [polygon] = drawn(rasterized(truth), BUILDING)
    assert angles(polygon) == pytest.approx([90] * 4)
    assert iou(polygon, exact) > 0.9


@settings(max_examples=100)
@given(st.floats(12, 28), st.floats(12, 28), PLACES)
def test_an_l_has_six(width, height, place):
    ell = shapely.box(-20, -20, 20, 20) - shapely.box(20 - width, 20 - height, 20, 20)
    truth = placed(ell, place)
    [exact], [polygon] = drawn(rasterized(truth), BUILDING)
    assert angles(polygon) == pytest.approx([90] * 6)
    assert iou(polygon, exact) > 0.9


def test_a_courtyard_stays():
    ring = shapely.box(-30, -25, 30, 25) - shapely.box(-15, -10, 12, 12)
    [_], [polygon] = drawn(rasterized(placed(ring, (20, 0, 0))), BUILDING)
    assert [len(r.coords) for r in (polygon.exterior, *polygon.interiors)] == [5, 5]


@settings(max_examples=60)
@given(st.floats(10, 55), PLACES, st.sampled_from([0, 1.5]))
def test_a_disc_keeps_its_outline(radius, place, tolerance):
    mask = rasterized(placed(shapely.Point(0, 0).buffer(radius, 64), place))
    asked = drawn(mask, Shape(simplify=tolerance, right_angles=True))[1]
    assert (asked == drawn(mask, Shape(simplify=tolerance))[1]).all()


def test_buildings_that_touch_at_a_corner_do_not_overlap():
    mask = np.zeros((60, 60), bool)
    mask[5:30, 5:30] = mask[30:50, 30:55] = True
    mask[28:30, 30:31] = False
    exact, polygons = drawn(mask, BUILDING)
    assert (polygons == exact).all()
