"""Bands by name: descriptions first, then what the colours mean; doubt is refused."""

from __future__ import annotations

import numpy as np
import pytest
from rasterio.enums import ColorInterp

from engine.errors import InputError
from engine.raster.source import Source, open_source
from engine.raster.window import Window

R, G, B, NIR = ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.nir


@pytest.fixture
def named(make_raster):
    """Five bands that hold 10 times their number, with descriptions and meanings to choose by."""

    def make(descriptions, meanings=(B, G, R, NIR, NIR)):
        def setup(dataset):
            dataset.descriptions = descriptions
            dataset.colorinterp = meanings

        pixels = np.stack([np.full((4, 4), 10 * band, np.uint8) for band in range(1, 6)])
        return make_raster(pixels, setup=setup, driver="GTiff")

    return make


def pixel(path, bands):
    with open_source(Source(path, bands=bands)) as raster:
        return raster.read(Window(0, 0, 1, 1)).pixels[:, 0, 0].tolist()


NAMES = ("B02", "B03", "B04", "B08", None)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (("B04", "B03", "B02"), [30, 20, 10]),
        (("b08", " B04 ", "B03"), [40, 30, 20]),
        (("B08",), [40] * 3),
        (("red", "Green", "BLUE"), [30, 20, 10]),
        ((5, "B04", "green"), [50, 30, 20]),
    ],
)
def test_bands_are_found_by_name(named, asked, expected):
    assert pixel(named(NAMES), asked) == expected


def test_a_description_comes_before_a_meaning(named):
    assert pixel(named(("red", None, None, None, None)), ("red",)) == [10] * 3


def test_a_name_that_no_band_has_is_refused_with_those_there_are(named):
    with pytest.raises(InputError, match=r"no band named 'B11'.*1 \(B02\).*5 \(nir\)"):
        pixel(named(NAMES), ("B11",))


@pytest.mark.parametrize(("names", "asked"), [(NAMES, "nir"), (("a", "A", None, None, None), "a")])
def test_a_name_that_several_bands_have_is_refused_with_their_numbers(named, names, asked):
    with pytest.raises(InputError, match=r"several bands named.*(4, 5|1, 2).*by number"):
        pixel(named(names), (asked,))
