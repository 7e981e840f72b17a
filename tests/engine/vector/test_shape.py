"""However objects are drawn: valid, apart, near their pixels, the same wherever bands are cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from rasterio.crs import CRS
from scipy import ndimage

from engine.errors import InputError
from engine.raster.grid import Grid
from engine.vector import outlines
from engine.vector.drawing import draw, reach
from engine.vector.neighbours import surrounded
from engine.vector.polygons import objects
from engine.vector.shape import EXACT, Shape

SHAPES = st.builds(
    Shape,
    simplify=st.sampled_from([0.0, 0.5, 1.0, 1.5, 3.0, 10.0]),
    right_angles=st.booleans(),
)


@st.composite
def masks(draw):
    """Noise, blocks, and both: bool `(h, w)`, 1 to 36 pixels a side."""
    size = draw(st.integers(1, 4))
    side = st.integers(1, 9 if size > 1 else 20)
    coarse = draw(arrays.arrays(bool, st.tuples(side, side)))
    fine = np.kron(coarse, np.ones((size, size), bool))
    specks = draw(st.lists(st.tuples(*(st.integers(0, n - 1) for n in fine.shape)), max_size=8))
    for speck in specks:
        fine[speck] ^= True
    return fine


def drawn(mask, shape, cuts=()):
    """The exact and the drawn polygons, in order of the exact ones."""
    codes = mask.astype(np.uint8) * 200
    edges = [0, *sorted(cuts), len(mask)]
    bands = [(start, codes[start:end]) for start, end in pairwise(edges)]
    exact, result = [], []
    for near in surrounded(outlines.trace(bands, 0.5), (1, 1), reach(shape)):
        exact += list(near.polygons)
        result += list(draw(near, shape))
    order = np.argsort(shapely.to_wkt(exact))
    return np.array(exact, object)[order], np.array(result, object)[order]


def overlap(polygons):
    """The largest area that two of them share."""
    first, second = shapely.STRtree(polygons).query(polygons)
    first, second = first[first < second], second[first < second]
    return shapely.area(shapely.intersection(polygons[first], polygons[second])).max(initial=0)


@settings(max_examples=300)
@given(masks(), SHAPES)
def test_polygons_are_valid_and_none_overlaps_another(mask, shape):
    exact, result = drawn(mask, shape)
    assert all(type(polygon) is shapely.Polygon for polygon in result)
    assert shapely.is_valid(result).all()
    assert (shapely.area(result) > 0).all()
    assert (shapely.get_num_interior_rings(result) == shapely.get_num_interior_rings(exact)).all()
    assert overlap(result) < 1e-9


CROWDS = {
    "soft noise": lambda noise, x, y: ndimage.gaussian_filter(noise, 1.5) > 0.02,
    "hard noise": lambda noise, x, y: ndimage.gaussian_filter(noise, 0.6) > 0.1,
    "cut apart": lambda noise, x, y: (x * 0.9 + y * 0.4) % 7 > 1.2 + 0.1 * noise,
    "threads": lambda noise, x, y: np.hypot(x - 60, y + 20) % 12 < 1.3,
    "curves": lambda noise, x, y: np.hypot(x - 60, y + 20) % 5 > 1.1,
}


@pytest.mark.parametrize("tolerance", [0.7, 1.5, 4.0])
@pytest.mark.parametrize("crowd", CROWDS)
def test_in_a_crowd_all_stay_apart(crowd, tolerance):
    x, y = np.meshgrid(np.arange(150), np.arange(150))
    mask = CROWDS[crowd](np.random.default_rng(1).normal(size=(150, 150)), x, y)
    exact, result = drawn(mask, Shape(simplify=tolerance), (40, 41, 90))
    assert len(result) > 10
    assert shapely.is_valid(result).all()
    assert overlap(result) < 1e-9
    assert (shapely.get_num_interior_rings(result) == shapely.get_num_interior_rings(exact)).all()


@settings(max_examples=150)
@given(masks(), SHAPES, st.data())
def test_the_result_does_not_depend_on_where_bands_are_cut(mask, shape, data):
    cuts = data.draw(st.sets(st.integers(1, len(mask) - 1))) if len(mask) > 1 else ()
    assert (drawn(mask, shape, cuts)[1] == drawn(mask, shape)[1]).all()


@settings(max_examples=100)
@given(masks(), st.sampled_from([0.0, 0.5, 1.5, 4.0]))
def test_simplified_outlines_stay_within_the_tolerance_and_at_0_as_they_are(mask, tolerance):
    exact, result = drawn(mask, Shape(simplify=tolerance))
    assert (shapely.hausdorff_distance(exact, result) <= tolerance + 1e-9).all()
    if not tolerance:
        assert (exact == result).all()


@settings(max_examples=60)
@given(
    masks(),
    SHAPES,
    st.floats(0, 12),
    st.sampled_from(
        [
            Affine.translation(5e5, 5e6) @ Affine.rotation(33) @ Affine.scale(0.3, -0.3),
            Affine(1 / 3, 0, 500_000.1, 0, -1 / 3, 5_000_000.7),
        ]
    ),
)
def test_the_laws_hold_in_the_coordinates_that_are_written(mask, shape, minimum, transform):
    codes = mask.astype(np.uint8) * 200
    grid = Grid(*mask.shape[::-1], transform, CRS.from_epsg(32633))
    written, exact = (
        [
            pair
            for part in objects(outlines.trace([(0, codes)], 0.5), grid, asked)
            for pair in zip(*part, strict=True)
        ]
        for asked in (Shape(minimum, shape.simplify, shape.right_angles), EXACT)
    )
    pixel = abs(transform.determinant)
    sizes = [outline.pixels * pixel / 0.9996**2 for outline, _ in exact]
    assert len(written) == sum(size >= minimum * (1 + 1e-9) for size in sizes)
    polygons = np.array([polygon for _, polygon in written], object)
    assert shapely.is_valid(polygons).all()
    # Coordinates of millions have nine digits behind the point.
    assert overlap(polygons) < 1e-7


def test_a_speck_near_a_long_outline_keeps_no_more_of_it_than_what_is_near():
    y, x = np.mgrid[:100, :200]
    mask = y > 20 + x / 4
    alone = drawn(mask, Shape(simplify=1.5))[1]
    mask[60, 190] = True
    polygons = drawn(mask, Shape(simplify=1.5))[1]
    assert len(alone[0].exterior.coords) == 5
    assert len(polygons) == 2
    assert max(len(polygon.exterior.coords) for polygon in polygons) < 15


def test_a_small_hole_keeps_no_corner_of_the_outline():
    y, x = np.mgrid[:100, :200]
    mask = (y > 20 + x / 4) & (x < 180)
    [_], [solid] = drawn(mask, Shape(simplify=1.5))
    mask[90, 50] = False
    [_], [pierced] = drawn(mask, Shape(simplify=1.5))
    assert pierced.exterior.equals(solid.exterior)
    assert shapely.Polygon(pierced.interiors[0]).equals(shapely.box(50, 90, 51, 91))


def test_a_giant_and_what_it_surrounds_are_simplified_together():
    """Rings within rings, cut into single rows: everything waits for, or is near, something."""
    y, x = np.mgrid[:120, :120] - 59.5
    mask = (np.hypot(x, y) // 6 % 2 == 0) & (np.hypot(x, y) < 60)
    exact, result = drawn(mask, Shape(simplify=1.5), range(1, 120))
    assert len(result) == 5
    assert overlap(result) < 1e-9
    fewer = shapely.get_num_coordinates(result).sum() / shapely.get_num_coordinates(exact).sum()
    assert fewer < 0.3


@pytest.mark.parametrize(
    "values",
    [
        {"minimum_area": -1},
        {"simplify": float("nan")},
        {"simplify": "much"},
        {"simplify": True},
        {"right_angles": 1},
        {"roundness": 3},
    ],
)
def test_a_shape_that_makes_no_sense_is_refused(values):
    with pytest.raises(InputError, match=next(iter(values))):
        Shape.from_dict(values)
