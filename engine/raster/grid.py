"""The grid of a raster: how many pixels, and where on the ground they lie."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

import pyproj
from affine import Affine
from pyproj.exceptions import ProjError
from rasterio.crs import CRS
from rasterio.errors import CRSError, NotGeoreferencedWarning

from engine.errors import InputError
from engine.raster.window import Window

Extent = tuple[float, float, float, float]

PIXEL_TOLERANCE = 1e-6
"""Parts of a pixel that an extent may miss a pixel's edge by: floating point noise, not intent."""


IMAGE = Affine(1, 0, 0, 0, -1, 0)
"""Where QGIS shows an image without georeference: its upper left corner at 0, 0, y pointing up."""


@dataclass(frozen=True)
class Grid:
    """`width` x `height` pixels, placed by an affine transform from (column, row) to (x, y).

    Without a CRS, x and y are whatever the raster's transform says; where it says nothing, `IMAGE`.
    """

    width: int
    height: int
    transform: Affine
    crs: CRS | None

    @property
    def extent(self) -> Extent:
        """The bounding box `(xmin, ymin, xmax, ymax)` in the CRS."""
        corners = [
            self.transform @ (col, row) for col in (0, self.width) for row in (0, self.height)
        ]
        xs, ys = zip(*corners, strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    def enclosing(self, extent: Extent) -> Window | None:
        """The smallest window of whole pixels around an extent within the grid; None if outside."""
        xmin, ymin, xmax, ymax = extent
        inverse = ~self.transform
        corners = [inverse @ (x, y) for x in (xmin, xmax) for y in (ymin, ymax)]
        cols, rows = zip(*corners, strict=True)
        first_col, end_col = _whole_pixels(min(cols), max(cols), self.width)
        first_row, end_row = _whole_pixels(min(rows), max(rows), self.height)
        if first_col >= end_col or first_row >= end_row:
            return None
        return Window(first_row, first_col, end_row - first_row, end_col - first_col)

    def holds(self, window: Window) -> bool:
        """Whether a window is not empty and lies within the grid."""
        return (
            0 <= window.row < window.row + window.height <= self.height
            and 0 <= window.col < window.col + window.width <= self.width
        )

    def part(self, window: Window) -> Grid:
        """The grid of the pixels in a window."""
        moved = self.transform @ Affine.translation(window.col, window.row)
        return Grid(window.width, window.height, moved, self.crs)

    def resampled(self, width: int, height: int) -> Grid:
        """Exactly the same ground in another number of pixels."""
        scaled = self.transform @ Affine.scale(self.width / width, self.height / height)
        return Grid(width, height, scaled, self.crs)


def grid_of(dataset: Any) -> Grid:
    """The grid of an open dataset; heights in its CRS are left out: a GeoTIFF may lose them."""
    crs = without_heights(dataset.crs) if dataset.crs else None
    return Grid(dataset.width, dataset.height, transform_of(dataset) or IMAGE, crs)


def transform_of(dataset: Any) -> Affine | None:
    """The transform of an open dataset; None where its file has none.

    rasterio gives the identity for none, and only warns of it. A file may also say the identity
    itself, as by a world file: it is south-up then, and no image.
    """
    transform: Affine = dataset.transform
    if transform != Affine.identity():
        return transform
    if dataset.gcps[0] or dataset.rpcs:
        return None
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        dataset.read_transform()
    none = any(issubclass(warning.category, NotGeoreferencedWarning) for warning in told)
    return None if none else transform


def crs_of(text: str) -> CRS:
    """The CRS that a text names, without heights.

    Args:
        text: as `EPSG:32633`, WKT or PROJ's notation.

    Raises:
        InputError: it names none.
    """
    try:
        crs = CRS.from_string(text)
    except CRSError as error:
        raise InputError(
            f"The CRS {text!r} is not known: {error}. Give WKT, or a name as EPSG:32633."
        ) from error
    if _has_no_plane(crs):
        raise InputError(
            f"The CRS {text!r} is one of heights or of space, in which no raster lies. Give the "
            "one of its x and y, as EPSG:32633."
        )
    return without_heights(crs)


def _has_no_plane(crs: CRS) -> bool:
    try:
        known = pyproj.CRS.from_wkt(crs.to_wkt())
    except ProjError:
        return False
    return known.is_geocentric or (known.is_vertical and not known.is_compound)


def without_heights(crs: CRS) -> CRS:
    """The horizontal part of a CRS."""
    try:
        full = pyproj.CRS.from_wkt(crs.to_wkt())
    except ProjError:
        return crs
    return CRS.from_wkt(full.to_2d().to_wkt()) if len(full.axis_info) > 2 else crs


def _whole_pixels(low: float, high: float, length: int) -> tuple[int, int]:
    first = floor(low + PIXEL_TOLERANCE)
    end = max(ceil(high - PIXEL_TOLERANCE), first + 1)
    return max(first, 0), min(end, length)
