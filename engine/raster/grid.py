"""The grid of a raster: how many pixels, and where on the ground they lie."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

from affine import Affine
from rasterio.crs import CRS

from engine.raster.windows import Window

Extent = tuple[float, float, float, float]

PIXEL_TOLERANCE = 1e-6
"""Parts of a pixel that an extent may miss a pixel's edge by: floating point noise, not intent."""


@dataclass(frozen=True)
class Grid:
    """`width` x `height` pixels placed by an affine transform from (column, row) to (x, y) of a CRS, if there is one."""

    width: int
    height: int
    transform: Affine
    crs: CRS | None

    @property
    def extent(self) -> Extent:
        """The bounding box `(xmin, ymin, xmax, ymax)` in the CRS."""
        corners = [self.transform @ (col, row) for col in (0, self.width) for row in (0, self.height)]
        xs, ys = zip(*corners, strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    def enclosing(self, extent: Extent) -> Window | None:
        """The smallest window of whole pixels that holds all of the extent within the grid; None when outside."""
        xmin, ymin, xmax, ymax = extent
        inverse = ~self.transform
        corners = [inverse @ (x, y) for x in (xmin, xmax) for y in (ymin, ymax)]
        cols, rows = zip(*corners, strict=True)
        first_col, end_col = _whole_pixels(min(cols), max(cols), self.width)
        first_row, end_row = _whole_pixels(min(rows), max(rows), self.height)
        if first_col >= end_col or first_row >= end_row:
            return None
        return Window(first_row, first_col, end_row - first_row, end_col - first_col)

    def part(self, window: Window) -> Grid:
        """The grid of the pixels in a window."""
        moved = self.transform @ Affine.translation(window.col, window.row)
        return Grid(window.width, window.height, moved, self.crs)

    def resampled(self, width: int, height: int) -> Grid:
        """Exactly the same ground in another number of pixels."""
        scaled = self.transform @ Affine.scale(self.width / width, self.height / height)
        return Grid(width, height, scaled, self.crs)


def _whole_pixels(low: float, high: float, length: int) -> tuple[int, int]:
    first = floor(low + PIXEL_TOLERANCE)
    end = max(ceil(high - PIXEL_TOLERANCE), first + 1)
    return max(first, 0), min(end, length)
