"""NoData: which values of a raster are none, by its file and by the analyst."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from affine import Affine
from rasterio.enums import MaskFlags, Resampling
from rasterio.io import MemoryFile
from rasterio.windows import Window as RasterioWindow

Values = npt.NDArray[Any]
Range = tuple[float, float] | tuple[float, float, int]

MARGIN = 2
"""Pixels around a window that resampling may look at."""

HOLE = -(2.0**126) - 2.0**110
"""What stands for no data where values are resampled here: no program fills with it."""

PIXELS_AT_ONCE = 2**24
"""How many of the file's own pixels are resampled here at a time."""


@dataclass(frozen=True)
class NoData:
    """What is told of values that are none.

    Attributes:
        ranges: lowest and highest value, both included, and the band it holds for; all without one.
        declared: whether the value that the file declares counts as well. Masks and alpha always
            do.
    """

    ranges: tuple[Range, ...] = ()
    declared: bool = True

    def read(self, dataset: Any, bands: list[int], **how: Any) -> Values:
        """Bands as `dataset.read` gives them, `(n, h, w)`; masked if anything can be."""
        flags = dataset.mask_flag_enums
        masked = any(not self._whole(flags[band - 1]) for band in bands)
        # Bands of several types cannot be read together.
        alike = len({dataset.dtypes[band - 1] for band in bands}) == 1
        shape = how.pop("out_shape", None)
        read = [
            dataset.read(
                together, out_shape=shape and (len(together), *shape), masked=masked, **how
            )
            for together in ([bands] if alike else [[band] for band in bands])
        ]
        values: Values = read[0] if alike else np.ma.concatenate(read)
        return self._without(values, bands) if self.ranges else values

    def resampled(
        self,
        dataset: Any,
        bands: list[int],
        window: RasterioWindow,
        shape: tuple[int, int],
        resampling: Resampling,
    ) -> Values:
        """Bands in a window of the file's own pixels, as `(n, h, w)` of a coarser or finer grid.

        What the analyst says is no data has no part in the means that neighbours are made of.
        """
        if not self.ranges or resampling == Resampling.nearest:
            return self.read(dataset, bands, window=window, out_shape=shape, resampling=resampling)
        height, width = shape
        down = window.height / height
        rows = max(int(PIXELS_AT_ONCE / (window.width * down)), 1)
        parts = []
        for row in range(0, height, rows):
            count = min(rows, height - row)
            part = RasterioWindow(
                window.col_off, window.row_off + row * down, window.width, count * down
            )
            parts.append(self._means(dataset, bands, part, (count, width), resampling))
        values: Values = np.ma.concatenate(parts, axis=1)
        return values

    def _means(
        self,
        dataset: Any,
        bands: list[int],
        window: RasterioWindow,
        shape: tuple[int, int],
        resampling: Resampling,
    ) -> Values:
        """The same of a part that fits the memory, by way of a raster that knows what is none."""
        left, top = (max(int(at) - MARGIN, 0) for at in (window.col_off, window.row_off))
        right = min(math.ceil(window.col_off + window.width) + MARGIN, dataset.width)
        below = min(math.ceil(window.row_off + window.height) + MARGIN, dataset.height)
        own = self.read(dataset, bands, window=RasterioWindow(left, top, right - left, below - top))
        kind = np.float32 if np.can_cast(own.dtype, np.float32) else np.float64
        known = np.ma.filled(np.ma.asarray(own).astype(kind), HOLE)
        count, height, width = known.shape
        profile = {"count": count, "height": height, "width": width, "dtype": kind}
        # It has a place only because rasterio would warn of one that has none.
        place = {"transform": Affine.scale(2), "nodata": HOLE}
        with MemoryFile() as memory:
            with memory.open(driver="GTiff", **profile, **place) as written:
                written.write(known)
            with memory.open() as whole:
                means = whole.read(
                    window=RasterioWindow(
                        window.col_off - left, window.row_off - top, window.width, window.height
                    ),
                    out_shape=(count, *shape),
                    resampling=resampling,
                    masked=True,
                )
        means.data[np.ma.getmaskarray(means)] = 0
        values: Values = means
        return values

    def _whole(self, flags: list[MaskFlags]) -> bool:
        return flags == [MaskFlags.all_valid] or (not self.declared and MaskFlags.nodata in flags)

    def _without(self, values: Values, bands: list[int]) -> Values:
        masked = np.ma.array(values)
        mask = np.ma.getmaskarray(masked).copy()
        data = np.ma.getdata(values)
        with np.errstate(over="ignore"):
            for index, band in enumerate(bands):
                for low, high, *only in self.ranges:
                    if not only or only[0] == band:
                        mask[index] |= (data[index] >= low) & (data[index] <= high)
        found: Values = np.ma.array(data, mask=mask)
        return found
