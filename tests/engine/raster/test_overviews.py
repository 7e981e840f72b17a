"""Overviews: a coarse resolution is read from the level that serves it, not from all pixels."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.control import GroundControlPoint

from engine.raster.source import Source, open_source
from engine.raster.window import Window

PIXELS, OVERVIEW = 200, 40
"""The value of the pixels themselves and that of the overview: so one sees what was read."""

SIDE = 256
UTM = "EPSG:32633"
PLACE = Affine(1, 0, 500_000, 0, -1, 5_000_000)


@pytest.fixture
def make_pyramid(make_raster):
    """A raster of 1 m pixels with one overview, beside it."""

    def make(factor, transform=PLACE, **options):
        crs = UTM if transform else None
        path = make_raster(np.full((1, SIDE, SIDE), PIXELS, np.uint8), transform, crs, **options)
        small = np.full((1, SIDE // factor, SIDE // factor), OVERVIEW, np.uint8)
        make_raster(small, name="raster.tif.ovr", crs=None, transform=None)
        return path

    return make


def values(path, resolution, **asked):
    with open_source(Source(path, resolution=resolution, **asked)) as raster:
        view = raster.read(Window(0, 0, raster.grid.height, raster.grid.width))
    return set(view.pixels[0, view.valid].tolist())


@pytest.mark.parametrize(
    ("factor", "resolution", "expected"),
    [
        (2, None, PIXELS),
        (2, 0.5, PIXELS),
        (2, 1.5, PIXELS),
        (2, 2.0, OVERVIEW),
        (2, 9.0, OVERVIEW),
        (4, 3.0, PIXELS),
        (4, 4.0, OVERVIEW),
    ],
)
def test_the_level_that_serves_the_resolution_is_read(make_pyramid, factor, resolution, expected):
    assert values(make_pyramid(factor), resolution) == {expected}


@pytest.mark.parametrize(("resolution", "expected"), [(None, PIXELS), (2.2, OVERVIEW)])
def test_a_warp_reads_from_the_overviews_of_its_source(make_pyramid, resolution, expected):
    def tie(dataset):
        corners = [(row, col) for row in (0, SIDE) for col in (0, SIDE)]
        dataset.gcps = (
            [GroundControlPoint(r, c, 500_000 + c, 5_000_000 - r) for r, c in corners],
            rasterio.CRS.from_string(UTM),
        )

    assert values(make_pyramid(2, None, setup=tie), resolution, warp=True) == {expected}


def test_overviews_keep_what_is_not_valid(make_raster):
    pixels = np.full((1, SIDE, SIDE), 100, np.uint8)
    pixels[:, :64] = 0
    path = make_raster(pixels, nodata=0)
    with rasterio.open(path, "r+") as dataset:
        dataset.build_overviews([2, 4], rasterio.enums.Resampling.average)
    with open_source(Source(path, resolution=4)) as raster:
        view = raster.read(Window(0, 0, 64, 64))
    assert view.valid.sum(axis=1).tolist() == [0] * 16 + [64] * 48
    assert set(view.pixels[:, view.valid].ravel()) == {100}
