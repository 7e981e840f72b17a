"""Pixels and polygons have their true size on the ground."""

from __future__ import annotations

import numpy as np
import pyproj
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


def test_areas_are_ellipsoidal_and_holes_are_left_out():
    square = shapely.box(500_000, 5_000_000, 500_100, 5_000_100)
    ring = square.difference(shapely.box(500_025, 5_000_025, 500_075, 5_000_075))
    whole, holed = areas(np.array([square, ring]), pyproj.CRS.from_epsg(32633).to_wkt())
    assert whole == pytest.approx(10_000 / 0.9996**2, rel=1e-6)
    assert holed == pytest.approx(7_500 / 0.9996**2, rel=1e-6)


def test_the_area_of_a_degree_does_not_depend_on_the_ring_direction():
    cell = shapely.box(0, 0, 1, 1)
    wkt = pyproj.CRS.from_epsg(4326).to_wkt()
    one, other = areas(np.array([cell, cell.reverse()]), wkt)
    assert one == other == pytest.approx(1.2308e10, rel=1e-3)


def test_areas_without_a_crs_are_unknown():
    assert np.isnan(areas(np.array([shapely.box(0, 0, 1, 1)]), None)).all()
