"""Raster: an open source, read window by window as RGB pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from rasterio.enums import Resampling
from rasterio.features import geometry_mask
from rasterio.windows import Window as RasterioWindow

from engine.files.boundary import reading
from engine.raster.grid import Grid
from engine.raster.nodata import NoData
from engine.raster.stretch import Stretch
from engine.raster.window import Window

Values = npt.NDArray[Any]


@dataclass(frozen=True)
class View:
    """A picture `(3, h, w)` and where it shows something, `(h, w)`; pixels are 0 elsewhere."""

    pixels: npt.NDArray[np.uint8]
    valid: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, kw_only=True)
class Raster:
    """The open part of a raster. `source.open_source` makes it and closes it.

    Attributes:
        grid: the working grid, which windows are counted in.
        resolution: metres a pixel, the geometric mean of its sides; None where it cannot be known.
        bands: red, green and blue as 1-based band numbers.
        stretch: from values to bytes.
        palette: the colour table `(n, 4)` that takes the place of the stretch, or None.
        area: pixels outside it are not valid, or None.
        nodata: which values are none.
        dataset: the open file.
        window: the part of the file that the grid covers, in its own pixels.
    """

    grid: Grid
    resolution: float | None
    bands: tuple[int, int, int]
    stretch: Stretch
    palette: npt.NDArray[np.uint8] | None
    area: shapely.Polygon | shapely.MultiPolygon | None
    nodata: NoData
    dataset: Any
    window: Window
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    @property
    def description(self) -> str:
        """One line on what is read and how."""
        bands = "/".join(str(band) for band in dict.fromkeys(self.bands))
        size = f"{self.resolution:.4g} m a pixel" if self.resolution else "resolution unknown"
        colours = "colour table" if self.palette is not None else self.stretch.description
        return f"{self.grid.width} x {self.grid.height} pixels, {size}, band {bands}, {colours}"

    def read(self, window: Window) -> View:
        """Read a window of the grid; any thread may.

        Raises:
            RasterError: the file is damaged here, or gone.
            ValueError: the window is not within the grid.
        """
        if not self.grid.holds(window):
            size = f"{self.grid.width} x {self.grid.height}"
            raise ValueError(f"{window} is not within the grid of {size} pixels.")
        numbers = list(dict.fromkeys(self.bands))
        values = self._values(numbers, window)
        valid = self._valid(values, window)
        data = np.ma.getdata(values)
        if self.palette is not None:
            entries = self.palette[data[0].clip(0, len(self.palette) - 1)]
            valid &= entries[..., 3] > 0
            pixels = np.moveaxis(entries[..., :3], -1, 0)
        else:
            rgb = [numbers.index(band) for band in self.bands]
            pixels = self.stretch.apply(data if rgb == [0, 1, 2] else data[rgb])
        return View(pixels if valid.all() else np.where(valid, pixels, np.uint8(0)), valid)

    def touches(self, window: Window) -> bool:
        """Whether a window of the grid shows any of the area."""
        if self.area is None:
            return True
        transform = self.grid.part(window).transform
        corners = ((0, 0), (window.width, 0), (window.width, window.height), (0, window.height))
        return bool(self.area.intersects(shapely.Polygon([transform @ c for c in corners])))

    def _values(self, bands: list[int], window: Window) -> Values:
        """Bands' own values at the grid's resolution, `(n, h, w)`; masked if anything can be."""
        down, across = self.window.height / self.grid.height, self.window.width / self.grid.width
        place = RasterioWindow(
            self.window.col + window.col * across,
            self.window.row + window.row * down,
            window.width * across,
            window.height * down,
        )
        shape = (window.height, window.width)
        with self._lock, reading(self.dataset.name):
            return self.nodata.resampled(self.dataset, bands, place, shape, self._resampling)

    def _valid(self, values: Values, window: Window) -> npt.NDArray[np.bool_]:
        """Where a band at least is not masked, all bands are finite, and the area reaches."""
        mask = np.ma.getmask(values)
        valid = np.ones(values.shape[1:], bool)
        if mask is not np.ma.nomask:
            valid &= ~np.all(mask, axis=0)
        if np.issubdtype(values.dtype, np.floating):
            valid &= np.isfinite(np.ma.getdata(values)).all(axis=0)
        if self.area is not None:
            transform = self.grid.part(window).transform
            valid &= geometry_mask([self.area], valid.shape, transform, invert=True)
        return valid

    @property
    def _resampling(self) -> Resampling:
        own = self.window.width * self.window.height
        working = self.grid.width * self.grid.height
        if own == working or self.palette is not None:
            return Resampling.nearest
        return Resampling.average if own > working else Resampling.bilinear
