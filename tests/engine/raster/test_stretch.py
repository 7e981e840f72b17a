"""One stretch per raster, from its valid values, whatever part of it is read."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from rasterio.enums import Resampling

from engine.raster import stretch
from engine.raster.source import Source, open_source
from engine.raster.window import Window


def read(path, **asked):
    with open_source(Source(path, **asked)) as raster:
        return raster.stretch, raster.read(Window(0, 0, raster.grid.height, raster.grid.width))


@pytest.fixture
def slope():
    """Values 0..9999 in 100 x 100 pixels."""
    return np.arange(10_000, dtype=np.uint16).reshape(1, 100, 100)


def test_bytes_pass_unchanged(make_raster, numbered):
    ends, view = read(make_raster(numbered))
    assert ends.identity
    assert (view.pixels == numbered).all()


def test_other_types_go_from_the_2nd_to_the_98th_percentile(make_raster, slope):
    ends, view = read(make_raster(slope))
    assert (ends.low, ends.high) == ((200.0,) * 3, (9799.0,) * 3)
    expected = np.rint((np.clip(slope[0], 200.0, 9799.0) - 200) * 255 / 9599)
    assert (view.pixels == expected).all()


def test_the_stretch_does_not_change_with_the_extent(make_raster, slope):
    path = make_raster(slope)
    ends, whole = read(path)
    part_ends, part = read(path, extent=(500_010, 4_999_950, 500_030, 4_999_960))
    assert part_ends == ends
    assert (part.pixels == whole.pixels[:, 40:50, 10:30]).all()


def test_nodata_alpha_and_infinity_do_not_count(make_raster, slope):
    values = slope.astype(np.float32)
    values[0, :10] = -9999
    values[0, 10, :3] = np.nan, np.inf, -np.inf
    ends, _ = read(make_raster(values, nodata=-9999))
    assert (ends.low[0], ends.high[0]) == pytest.approx((1003 + 180, 9999 - 180), abs=2)
    alpha = np.where(slope < 5000, 0, 65535).astype(np.uint16)
    meanings = (rasterio.enums.ColorInterp.gray, rasterio.enums.ColorInterp.alpha)
    path = make_raster(
        np.concatenate([slope, alpha]), setup=lambda d: setattr(d, "colorinterp", meanings)
    )
    assert read(path)[0].low[0] == pytest.approx(5100, abs=2)


@pytest.mark.parametrize("value", [0, 7, -9999])
def test_a_constant_or_empty_raster_is_black(make_raster, value):
    _, view = read(make_raster(np.full((1, 20, 20), value, np.int16), nodata=-9999))
    assert (view.pixels == 0).all()
    assert view.valid.all() == (value != -9999)


def test_rare_values_in_a_constant_raster_stay_visible(make_raster):
    values = np.zeros((1, 100, 100), np.uint16)
    values[0, 3, 3] = 500
    _, view = read(make_raster(values))
    assert view.pixels[0].nonzero() == (np.array([3]), np.array([3]))


@pytest.mark.parametrize(
    "kind", ["int8", "int16", "uint32", "int32", "int64", "uint64", "float32", "float64"]
)
def test_the_extremes_of_every_type_become_black_and_white(make_raster, kind):
    kind = np.dtype(kind)
    limits = np.finfo(kind) if kind.kind == "f" else np.iinfo(kind)
    values = np.where(np.arange(100) < 50, limits.min, limits.max).astype(kind).reshape(1, 10, 10)
    _, view = read(make_raster(values))
    assert (view.pixels[0, :5] == 0).all()
    assert view.valid.all()
    if kind != np.float64:  # its range is no float64 itself
        assert (view.pixels[0, 5:] == 255).all()


def test_bands_are_stretched_each_on_its_own(make_raster, slope):
    ends, view = read(make_raster(np.concatenate([slope, slope * 2, slope * 3])))
    assert ends.high == (9799.0, 2 * 9799.0, 3 * 9799.0)
    assert (view.pixels[0] == view.pixels[1]).all()


def test_overviews_are_used(make_raster, slope, monkeypatch):
    path = make_raster(np.tile(slope, (1, 6, 6)), tiled=True, blockxsize=64, blockysize=64)
    with rasterio.open(path, "r+") as dataset:
        dataset.build_overviews([4], Resampling.nearest)
        overview = dataset.read(1, out_shape=(150, 150))
    with rasterio.open(path, "r+") as dataset:
        dataset.write(np.zeros((1, 600, 600), np.uint16))  # the overview keeps what it had
    monkeypatch.setattr(stretch, "SAMPLE_PIXELS", 150 * 150)
    assert read(path)[0].high[0] == np.percentile(overview, 98, method="nearest")


def test_large_rasters_without_overviews_are_sampled_everywhere(make_raster, monkeypatch):
    monkeypatch.setattr(stretch, "WHOLE_PIXELS", 1000)
    monkeypatch.setattr(stretch, "PATCH", 8)
    values = np.tile(np.arange(400, dtype=np.uint16), (1, 300, 1))
    ends, _ = read(make_raster(values))
    assert (ends.low[0], ends.high[0]) == pytest.approx((8, 391), abs=8)


def test_data_that_all_patches_miss_is_found(make_raster, monkeypatch):
    monkeypatch.setattr(stretch, "WHOLE_PIXELS", 1000)
    monkeypatch.setattr(stretch, "PATCH", 1)
    values = np.zeros((1, 400, 400), np.uint16)
    values[0, 5:20, 5:20] = np.arange(1, 226).reshape(15, 15)
    ends, _ = read(make_raster(values, nodata=0))
    assert (ends.low[0], ends.high[0]) == pytest.approx((5, 221), abs=3)


@pytest.mark.parametrize(("bits", "top"), [(1, 1), (2, 3), (4, 15), (7, 127)])
def test_bytes_of_fewer_bits_fill_the_range(make_raster, bits, top):
    values = np.array([[[0, top]]], np.uint8)
    path = make_raster(values, nbits=bits, photometric="minisblack")
    _, view = read(path)
    assert view.pixels[0].tolist() == [[0, 255]]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_scale_and_offset_change_the_picture_only_where_they_turn_it_round(make_raster, dtype):
    values = np.arange(200, dtype=dtype).reshape(1, 10, 20)

    def scaled(scale):
        def setup(dataset):
            dataset.scales, dataset.offsets = (scale,), (-7.0,)

        return read(make_raster(values, setup=setup))[1].pixels.astype(int)

    plain = read(make_raster(values))[1].pixels
    assert (scaled(0.001) == plain).all()
    assert (scaled(-0.5) == 255 - plain).all()


FILLS = [
    ("uint16", 65535, True),
    ("uint16", 0, False),
    ("int16", -32768, True),
    ("int16", -9999, True),
    ("int32", 2147483647, True),
    ("float32", -3.4028234663852886e38, True),
    ("float32", -3.4e38, True),
    ("float32", -9999, True),
    ("float64", -1.7976931348623157e308, True),
    ("float64", 1e20, True),
]


@pytest.mark.parametrize("rows", [5, 23, 90])
@pytest.mark.parametrize(("kind", "value", "apart"), FILLS)
def test_a_fill_that_nobody_declares_is_named_and_does_not_ruin_the_stretch(
    make_raster, kind, value, apart, rows
):
    values = np.random.default_rng(0).integers(200, 4000, (1, 100, 100)).astype(kind)
    values[0, :rows] = np.array(value, kind)
    ends, view = read(make_raster(values))
    if not apart and rows < 10:
        assert ends.fills == ()  # as of shadows
        return
    (fill,) = ends.fills
    assert (fill.band, fill.value) == (1, float(np.array(value, kind)))
    assert fill.share == rows / 100
    assert view.valid.all()
    assert (ends.low[0], ends.high[0]) == pytest.approx((276, 3924), abs=40)


def test_two_fills_are_both_named(make_raster):
    values = np.random.default_rng(0).integers(200, 4000, (1, 100, 100)).astype(np.float32)
    values[0, :30], values[0, 30:50] = -1e38, 1e38
    ends, _ = read(make_raster(values))
    assert [(fill.value < 0, fill.share) for fill in ends.fills] == [(True, 0.3), (False, 0.2)]
    assert (ends.low[0], ends.high[0]) == pytest.approx((276, 3924), abs=40)


def test_fills_beyond_each_other_are_all_named(make_raster):
    values = np.arange(10_000, dtype=np.float32).reshape(1, 100, 100)
    values[0, :20], values[0, 20:30] = -3.4e38, -9999
    ends, _ = read(make_raster(values))
    assert [round(fill.share, 9) for fill in ends.fills] == [0.2, 0.1]
    assert ends.low[0] > 0


def test_what_fills_one_band_is_left_out_of_all_so_that_colours_stay(make_raster):
    values = np.random.default_rng(0).integers(200, 4000, (3, 100, 100)).astype(np.uint16)
    values[1] *= 4  # now not far from what fills all three
    values[:, :6] = 20_000
    ends, _ = read(make_raster(values))
    assert {(fill.band, fill.value, fill.share) for fill in ends.fills} == {
        (band, 20_000, 0.06) for band in (1, 2, 3)
    }
    assert ends.high == pytest.approx((3924, 4 * 3924, 3924), abs=160)


@pytest.mark.parametrize(
    "values",
    [
        np.arange(10_000),
        np.minimum(np.arange(10_000), 9000),
        np.arange(10_000) % 2 * 65535,
        np.arange(10_000) % 7 * 1000,
        np.where(np.arange(10_000) < 150, 65535, np.arange(10_000)),
    ],
    ids=["a slope", "saturated", "a mask", "classes", "rare"],
)
def test_what_is_no_fill_is_not_called_one(make_raster, values):
    ends, _ = read(make_raster(values.astype(np.uint16).reshape(1, 100, 100)))
    assert ends.fills == ()


def test_a_fill_that_is_told_is_none(make_raster):
    values = np.random.default_rng(0).integers(200, 4000, (1, 100, 100)).astype(np.uint16)
    values[0, :23] = 65535
    path = make_raster(values)
    ends, view = read(path, nodata=((65535, 65535),))
    assert ends.fills == ()
    assert ends.high[0] < 4000
    assert (view.valid == (values[0] != 65535)).all()
