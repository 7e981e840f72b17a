"""Stretch: from values to the 0..255 that models see, the same for every window and extent."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from rasterio.windows import Window as RasterioWindow

from engine.errors import RasterError
from engine.raster.nodata import NoData

PERCENTILES = (2.0, 98.0)
SAMPLE_PIXELS = 2**20
"""How many pixels the percentiles are taken from."""

WHOLE_PIXELS = 2**26
"""The largest raster without overviews that is decimated; larger ones give spread patches."""

PATCHES, PATCH = 16, 64
"""Patches along each side, and their side in pixels."""

PATCH_BYTES = 2**31
"""The most that the blocks under the patches may unpack to: large blocks get fewer patches."""

SEARCHED_PIXELS = 2**29
"""The largest raster without overviews that is searched whole where the patches hold nothing."""

MUCH = 0.02
"""The share of a band from which on one value would be an end of its stretch."""

VARIED = 16
"""How many other values there have to be: with fewer, a band is of classes, not of a picture."""

FILLED = 0.1
"""The share of a band from which on a value that is near the others may be a fill."""

DECLARED_ELSEWHERE = (-9999.0, -99999.0)
"""What programs like to fill with where the type has no better value."""

Ends = tuple[float, float, float]


@dataclass(frozen=True)
class Fill:
    """An extreme value that much of a band is filled with, and that its file does not declare.

    Attributes:
        band: its number.
        value: as stored.
        share: of the band's valid pixels.
    """

    band: int
    value: float
    share: float


@dataclass(frozen=True)
class Stretch:
    """What becomes 0 (`low`) and what becomes 255 (`high`) in red, green and blue.

    Attributes:
        fills: values that look like nodata that nobody has declared.
    """

    low: Ends
    high: Ends
    fills: tuple[Fill, ...] = ()

    @property
    def identity(self) -> bool:
        """Whether bytes pass unchanged."""
        return self == IDENTITY

    @property
    def description(self) -> str:
        """A few words for the analyst."""
        if self.identity:
            return "8 bit, unchanged"
        ends = [f"{low:.6g}..{high:.6g}" for low, high in zip(self.low, self.high, strict=True)]
        return "stretched from " + ", ".join(dict.fromkeys(ends))

    def apply(self, values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        """Values `(3, h, w)` of any real type as bytes; what is no number becomes 0."""
        if self.identity and values.dtype == np.uint8:
            return values
        low, high = (np.array(ends)[:, None, None] for ends in (self.low, self.high))
        with np.errstate(all="ignore"):
            scale = np.where(high != low, 255 / (high - low), 0)
            within = np.clip(values, np.minimum(low, high), np.maximum(low, high))
            scaled = (within - low) * scale
        stretched: npt.NDArray[np.uint8] = (
            np.rint(np.nan_to_num(scaled)).clip(0, 255).astype(np.uint8)
        )
        return stretched


IDENTITY = Stretch((0.0, 0.0, 0.0), (255.0, 255.0, 255.0))


def measure(dataset: Any, bands: tuple[int, int, int], nodata: NoData) -> Stretch:
    """The stretch of an open dataset's bands: identity for 8 bits, else percentiles of all of it.

    Bytes that say that they hold fewer bits are stretched over those. Nodata, masked pixels and
    values that are no finite numbers do not count. Where the percentiles coincide, the extremes
    take their place; a constant band becomes 0. A band's scale and offset change nothing, as long
    as the scale is positive; a negative one turns dark and bright round. A value that looks like a
    fill is left out of the percentiles, and stays a value.

    Raises:
        RasterError: a vast raster without overviews that holds no values wherever it was looked at.
    """
    samples = {band: _sampled(dataset, band, nodata) for band in sorted(set(bands))}
    fills = [fill for band, values in samples.items() for fill in _fills(dataset, band, values)]
    fills += list(_elsewhere(samples, fills))
    ends = {}
    for band, values in samples.items():
        known = [fill.value for fill in fills if fill.band == band]
        low, high = _ends(dataset, band, values[~np.isin(values, known)])
        ends[band] = (high, low) if dataset.scales[band - 1] < 0 else (low, high)
    red, green, blue = (ends[band] for band in bands)
    return Stretch((red[0], green[0], blue[0]), (red[1], green[1], blue[1]), tuple(fills))


def _is_bytes(dataset: Any, band: int) -> bool:
    return bool(dataset.dtypes[band - 1] == "uint8")


def _sampled(dataset: Any, band: int, nodata: NoData) -> npt.NDArray[np.float64]:
    """Values of a band, `(n,)`; none of bytes, which pass unchanged."""
    return np.empty(0) if _is_bytes(dataset, band) else _sample(dataset, band, nodata)


def _ends(dataset: Any, band: int, values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """What becomes black and white of a band with such values, fills apart."""
    if _is_bytes(dataset, band):
        bits = dataset.tags(band, ns="IMAGE_STRUCTURE").get("NBITS", "8")
        return (0.0, 2.0 ** int(bits) - 1 if bits in set("1234567") else 255.0)
    if not len(values):
        return (0.0, 0.0)
    # The nearest value that occurs: interpolating between the extremes of float64 would overflow.
    low, high = np.percentile(values, PERCENTILES, method="nearest")
    if low == high:
        low, high = values.min(), values.max()
    return (float(low), float(high))


def _fills(dataset: Any, band: int, values: npt.NDArray[np.float64]) -> list[Fill]:
    """What looks like a fill in a band."""
    fills: list[Fill] = []
    total, kind = len(values), dataset.dtypes[band - 1]
    # Mosaics have several, one beyond the other.
    while len(values) and (found := _outermost(values, total, band, kind)):
        fills += found
        values = values[~np.isin(values, [fill.value for fill in found])]
    return fills


def _elsewhere(
    samples: dict[int, npt.NDArray[np.float64]], fills: Sequence[Fill]
) -> Iterator[Fill]:
    """Fills of one band in those where they are not as far from the others, but as much of it.

    A roof that is left out of two bands of three would give the whole picture another colour.
    """
    for band, values in samples.items():
        own = {fill.value for fill in fills if fill.band == band}
        rest = values[~np.isin(values, list(own))]
        if len(rest) and rest.min() < rest.max():
            for value in {rest.min(), rest.max()} & {fill.value for fill in fills}:
                share = float(np.mean(values == value))
                if share >= MUCH:
                    yield Fill(band, float(value), share)


def _outermost(values: npt.NDArray[np.float64], total: int, band: int, kind: str) -> list[Fill]:
    """The smallest and the largest of values, where they look like a fill of so many in all."""
    extremes = {float(values.min()), float(values.max())}
    shares = {value: float(np.sum(values == value)) / total for value in extremes}
    if max(shares.values()) < MUCH:
        return []
    inner = values[~np.isin(values, list(extremes))]
    if len(np.unique(inner)) < VARIED:
        return []
    low, high = np.percentile(inner, PERCENTILES, method="nearest")
    fills = []
    for value, share in sorted(shares.items()):
        apart = max(low - value, value - high) > high - low
        usual = share >= FILLED and value in _usual(kind)
        if share >= MUCH and (apart or usual):
            fills.append(Fill(band, value, share))
    return fills


def _usual(kind: str) -> tuple[float, ...]:
    """What a type's pixels are filled with where there is nothing."""
    limits = np.iinfo(kind) if np.issubdtype(kind, np.integer) else np.finfo(kind)
    return (0.0, float(limits.min), float(limits.max), *DECLARED_ELSEWHERE)


def _sample(dataset: Any, band: int, nodata: NoData) -> npt.NDArray[np.float64]:
    """Valid values from all over a band, `(n,)`."""
    if dataset.overviews(band) or dataset.width * dataset.height <= WHOLE_PIXELS:
        return _decimated(dataset, band, nodata)
    height, width = min(PATCH, dataset.height), min(PATCH, dataset.width)
    count = _patches(dataset, band)
    rows = np.linspace(0, dataset.height - height, count, dtype=int)
    cols = np.linspace(0, dataset.width - width, count, dtype=int)
    windows = (RasterioWindow(col, row, width, height) for row in rows for col in cols)
    patches = [_finite(nodata.read(dataset, [band], window=window)) for window in windows]
    values = np.concatenate(patches)
    if len(values):
        return values
    if dataset.width * dataset.height > SEARCHED_PIXELS:
        raise RasterError(
            f"{dataset.name} holds no data in {count * count} places all over band {band}, and has "
            "no overviews. Build them first: Raster > Miscellaneous > Build Overviews."
        )
    return _decimated(dataset, band, nodata)


def _patches(dataset: Any, band: int) -> int:
    height, width = dataset.block_shapes[band - 1]
    block = height * width * np.dtype(dataset.dtypes[band - 1]).itemsize
    return min(max(math.isqrt(PATCH_BYTES // block), 2), PATCHES)


def _decimated(dataset: Any, band: int, nodata: NoData) -> npt.NDArray[np.float64]:
    step = max((dataset.width * dataset.height / SAMPLE_PIXELS) ** 0.5, 1)
    width = min(max(round(dataset.width / step), 1), SAMPLE_PIXELS)
    height = min(max(round(dataset.height / step), 1), SAMPLE_PIXELS // width)
    return _finite(nodata.read(dataset, [band], out_shape=(height, width)))


def _finite(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    valid = np.ma.array(values).compressed().astype(np.float64)
    return valid[np.isfinite(valid)]
