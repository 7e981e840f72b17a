"""Pixels and polygons have their true size on the ground."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from affine import Affine
from rasterio.crs import CRS

from engine.raster.grid import Grid
from engine.raster.ground import areas, pixel_size


def size(epsg, x, y, pixel, rotation=0.0):
    transform = Affine.translation(x, y) @ Affine.rotation(rotation) @ Affine.scale(pixel, -pixel)
    return pixel_size(Grid(10, 10, transform, CRS.from_epsg(epsg)))


def test_a_national_grid_keeps_its_nominal_metres():
    assert size(32633, 500_000, 5_000_000, 0.5) == (0.5, 0.5)


@pytest.mark.parametrize("epsg", [2263, 2229])
def test_us_survey_feet_are_converted(epsg):
    assert size(epsg, 1_000_000, 200_000, 1) == pytest.approx((0.3048006096, 0.3048006096))


def test_degrees_are_measured_at_the_centre():
    width, height = size(4326, 13, 60, 0.001)
    assert width == pytest.approx(55.8, rel=0.002)
    assert height == pytest.approx(111.4, rel=0.002)


def test_web_mercator_is_measured_on_the_ground():
    width, height = size(3857, 1_500_000, 8_399_738, 1)  # at 60 degrees north
    assert (width, height) == pytest.approx((0.5, 0.5), rel=0.01)


def test_rotation_does_not_change_the_size():
    assert size(32633, 500_000, 5_000_000, 2, rotation=33) == pytest.approx((2, 2))


def test_without_a_crs_or_a_place_on_earth_the_size_is_unknown():
    assert pixel_size(Grid(10, 10, Affine.identity(), None)) is None
    assert size(4326, 500, 500, 1) is None


def grid(epsg):
    """Pixels two units wide and high."""
    return Grid(10, 10, Affine(2, 0, 0, 0, -2, 0), epsg and CRS.from_epsg(epsg))


def test_areas_are_ellipsoidal_and_holes_are_left_out():
    square = shapely.box(500_000, 5_000_000, 500_100, 5_000_100)
    ring = square.difference(shapely.box(500_025, 5_000_025, 500_075, 5_000_075))
    whole, holed = areas(np.array([square, ring]), grid(32633))
    assert whole == pytest.approx(10_000 / 0.9996**2, rel=1e-6)
    assert holed == pytest.approx(7_500 / 0.9996**2, rel=1e-6)


def test_the_area_of_a_degree_does_not_depend_on_the_ring_direction():
    cell = shapely.box(0, 0, 1, 1)
    one, other = areas(np.array([cell, cell.reverse()]), grid(4326))
    assert one == other == pytest.approx(1.2308e10, rel=1e-3)


def test_areas_without_a_crs_are_unknown_unless_the_size_of_a_pixel_is_told():
    polygons = np.array([shapely.box(0, 0, 4, 4), shapely.box(0, 0, 2, 4)])
    assert np.isnan(areas(polygons, grid(None))).all()
    assert areas(polygons, grid(None), 0.3) == pytest.approx([4 * 0.09, 2 * 0.09])


def test_a_crs_is_believed_before_a_told_size():
    square = np.array([shapely.box(500_000, 5_000_000, 500_100, 5_000_100)])
    assert areas(square, grid(32633), 7.0) == areas(square, grid(32633))
