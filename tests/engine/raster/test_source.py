"""What is asked for is what is read: extents, bands, resolutions, areas, and honest refusals."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pyproj
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.enums import ColorInterp
from rasterio.rpc import RPC

from engine.errors import EngineError, InputError, RasterError
from engine.raster.grid import IMAGE, Grid
from engine.raster.source import Source, open_source
from engine.raster.window import Window
from engine.raster.windows import plan_windows

TRANSFORMS = {
    "north-up": Affine(0.3, 0, 500_000, 0, -0.3, 5_000_000),
    "south-up": Affine(0.3, 0, 500_000, 0, 0.3, 5_000_000),
    "rotated": Affine.translation(500_000, 5_000_000) @ Affine.rotation(30) @ Affine.scale(2, -2),
    "sheared": Affine(1, 0.2, 500_000, 0.1, -1, 5_000_000),
    "degrees": Affine(1 / 3600, 0, 13.3, 0, -1 / 3600, 52.5),
    "identity": Affine.identity(),
    "nearly identity": Affine(1, 0, 1e-9, 0, 1, 1e-9),
    "image": None,
}


def everything(raster):
    return raster.read(Window(0, 0, raster.grid.height, raster.grid.width))


def all_of(path, **asked):
    with open_source(Source(path, **asked)) as raster:
        return everything(raster)


# The request


@pytest.mark.parametrize(
    "source",
    [
        Source("a.tif"),
        Source("a.tif", (0.5, 1, 2, 3), (3, 2, 1), 0.25, "POLYGON ((0 0, 1 0, 1 1, 0 0))"),
        Source("a.tif", bands=("nir", 2, "B04"), warp=True, name="aerial image"),
        Source("a.tif", crs="EPSG:32633", pixel_size=0.3, declared_nodata=False),
        Source("a.tif", nodata=((0, 0), (-1e308, -9e30, 2)), stretch=((0, 4e3), (5, 6), (7, 1))),
    ],
)
def test_a_source_survives_json(source):
    assert Source.from_dict(json.loads(json.dumps(source.to_dict()))) == source


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"path": 7},
        {"path": ""},
        {"path": "a.tif", "extend": [0, 0, 1, 1]},
        {"path": "a.tif", "extent": [0, 0, 1]},
        {"path": "a.tif", "extent": "0,0,1,1"},
        {"path": "a.tif", "extent": [0, 0, 1, float("nan")]},
        {"path": "a.tif", "extent": [0, 0, float("inf"), 1]},
        {"path": "a.tif", "extent": [0, 0, 10**400, 1]},
        {"path": "a.tif", "extent": [1, 0, 0, 1]},
        {"path": "a.tif", "extent": [0, 0, 1, 0]},
        {"path": "a.tif", "bands": [1, 2]},
        {"path": "a.tif", "bands": [0]},
        {"path": "a.tif", "bands": [True]},
        {"path": "a.tif", "bands": 1},
        {"path": "a.tif", "bands": ["nir", ""]},
        {"path": "a.tif", "bands": [1.0]},
        {"path": "a.tif", "warp": 1},
        {"path": "a.tif", "warp": ""},
        {"path": "a.tif", "name": 5},
        {"path": "a.tif", "resolution": 0},
        {"path": "a.tif", "resolution": float("nan")},
        {"path": "a.tif", "resolution": "1"},
        {"path": "a.tif", "area": "POLYGON ((0 0, 1"},
        {"path": "a.tif", "area": "POINT (0 0)"},
        {"path": "a.tif", "area": "POLYGON EMPTY"},
        {"path": "a.tif", "area": 5},
        {"path": "a.tif", "crs": 32633},
        {"path": "a.tif", "crs": " "},
        {"path": "a.tif", "pixel_size": 0},
        {"path": "a.tif", "pixel_size": "0.3"},
        {"path": "a.tif", "pixel_size": 1e300},
        {"path": "a.tif", "resolution": 1e300},
        {"path": "a.tif", "nodata": 0},
        {"path": "a.tif", "nodata": [0]},
        {"path": "a.tif", "nodata": [[1, 0]]},
        {"path": "a.tif", "nodata": [[0, float("inf")]]},
        {"path": "a.tif", "nodata": [[0, 0, 0]]},
        {"path": "a.tif", "nodata": [[0, 0, "red"]]},
        {"path": "a.tif", "declared_nodata": 0},
        {"path": "a.tif", "stretch": []},
        {"path": "a.tif", "stretch": [0, 255]},
        {"path": "a.tif", "stretch": [[0, 255], [0, 255]]},
        {"path": "a.tif", "stretch": [[7, 7]]},
    ],
)
def test_requests_without_sense_are_refused(wrong):
    with pytest.raises(InputError):
        Source.from_dict(wrong)


def test_an_unknown_setting_is_named():
    with pytest.raises(InputError, match="extend"):
        Source.from_dict({"path": "a.tif", "extend": None})


# Extents


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
@given(data=st.data())
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_pixel_read_lies_where_the_file_has_it(make_raster, numbered, transform, data):
    degrees = transform is TRANSFORMS["degrees"]
    crs = None if transform is None else "EPSG:4326" if degrees else "EPSG:32633"
    path = make_raster(numbered, transform, crs)
    transform = transform or IMAGE
    whole = Grid(50, 60, transform, None)
    row, col = data.draw(st.integers(0, 59)), data.draw(st.integers(0, 49))
    window = Window(
        row, col, data.draw(st.integers(1, 60 - row)), data.draw(st.integers(1, 50 - col))
    )
    with open_source(Source(path, extent=whole.part(window).extent)) as raster:
        rows, cols = everything(raster).pixels[:2].astype(int)
        for r in (0, raster.grid.height - 1):
            for c in (0, raster.grid.width - 1):
                there = raster.grid.transform @ (c + 0.5, r + 0.5)
                assert there == pytest.approx(transform @ (cols[r, c] + 0.5, rows[r, c] + 0.5))
        inside = (rows >= row) & (rows < row + window.height)
        inside &= (cols >= col) & (cols < col + window.width)
        assert inside.sum() == window.height * window.width
        if transform.is_rectilinear:
            assert inside.all()


def test_an_extent_grows_to_whole_pixels_but_not_for_noise(make_raster, numbered):
    path = make_raster(numbered)
    with open_source(Source(path, (500_010.4, 4_999_979.6, 500_020.2, 4_999_990.5))) as raster:
        assert raster.grid.extent == (500_010, 4_999_979, 500_021, 4_999_991)
    noise = 5e-7
    asked = (500_010 - noise, 4_999_980 - noise, 500_020 + noise, 4_999_990 + noise)
    with open_source(Source(path, asked)) as raster:
        assert raster.grid.extent == (500_010, 4_999_980, 500_020, 4_999_990)


def test_an_extent_below_a_pixel_is_that_pixel(make_raster, numbered):
    view = all_of(make_raster(numbered), extent=(500_010.4, 4_999_980.2, 500_010.5, 4_999_980.3))
    assert view.pixels[:2].tolist() == [[[19]], [[10]]]


def test_an_extent_is_cut_at_the_border(make_raster, numbered):
    with open_source(Source(make_raster(numbered), (0, 0, 500_010, 1e9))) as raster:
        assert raster.grid.extent == (500_000, 4_999_940, 500_010, 5_000_000)


def test_an_extent_outside_is_refused_with_both_extents(make_raster, numbered):
    asked = (400_000.0, 4_000_000.0, 400_100.0, 4_000_100.0)
    with (
        pytest.raises(InputError, match=r"400000\.0.*500000\.0, 4999940\.0"),
        open_source(Source(make_raster(numbered), asked)),
    ):
        pass


# Areas


def test_pixels_outside_the_area_are_not_valid_and_black(make_raster, numbered):
    area = "POLYGON ((500010 4999990, 500020 4999990, 500020 4999980, 500010 4999990))"
    view = all_of(make_raster(numbered + 1), area=area, extent=(500_000, 4_999_940, 500_050, 5e6))
    assert view.valid.shape == (60, 50)
    assert view.valid[10:20, 10:20].sum() == pytest.approx(50, abs=6)
    assert view.valid.sum() == view.valid[10:20, 10:20].sum()
    assert ((view.pixels == 0) == ~view.valid).all()


def test_a_window_of_an_area_is_a_part_of_the_whole(make_raster, numbered):
    area = shapely.Point(500_025, 4_999_970).buffer(17).wkt
    with open_source(Source(make_raster(numbered), area=area)) as raster:
        whole, part = everything(raster).valid, raster.read(Window(9, 3, 20, 13)).valid
    assert (part == whole[9:29, 3:16]).all()
    assert not part.all()


def test_an_area_alone_is_also_the_extent(make_raster, numbered):
    area = shapely.box(500_010, 4_999_980, 500_020, 4_999_985).wkt
    with open_source(Source(make_raster(numbered), area=area)) as raster:
        assert raster.grid.extent == (500_010, 4_999_980, 500_020, 4_999_985)
        assert everything(raster).valid.all()


@pytest.mark.parametrize("name", ["south-up", "rotated", "identity", "image"])
def test_areas_follow_the_transform(make_raster, numbered, name):
    transform = TRANSFORMS[name]
    placed = transform or IMAGE
    square = [placed @ at for at in ((10, 20), (30, 20), (30, 25), (10, 25))]
    path = make_raster(numbered, transform, None)
    with open_source(Source(path, area=shapely.Polygon(square).wkt)) as raster:
        view = everything(raster)
    rows, cols = view.pixels[:2, view.valid]
    assert sorted(zip(rows, cols, strict=True)) == [
        (r, c) for r in range(20, 25) for c in range(10, 30)
    ]


@pytest.mark.parametrize("extent", [None, (500_000, 4_999_980, 500_010, 4_999_990)])
def test_an_area_elsewhere_is_refused(make_raster, numbered, extent):
    area = shapely.box(400_020, 4_999_980, 400_030, 4_999_985).wkt
    with pytest.raises(InputError, match="area"):
        all_of(make_raster(numbered), area=area, extent=extent)


# Bands


def interpret(*meanings):
    return lambda dataset: setattr(dataset, "colorinterp", meanings)


GREY, ALPHA = ColorInterp.gray, ColorInterp.alpha
R, G, B, OTHER = ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.undefined


@pytest.mark.parametrize(
    ("meanings", "expected"),
    [
        ([R, G, B], (1, 2, 3)),
        ([B, G, R, OTHER], (3, 2, 1)),
        ([ALPHA, R, G, B], (2, 3, 4)),
        ([GREY, OTHER, OTHER, OTHER], (1, 2, 3)),
        ([GREY, OTHER, ALPHA], (1, 1, 1)),
        ([GREY, ALPHA], (1, 1, 1)),
        ([GREY, OTHER], (1, 1, 1)),
        ([GREY], (1, 1, 1)),
    ],
)
def test_natural_colours(make_raster, meanings, expected):
    pixels = np.stack([np.full((4, 4), 10 * (n + 1), np.uint8) for n in range(len(meanings))])
    path = make_raster(pixels, setup=interpret(*meanings))
    with open_source(Source(path)) as raster:
        assert raster.bands == expected
        assert everything(raster).pixels[:, 0, 0].tolist() == [10 * band for band in expected]


@pytest.mark.parametrize(("asked", "expected"), [((2,), [20] * 3), ((4, 1, 2), [40, 10, 20])])
def test_bands_as_asked(make_raster, asked, expected):
    pixels = np.stack([np.full((4, 4), 10 * (n + 1), np.uint8) for n in range(4)])
    assert all_of(make_raster(pixels), bands=asked).pixels[:, 0, 0].tolist() == expected


def test_a_missing_band_is_refused_with_those_that_exist(make_raster, numbered):
    path = make_raster(numbered, setup=interpret(R, G, B))
    with pytest.raises(InputError, match=r"no band 4.*1 \(red\), 2 \(green\), 3 \(blue\)"):
        all_of(path, bands=(1, 2, 4))


def test_a_colour_table_becomes_colours(make_raster):
    colours = {0: (255, 0, 0, 255), 1: (0, 99, 0, 255), 2: (0, 0, 7, 255)}
    path = make_raster(
        np.array([[[0, 1, 2]]], np.uint8), setup=lambda dataset: dataset.write_colormap(1, colours)
    )
    assert all_of(path).pixels[:, 0].T.tolist() == [[255, 0, 0], [0, 99, 0], [0, 0, 7]]


@pytest.mark.parametrize(
    ("alpha", "valid", "pixel"), [(0, False, [0, 0, 0]), (255, True, [9, 8, 7])]
)
def test_transparent_colours_of_a_table_are_not_valid(tmp_path, alpha, valid, pixel):
    path = tmp_path / "palette.vrt"
    path.write_text(f"""
        <VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand dataType="Byte" band="1">
        <ColorInterp>Palette</ColorInterp>
        <ColorTable><Entry c1="9" c2="8" c3="7" c4="{alpha}"/></ColorTable>
        </VRTRasterBand></VRTDataset>""")
    view = all_of(str(path))
    assert view.valid.tolist() == [[valid]]
    assert view.pixels[:, 0, 0].tolist() == pixel


# Validity


def test_nodata_is_not_valid_where_all_bands_have_it(make_raster):
    pixels = np.array([[[0, 0, 5]], [[0, 9, 5]], [[0, 9, 5]]], np.uint8)
    view = all_of(make_raster(pixels, nodata=0))
    assert view.valid.tolist() == [[False, True, True]]
    assert view.pixels[:, 0, 1].tolist() == [0, 9, 9]


def test_every_band_has_its_own_nodata(make_raster, tmp_path):
    pixels = np.array([[[1, 9, 1, 9]], [[2, 2, 9, 9]], [[3, 3, 3, 9]]], np.uint8)
    bands = "".join(
        f"""<VRTRasterBand dataType="Byte" band="{band}"><NoDataValue>{band}</NoDataValue>
        <SimpleSource><SourceFilename>{make_raster(pixels)}</SourceFilename>
        <SourceBand>{band}</SourceBand></SimpleSource></VRTRasterBand>"""
        for band in (1, 2, 3)
    )
    path = tmp_path / "nodata.vrt"
    path.write_text(f'<VRTDataset rasterXSize="4" rasterYSize="1">{bands}</VRTDataset>')
    view = all_of(str(path))
    assert view.valid.tolist() == [[False, True, True, True]]
    assert view.pixels[:, 0, 1].tolist() == [9, 2, 3]


def test_a_mask_and_an_overview_of_it_count(make_raster):
    mask = np.zeros((64, 64), np.uint8)
    mask[:, 32:] = 255
    path = make_raster(np.full((3, 64, 64), 7, np.uint8), setup=lambda d: d.write_mask(mask))
    with rasterio.open(path, "r+") as dataset:
        dataset.build_overviews([2, 4])
    view = all_of(path, resolution=4)
    assert view.valid.sum(axis=0).tolist() == [0] * 8 + [16] * 8


def test_transparent_pixels_are_not_valid_and_black(make_raster):
    pixels = np.array([[[7, 7]], [[7, 7]], [[7, 7]], [[0, 255]]], np.uint8)
    view = all_of(make_raster(pixels, setup=interpret(R, G, B, ALPHA)))
    assert view.valid.tolist() == [[False, True]]
    assert view.pixels[0].tolist() == [[0, 7]]


def test_a_mask_beside_the_file_counts(make_raster):
    mask = np.array([[0, 255, 255]], np.uint8)
    path = make_raster(np.full((3, 1, 3), 7, np.uint8), setup=lambda d: d.write_mask(mask))
    assert all_of(path).valid.tolist() == [[False, True, True]]


def test_values_that_are_no_numbers_are_not_valid(make_raster):
    pixels = np.array([[[1, np.nan, 3, np.inf, 5]]], np.float32)
    view = all_of(make_raster(pixels))
    assert view.valid.tolist() == [[True, False, True, False, True]]
    assert view.pixels[0].tolist() == [[0, 0, 128, 0, 255]]


# Resolution


def test_a_raster_keeps_its_pixels_unless_it_is_much_finer_than_needed(make_raster, numbered):
    path = make_raster(numbered, TRANSFORMS["north-up"])
    for finest, width, resolution in ((None, 50, 0.3), (0.5, 50, 0.3), (0.75, 20, 0.75)):
        with open_source(Source(path), finest) as raster:
            assert (raster.grid.width, raster.resolution) == (width, pytest.approx(resolution))


@pytest.mark.parametrize("resolution", [0.7, 3.1, 0.11])
def test_resampling_covers_the_same_ground(make_raster, numbered, resolution):
    extent = (500_003.0, 4_999_985.5, 500_012.9, 4_999_994.2)
    path = make_raster(numbered, TRANSFORMS["north-up"])
    with open_source(Source(path, extent)) as raster:
        own = raster.grid
    with open_source(Source(path, extent, resolution=resolution)) as raster:
        assert raster.grid.extent == pytest.approx(own.extent, abs=1e-6)
        assert raster.grid.width == round(own.width * 0.3 / resolution)
        assert raster.resolution == pytest.approx(resolution, rel=0.1)
        assert raster.grid.crs == own.crs


@pytest.mark.parametrize("resolution", [0.7, 0.13])
def test_a_window_of_a_resampled_raster_is_a_part_of_the_whole(make_raster, resolution):
    pixels = np.random.default_rng(0).integers(0, 255, (3, 130, 90), np.uint8)
    path = make_raster(pixels, TRANSFORMS["north-up"], tiled=True, blockxsize=16, blockysize=16)
    with open_source(Source(path, resolution=resolution)) as raster:
        whole = everything(raster)
        for window in (w for row in plan_windows(raster.grid, 33, 7) for w in row):
            view = raster.read(window)
            there = np.s_[
                window.row : window.row + window.height, window.col : window.col + window.width
            ]
            assert (view.pixels == whole.pixels[:, *there]).all()
            assert (view.valid == whole.valid[there]).all()


def test_coarser_pixels_are_means_of_the_valid_ones(make_raster):
    pixels = np.full((1, 40, 40), 100, np.uint8)
    pixels[:, ::2] = 50
    pixels[:, :20] = 0
    view = all_of(make_raster(pixels, nodata=0), resolution=4)
    assert view.valid.sum(axis=1).tolist() == [0] * 5 + [10] * 5
    assert set(view.pixels[:, view.valid].ravel()) == {75}


def test_a_resolution_in_metres_holds_for_degrees_and_feet(make_raster, numbered):
    with open_source(
        Source(make_raster(numbered, TRANSFORMS["degrees"], "EPSG:4326"), resolution=20)
    ) as raster:
        assert raster.resolution == pytest.approx(20, rel=0.02)
        assert raster.grid.height == pytest.approx(60 * 30.9 / 20, abs=1)
        assert raster.grid.width == pytest.approx(50 * 18.9 / 20, abs=1)
    feet = make_raster(numbered, Affine(1, 0, 1e6, 0, -1, 2e5), "EPSG:2263")
    with open_source(Source(feet)) as raster:
        assert raster.resolution == pytest.approx(0.3048, rel=1e-4)


@pytest.mark.parametrize("name", ["image", "identity", "north-up", "south-up", "rotated"])
def test_without_a_crs_the_resolution_is_what_the_analyst_tells(make_raster, numbered, name):
    path = make_raster(numbered, TRANSFORMS[name], None)
    with open_source(Source(path), finest=100) as raster:
        assert (raster.resolution, raster.grid.width) == (None, 50)
    with open_source(Source(path, pixel_size=0.3)) as raster:
        assert (raster.resolution, raster.grid.width) == (pytest.approx(0.3), 50)
    with open_source(Source(path, pixel_size=0.3), finest=0.75) as raster:
        assert (raster.resolution, raster.grid.width) == (pytest.approx(0.75), 20)
    with open_source(Source(path, pixel_size=0.3, resolution=0.6)) as raster:
        assert (raster.resolution, raster.grid.width) == (pytest.approx(0.6), 25)
    with open_source(Source(path, resolution=0.3)) as raster:
        assert (raster.resolution, raster.grid.width) == (pytest.approx(0.3), 50)
    with open_source(Source(path, resolution=0.3), finest=0.75) as raster:
        assert (raster.resolution, raster.grid.width) == (pytest.approx(0.75), 20)


def test_a_crs_is_believed_before_a_told_size(make_raster, numbered):
    with open_source(Source(make_raster(numbered), pixel_size=7)) as raster:
        assert raster.resolution == 1


@pytest.mark.parametrize("resolution", [100.0, 1e-4, 1e-300, 1e300])
def test_absurd_resolutions_are_refused(make_raster, numbered, resolution):
    with pytest.raises(InputError, match="resolution"):
        all_of(make_raster(numbered), resolution=resolution)


# Refusals


def test_ground_control_points_alone_are_refused_with_advice(make_raster, numbered):
    points = [
        GroundControlPoint(r, c, 13 + c / 1e3, 52 - r / 1e3) for r in (0, 60) for c in (0, 50)
    ]
    path = make_raster(
        numbered, None, None, setup=lambda d: setattr(d, "gcps", (points, "EPSG:4326"))
    )
    with pytest.raises(RasterError, match="Warp it first"):
        all_of(path)


def test_rational_polynomials_alone_are_refused_with_advice(make_raster, numbered):
    one = [1.0] + [0.0] * 19
    rpc = RPC(0, 1, 52, 1, one, one, 30, 60, 13, 1, one, one, 25, 50)
    path = make_raster(numbered, None, None, setup=lambda d: setattr(d, "rpcs", rpc))
    with pytest.raises(RasterError, match=r"RPC.*Warp it first"):
        all_of(path)


def test_complex_numbers_are_refused(make_raster):
    with pytest.raises(RasterError, match="complex"):
        all_of(make_raster(np.ones((1, 4, 4), np.complex64)))


@pytest.mark.parametrize("content", [None, b"", b"no raster", b"II*\0"])
def test_files_that_are_no_rasters_are_named(tmp_path, content):
    path = tmp_path / "plan.tif"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RasterError, match=r"plan\.tif cannot be read"):
        all_of(str(path))


@pytest.mark.parametrize(
    ("content", "advice"),
    [(b"SIMPLE  =                    T", "as a GeoTIFF"), (None, "there and whole")],
    ids=["FITS", "missing"],
)
def test_a_format_without_a_driver_is_to_be_converted(tmp_path, content, advice):
    path = tmp_path / "scene.fits"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RasterError, match=rf"scene\.fits cannot be read.*{advice}"):
        all_of(str(path))


def test_a_truncated_file_is_an_error_not_black_pixels(make_raster, tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (3, 300, 300), np.uint8)
    path = make_raster(noise, tiled=True, compress="deflate")
    whole = (tmp_path / "raster.tif").read_bytes()
    (tmp_path / "raster.tif").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RasterError, match=r"raster\.tif cannot be read"):
        all_of(path)


def test_a_tiny_file_that_claims_a_huge_block_is_refused(tmp_path):
    path = tmp_path / "huge.tif"
    claim = {"width": 600_000_000, "height": 1, "count": 1, "dtype": "uint8"}
    place = {"crs": "EPSG:3857", "transform": Affine(1, 0, 9, 0, -1, 9)}
    with rasterio.open(path, "w", **claim, **place, compress="deflate", sparse_ok=True):
        pass
    assert path.stat().st_size < 1000
    with pytest.raises(RasterError, match="TILED=YES"), open_source(Source(str(path))):
        pass


def test_a_file_with_inner_rasters_names_them(tmp_path, numbered):
    path = tmp_path / "two.gpkg"
    for name, append in (("a", False), ("b", True)):
        profile = {"raster_table": name, "append_subdataset": append}
        with rasterio.open(
            path, "w", driver="GPKG", width=50, height=60, count=3, dtype="uint8", crs="EPSG:3857",
            transform=Affine(1, 0, 0, 0, -1, 60), **profile,
        ) as dataset:  # fmt: skip
            dataset.write(numbered)
    with pytest.raises(RasterError, match="Choose one of GPKG"):
        all_of(str(path))


def test_errors_of_whoever_uses_the_raster_pass_unchanged(make_raster, numbered):
    with pytest.raises(ValueError, match="mine"), open_source(Source(make_raster(numbered))):
        raise ValueError("mine")


def test_a_window_beyond_the_grid_is_refused(make_raster, numbered):
    with (
        open_source(Source(make_raster(numbered))) as raster,
        pytest.raises(ValueError, match="not within"),
    ):
        raster.read(Window(50, 0, 20, 20))


# The CRS, threads, and the summary


CUSTOM = pyproj.CRS("+proj=tmerc +lat_0=45 +lon_0=15.1 +k=0.9999 +x_0=4e5 +ellps=bessel +units=m")


@pytest.mark.parametrize("own", [None, "EPSG:3857", "EPSG:4326"])
@pytest.mark.parametrize("told", ["EPSG:32633", CUSTOM.to_wkt(), "EPSG:32633+5773"])
def test_the_analysts_crs_is_believed_before_the_files(make_raster, numbered, own, told):
    path = make_raster(numbered, TRANSFORMS["north-up"], own)
    with open_source(Source(path, crs=told)) as raster:
        assert raster.grid.crs == CRS.from_string(told.removesuffix("+5773"))
        assert raster.grid.transform == TRANSFORMS["north-up"]
        assert raster.resolution == pytest.approx(0.3, rel=1e-3)
        assert (everything(raster).pixels == numbered).all()


def test_a_crs_that_is_none_is_refused(make_raster, numbered):
    with pytest.raises(InputError, match="'EPSG:0' is not known"):
        all_of(make_raster(numbered), crs="EPSG:0")


@pytest.mark.parametrize("crs", ["EPSG:5773", "EPSG:4978"])
def test_a_crs_of_heights_or_of_space_is_refused(make_raster, numbered, crs):
    with pytest.raises(InputError, match=f"'{crs}' is one of heights or of space"):
        all_of(make_raster(numbered), crs=crs)


def test_an_extent_that_is_too_small_for_the_model_is_not_called_a_resolution(
    make_raster, numbered
):
    with (
        pytest.raises(InputError, match=r"less than a pixel that the model can look at \(0.3 m\)"),
        open_source(Source(make_raster(numbered, None, None), pixel_size=1e-6), finest=0.3),
    ):
        pass


def test_heights_in_the_crs_are_left_out(make_raster, numbered):
    with open_source(Source(make_raster(numbered, crs="EPSG:32633+5773"))) as raster:
        assert raster.grid.crs == "EPSG:32633"


def test_many_threads_read_the_same(make_raster):
    pixels = np.random.default_rng(0).integers(0, 9999, (3, 400, 400), np.uint16)
    path = make_raster(pixels, tiled=True, blockxsize=64, blockysize=64, compress="deflate")
    with open_source(Source(path)) as raster, ThreadPoolExecutor(8) as pool:
        windows = [window for row in plan_windows(raster.grid, 100, 30) for window in row]
        alone = [raster.read(window).pixels for window in windows]
        together = list(pool.map(lambda window: raster.read(window).pixels, windows * 3))
    assert all((one == other).all() for one, other in zip(alone * 3, together, strict=True))


def test_the_description_says_what_is_read(make_raster, numbered):
    with open_source(Source(make_raster(numbered), bands=(2,))) as raster:
        assert raster.description == "50 x 60 pixels, 1 m a pixel, band 2, 8 bit, unchanged"


@given(
    extent=st.tuples(*[st.floats(allow_nan=True)] * 4) | st.none(),
    resolution=st.floats() | st.none(),
    bands=st.lists(st.integers(-1, 5), max_size=4) | st.none(),
)
@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_whatever_is_asked_gives_a_raster_or_an_error_of_ours(
    make_raster, numbered, extent, resolution, bands
):
    path = make_raster(numbered)
    asked = {
        "path": path,
        "extent": extent and list(extent),
        "resolution": resolution,
        "bands": bands,
    }
    with suppress(EngineError), open_source(Source.from_dict(asked)) as raster:
        assert raster.read(Window(0, 0, 1, 1)).pixels.shape == (3, 1, 1)
