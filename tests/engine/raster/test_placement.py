"""Rasters without a transform: refused with advice, or warped to where they truly lie."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import Transformer
from rasterio.control import GroundControlPoint
from rasterio.rpc import RPC
from rasterio.transform import RPCTransformer

from engine.errors import InputError, RasterError
from engine.raster.source import Source, open_source
from engine.raster.window import Window

TRUTH = Affine.translation(500_000, 5_000_000) @ Affine.rotation(-20) @ Affine.scale(2, -2)
"""The rotated 2 m pixels that the points below describe."""

BLOBS = ((30, 40), (90, 20), (100, 130))
"""Rows and columns of bright squares of 5 x 5 pixels."""


def picture():
    pixels = np.full((3, 120, 160), 60, np.uint8)
    for row, col in BLOBS:
        pixels[:, row - 2 : row + 3, col - 2 : col + 3] = 250
    return pixels


def points(crs):
    there = Transformer.from_crs(32633, crs, always_xy=True)
    return [
        GroundControlPoint(row, col, *there.transform(*(TRUTH @ (col, row))))
        for row in (0, 60, 120)
        for col in (0, 80, 160)
    ]


@pytest.fixture
def make_tied(make_raster):
    def make(crs, pixels=None, **profile):
        def setup(dataset):
            dataset.gcps = (
                points(crs or 32633),
                rasterio.CRS.from_epsg(crs) if crs else rasterio.CRS(),
            )

        return make_raster(
            picture() if pixels is None else pixels, None, None, setup=setup, **profile
        )

    return make


def warped(path, **asked):
    return open_source(Source(path, warp=True, **asked))


def whole(raster):
    return raster.read(Window(0, 0, raster.grid.height, raster.grid.width))


def bright(raster):
    """Centres of what is bright, in the CRS of the grid, from top to bottom."""
    rows, cols = np.nonzero(whole(raster).pixels[0] > 160)
    centres = []
    for row, col in zip(rows, cols, strict=True):
        near = [c for c in centres if abs(c[0][0] - row) + abs(c[0][1] - col) < 25]
        near[0].append((row, col)) if near else centres.append([(row, col)])
    means = [np.mean(blob, axis=0) + 0.5 for blob in centres]
    return [raster.grid.transform @ (col, row) for row, col in means]


@pytest.mark.parametrize("crs", [32633, 4326])
def test_control_points_place_the_pixels_where_they_lie(make_tied, crs):
    with warped(make_tied(crs)) as raster:
        assert raster.grid.crs == "EPSG:32633"  # the points' own, or their UTM zone
        assert raster.resolution == pytest.approx(2, rel=0.05)
        expected = sorted(TRUTH @ (col + 0.5, row + 0.5) for row, col in BLOBS)
        assert np.array(sorted(bright(raster))) == pytest.approx(np.array(expected), abs=1.0)


def test_what_the_warp_does_not_reach_is_not_valid(make_tied):
    with warped(make_tied(32633)) as raster:
        view = whole(raster)
        corners = [view.valid[row, col] for row in (0, -1) for col in (0, -1)]
        assert not any(corners)
        share = 120 * 160 / (raster.grid.width * raster.grid.height)
        assert view.valid.mean() == pytest.approx(share, rel=0.05)
        assert view.pixels[:, view.valid].min() >= 60


def test_nodata_stays_nodata_in_the_warp(make_tied):
    pixels = picture().astype(np.uint16) * 10
    pixels[:, :60] = 7
    with warped(make_tied(32633, pixels, nodata=7)) as raster:
        assert whole(raster).valid.sum() == pytest.approx(60 * 160, rel=0.05)


def test_extents_are_in_the_crs_of_the_warp(make_tied):
    x, y = TRUTH @ (40.5, 30.5)
    with warped(make_tied(4326), extent=(x - 20, y - 20, x + 20, y + 20)) as raster:
        assert raster.grid.extent == pytest.approx((x - 20, y - 20, x + 20, y + 20), abs=2.5)
        assert bright(raster) == [pytest.approx((x, y), abs=1)]
    with (
        pytest.raises(InputError, match="outside"),
        warped(make_tied(4326), extent=(15, 45, 16, 46)),
    ):
        pass


@pytest.mark.parametrize("crs", [32633, 32632, 4326, 3857])
def test_the_warp_may_be_onto_any_crs(make_tied, crs):
    there = Transformer.from_crs(32633, crs, always_xy=True)
    with open_source(Source(make_tied(32633), warp=f"EPSG:{crs}")) as raster:
        assert raster.grid.crs == f"EPSG:{crs}"
        assert raster.resolution == pytest.approx(2, rel=0.1)
        expected = sorted(there.transform(*(TRUTH @ (col + 0.5, row + 0.5))) for row, col in BLOBS)
        half = abs(raster.grid.transform.e) / 2
        assert np.array(sorted(bright(raster))) == pytest.approx(np.array(expected), abs=half)


def test_a_crs_that_is_none_is_no_ground_to_warp_onto(make_tied):
    source = Source(make_tied(32633), warp="EPSG:0")
    with pytest.raises(InputError, match="'EPSG:0' is not known"), open_source(source):
        pass


@pytest.mark.parametrize("asked", [{"warp": False}, {}])
def test_points_alone_are_refused_unless_a_warp_is_asked_for(make_tied, asked):
    source = Source(make_tied(32633), **asked)
    with (
        pytest.raises(RasterError, match=r"ground control points only.*Warp.*WARP, or --warp"),
        open_source(source),
    ):
        pass


def test_points_without_a_crs_are_refused_anyway(make_tied):
    with pytest.raises(RasterError, match="ground control points only"), warped(make_tied(None)):
        pass


def test_a_transform_is_not_warped(make_raster, numbered):
    with warped(make_raster(numbered, TRUTH)) as raster:
        assert raster.grid.transform == TRUTH


POLYNOMIALS = RPC(
    height_off=700, height_scale=500, lat_off=45.2, lat_scale=0.01,
    line_den_coeff=[1.0] + [0.0] * 19,
    line_num_coeff=[0.0, 0.1, -1.0, -0.3] + [0.0] * 16, line_off=60, line_scale=60,
    long_off=15.0, long_scale=0.01, samp_den_coeff=[1.0] + [0.0] * 19,
    samp_num_coeff=[0.0, 1.0, 0.1, 0.2] + [0.0] * 16, samp_off=80, samp_scale=80,
)  # fmt: skip
"""Heights move the picture: at 0 m the pixels would lie a quarter of the picture away."""


def test_polynomials_place_the_pixels_at_their_mean_height(make_raster):
    path = make_raster(
        picture(), None, None, setup=lambda dataset: setattr(dataset, "rpcs", POLYNOMIALS)
    )
    with RPCTransformer(POLYNOMIALS, RPC_HEIGHT=700) as polynomials:
        degrees = [polynomials.xy(row, col) for row, col in BLOBS]
    there = Transformer.from_crs(4326, 32633, always_xy=True)
    expected = sorted(there.transform(*at) for at in degrees)
    with warped(path) as raster:
        assert raster.grid.crs == "EPSG:32633"
        assert np.array(sorted(bright(raster))) == pytest.approx(np.array(expected), abs=10)
        assert raster.resolution == pytest.approx(12, rel=0.2)


@pytest.mark.parametrize(
    "transform",
    [
        Affine(1e300, 0, 0, 0, -1e300, 0),
        Affine(1e-9, 0, 5e5, 0, -1e-9, 5e6),
        Affine(0, 0, 5, 0, 0, 5),
    ],
    ids=["overflowing", "finer than numbers are", "flat"],
)
def test_transforms_that_cannot_tell_pixels_apart_are_refused(make_raster, numbered, transform):
    source = Source(make_raster(numbered, transform))
    with pytest.raises(RasterError, match="gives its pixels no size"), open_source(source):
        pass
