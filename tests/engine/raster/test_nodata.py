"""What an analyst says is no data is none: in every band, type and resolution, and in stretches."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine

from engine.raster import nodata as module
from engine.raster.source import Source, open_source
from engine.raster.window import Window
from engine.raster.windows import plan_windows

TYPES = ("uint8", "uint16", "int16", "int32", "float32", "float64")
HOLE = np.zeros((60, 50), bool)
HOLE[:20, :25] = True


def everything(raster):
    return raster.read(Window(0, 0, raster.grid.height, raster.grid.width))


def all_of(path, **asked):
    with open_source(Source(path, **asked)) as raster:
        return everything(raster)


def picture(kind, value, bands=3):
    """Pixels of 10 to 109 with a hole of one value."""
    pixels = np.random.default_rng(0).integers(10, 110, (bands, 60, 50)).astype(kind)
    return np.where(HOLE, np.array(value, kind), pixels)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("end", ["min", "max"])
def test_a_told_value_is_as_one_the_file_declares(make_raster, kind, end):
    limits = np.iinfo(kind) if np.dtype(kind).kind in "iu" else np.finfo(kind)
    value = float(getattr(limits, end)) / (1 if np.dtype(kind).itemsize < 8 else 2)
    pixels = picture(kind, value)
    told = all_of(make_raster(pixels), nodata=((value, value),))
    declared = all_of(make_raster(pixels, name="declared.tif", nodata=value))
    assert (told.valid == ~HOLE).all()
    assert (told.pixels == declared.pixels).all()


@pytest.mark.parametrize("resolution", [2.0, 4.7, 0.4])
@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
def test_a_told_value_has_no_part_in_means(make_raster, monkeypatch, kind, resolution):
    monkeypatch.setattr(module, "PIXELS_AT_ONCE", 500)
    pixels = picture(kind, 255)
    told = all_of(make_raster(pixels), nodata=((255, 255),), resolution=resolution)
    declared = all_of(make_raster(pixels, name="declared.tif", nodata=255), resolution=resolution)
    assert (told.valid == declared.valid).all()
    # Means of whole numbers are rounded before the stretch, where the file declares it.
    assert np.abs(told.pixels.astype(int) - declared.pixels).max() <= 3


def test_a_window_is_a_part_of_the_whole_where_values_are_told(make_raster):
    path = make_raster(picture("uint16", 65535), Affine(0.3, 0, 5e5, 0, -0.3, 5e6))
    source = Source(path, nodata=((65535, 65535),), resolution=0.7)
    with open_source(source) as raster:
        whole = everything(raster)
        for window in (w for row in plan_windows(raster.grid, 11, 3) for w in row):
            rows = slice(window.row, window.row + window.height)
            cols = slice(window.col, window.col + window.width)
            assert (raster.read(window).pixels == whole.pixels[:, rows, cols]).all()


def test_a_value_may_hold_for_one_band_and_ranges_for_all(make_raster):
    pixels = np.array([[[5, 5, 1, 9]], [[5, 9, 2, 9]], [[5, 9, 3, 9]]], np.uint8)
    path = make_raster(pixels)
    assert all_of(path, nodata=((5, 5, 1),)).valid.tolist() == [[True, True, True, True]]
    assert all_of(path, nodata=((1, 5),)).valid.tolist() == [[False, True, False, True]]
    assert all_of(
        path, nodata=((1, 1), (2, 3), (5, 5, 2), (5, 5, 1), (5, 5, 3))
    ).valid.tolist() == [[False, True, False, True]]


def test_told_and_declared_nodata_hold_together(make_raster):
    pixels = np.array([[[0, 7, 9]]] * 3, np.uint8)
    path = make_raster(pixels, nodata=0)
    assert all_of(path).valid.tolist() == [[False, True, True]]
    assert all_of(path, nodata=((7, 7),)).valid.tolist() == [[False, False, True]]


def test_a_declared_nodata_may_be_a_value(make_raster):
    pixels = np.array([[[0, 7, 9]]] * 3, np.uint8)
    view = all_of(make_raster(pixels, nodata=0), declared_nodata=False)
    assert view.valid.all()
    view = all_of(make_raster(pixels, nodata=0), declared_nodata=False, nodata=((9, 9),))
    assert view.valid.tolist() == [[True, True, False]]


def test_a_mask_holds_whatever_is_told_of_values(make_raster):
    mask = np.array([[0, 255, 255]], np.uint8)
    path = make_raster(np.array([[[1, 2, 3]]] * 3, np.uint8), setup=lambda d: d.write_mask(mask))
    view = all_of(path, declared_nodata=False, nodata=((3, 3),))
    assert view.valid.tolist() == [[False, True, False]]


def test_a_told_stretch_takes_the_place_of_the_measured(make_raster):
    pixels = np.array([[[0, 1000, 2000, 4000]]] * 3, np.uint16)
    view = all_of(make_raster(pixels), stretch=((1000, 2000),))
    assert view.pixels[0].tolist() == [[0, 0, 255, 255]]
    view = all_of(make_raster(pixels), stretch=((0, 4000), (4000, 0), (0, 2000)))
    assert view.pixels[:, 0].tolist() == [[0, 64, 128, 255], [255, 191, 128, 0], [0, 128, 255, 255]]
