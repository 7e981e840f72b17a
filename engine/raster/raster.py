"""Raster: an open source, read window by window as RGB pictures."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from rasterio.enums import Resampling
from rasterio.features import geometry_mask
from rasterio.windows import Window as RasterioWindow

from engine.raster.boundary import reading
from engine.raster.grid import Grid
from engine.raster.stretch import Stretch
from engine.raster.windows import Window


@dataclass(frozen=True)
class View:
    """A picture `(3, h, w)` and where it shows something, `(h, w)`; pixels are 0 elsewhere."""

    pixels: npt.NDArray[np.uint8]
    valid: npt.NDArray[np.bool_]


class Raster:
    """The open part of a raster. `source.open_source` makes it and closes it.

    Attributes:
        grid: the working grid that windows are counted in.
        resolution: metres a pixel, the geometric mean of its sides; None where it cannot be known.
        bands: red, green and blue as 1-based band numbers.
        stretch: from values to bytes.
    """

    def __init__(
        self,
        dataset: Any,
        window: Window,
        grid: Grid,
        resolution: float | None,
        bands: tuple[int, int, int],
        stretch: Stretch,
        palette: npt.NDArray[np.uint8] | None,
        area: shapely.Polygon | shapely.MultiPolygon | None,
    ) -> None:
        self.grid = grid
        self.resolution = resolution
        self.bands = bands
        self.stretch = stretch
        self._dataset = dataset
        self._window = window
        self._palette = palette
        self._area = area
        self._lock = Lock()
        self._resampling = self._choose_resampling()

    @property
    def description(self) -> str:
        """One line on what is read and how."""
        names = "/".join(str(band) for band in dict.fromkeys(self.bands))
        size = "resolution unknown" if self.resolution is None else f"{self.resolution:.4g} m a pixel"
        if self._palette is not None:
            colours = "colour table"
        elif self.stretch.identity:
            colours = "8 bit, unchanged"
        else:
            ends = zip(self.stretch.low, self.stretch.high, strict=True)
            colours = "stretched from " + ", ".join(dict.fromkeys(f"{lo:.6g}..{hi:.6g}" for lo, hi in ends))
        return f"{self.grid.width} x {self.grid.height} pixels, {size}, band {names}, {colours}"

    def read(self, window: Window) -> View:
        """Read a window of the grid; any thread may.

        Raises:
            RasterError: the file is damaged here, or gone.
            ValueError: the window is not within the grid.
        """
        if not (
            0 <= window.row < window.row + window.height <= self.grid.height
            and 0 <= window.col < window.col + window.width <= self.grid.width
        ):
            raise ValueError(f"{window} is not within {self.grid.width} x {self.grid.height} pixels.")
        values = {band: self._read_band(band, window) for band in dict.fromkeys(self.bands)}
        valid = self._valid(list(values.values()), window)
        if self._palette is not None:
            entries = self._palette[values[self.bands[0]].data.clip(0, len(self._palette) - 1)]
            valid &= entries[..., 3] > 0
            pixels = np.moveaxis(entries[..., :3], -1, 0)
        else:
            pixels = self.stretch.apply(np.stack([values[band].data for band in self.bands]))
        return View(np.where(valid, pixels, np.uint8(0)), valid)

    def _read_band(self, band: int, window: Window) -> np.ma.MaskedArray[Any, Any]:
        with self._lock, reading(self._dataset.name):
            return self._dataset.read(
                band,
                window=self._source_window(window),
                out_shape=(window.height, window.width),
                resampling=self._resampling,
                masked=True,
            )

    def _valid(self, values: list[np.ma.MaskedArray[Any, Any]], window: Window) -> npt.NDArray[np.bool_]:
        """Where one band at least is not masked, all are finite, and the area reaches."""
        valid: npt.NDArray[np.bool_] = ~np.logical_and.reduce([np.ma.getmaskarray(band) for band in values])
        for band in values:
            if np.issubdtype(band.dtype, np.floating):
                valid &= np.isfinite(band.data)
        if self._area is not None:
            valid &= geometry_mask(
                [self._area], valid.shape, self.grid.part(window).transform, invert=True
            )
        return valid

    def _source_window(self, window: Window) -> RasterioWindow:
        """The window in pixels of the file; fractions of them where the grid is resampled."""
        down, across = self._window.height / self.grid.height, self._window.width / self.grid.width
        return RasterioWindow(
            self._window.col + window.col * across,
            self._window.row + window.row * down,
            window.width * across,
            window.height * down,
        )

    def _choose_resampling(self) -> Resampling:
        native, working = self._window.width * self._window.height, self.grid.width * self.grid.height
        if native == working or self._palette is not None:
            return Resampling.nearest
        return Resampling.average if native > working else Resampling.bilinear
