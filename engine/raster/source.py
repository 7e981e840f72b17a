"""Source: what an analyst asks to have read, and how it is opened."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import shapely

from engine.errors import InputError
from engine.files.boundary import open_dataset, reading
from engine.raster import admission, bands
from engine.raster.grid import Extent, Grid, grid_of
from engine.raster.ground import pixel_size
from engine.raster.placement import placed
from engine.raster.raster import Raster
from engine.raster.stretch import IDENTITY, measure
from engine.raster.window import Window

GRID_PIXELS = 10**9
"""The most pixels that a finer resolution may make out of fewer."""


@dataclass(frozen=True)
class Source:
    """A raster and the part of it that is asked for.

    Attributes:
        path: a file, or any other name that GDAL can open.
        extent: `(xmin, ymin, xmax, ymax)` in the raster's CRS; all of it by default.
        bands: one or three bands, by 1-based number or by name; natural colours by default.
        resolution: metres a pixel; the raster's own by default.
        area: WKT of a polygon or multipolygon in the raster's CRS; pixels outside it do not count.
        warp: whether a raster that ground control points or rational polynomials place is warped
            onto a grid instead of being refused: a CRS is the grid's, else `placement.placed`
            chooses it.
        name: what results call it; the path by default.

    Raises:
        InputError: values that make no sense, whatever the raster.
    """

    path: str
    extent: Extent | None = None
    bands: tuple[int | str, ...] | None = None
    resolution: float | None = None
    area: str | None = None
    warp: bool | str = False
    name: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.path, str) or not self.path or "\0" in self.path:
            raise InputError(f"The path {self.path!r} is no path of a raster.")
        if self.extent is not None:
            _check_extent(self.extent)
        if self.bands is not None:
            _check_bands(self.bands)
        if self.resolution is not None and not (
            _is_number(self.resolution) and self.resolution > 0
        ):
            raise InputError(
                f"The resolution {self.resolution!r} is not a number of metres above 0."
            )
        if not isinstance(self.warp, bool | str) or self.warp == "":
            raise InputError(f"Whether to warp is true, false or a CRS, not {self.warp!r}.")
        if self.name is not None and not isinstance(self.name, str):
            raise InputError(f"The name {self.name!r} of the source is no text.")
        self.polygon()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Source:
        """A source from what `to_dict` gives.

        Raises:
            InputError: unknown or missing settings, or values that make no sense.
        """
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown or "path" not in values:
            wrong = f"unknown: {', '.join(unknown)}" if unknown else "its path is missing"
            raise InputError(f"The source is wrong ({wrong}). It may have {', '.join(known)}.")
        settings: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        return cls(**settings)

    def to_dict(self) -> dict[str, Any]:
        """The source in JSON's types."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}

    def polygon(self) -> shapely.Polygon | shapely.MultiPolygon | None:
        """The area as a geometry.

        Raises:
            InputError: the area is no WKT of a polygon.
        """
        if self.area is None:
            return None
        try:
            polygon = shapely.from_wkt(self.area)
        except (shapely.errors.ShapelyError, TypeError) as error:
            raise InputError(f"The area is no WKT of a polygon: {error}.") from error
        if not isinstance(polygon, shapely.Polygon | shapely.MultiPolygon) or polygon.is_empty:
            raise InputError(f"The area is not a polygon with an inside: {self.area[:60]!r}.")
        if not np.isfinite(shapely.get_coordinates(polygon)).all():
            raise InputError("The area has coordinates that are not numbers.")
        return polygon


@contextmanager
def open_source(source: Source, finest: float | None = None) -> Iterator[Raster]:
    """Open what is asked for.

    Args:
        source: the raster and its part.
        finest: metres a pixel; a raster that is more than twice as fine is read at this resolution,
            unless the source asks for another.

    Raises:
        InputError: the extent, area, bands or resolution do not fit the raster.
        RasterError: the raster cannot be read, or has no certain place on the ground.
    """
    admission.check_path(source.path)
    with ExitStack() as stack:
        with reading(source.path):
            dataset = stack.enter_context(open_dataset(source.path))
            admission.check_files(dataset, source.path)
            dataset = placed(stack, dataset, source.path, source.warp)
            raster = _part_of(dataset, source, finest)
        yield raster


def _part_of(dataset: Any, source: Source, finest: float | None) -> Raster:
    whole = grid_of(dataset)
    window = _window(whole, source)
    grid, resolution = _working_grid(whole.part(window), source, finest)
    chosen = bands.choose(dataset, source.bands)
    admission.check_bands(dataset, source.path, chosen)
    admission.check_size(grid, source.path)
    palette = bands.palette(dataset, chosen)
    return Raster(
        grid=grid,
        resolution=resolution,
        bands=chosen,
        stretch=measure(dataset, chosen) if palette is None else IDENTITY,
        palette=palette,
        area=source.polygon(),
        dataset=dataset,
        window=window,
    )


def _window(whole: Grid, source: Source) -> Window:
    """The pixels asked for: those of the extent, else of the box around the area, else all."""
    polygon = source.polygon()
    extent = source.extent or (polygon.bounds if polygon else whole.extent)
    window = whole.enclosing(extent)
    if window is None:
        what = "extent" if source.extent else "area"
        raise InputError(
            f"The {what} {extent} is outside the raster {source.path}, which covers {whole.extent}."
        )
    if polygon and not shapely.box(*polygon.bounds).intersects(shapely.box(*extent)):
        raise InputError(f"The area {polygon.bounds} is outside the extent {extent}.")
    return window


def _working_grid(own: Grid, source: Source, finest: float | None) -> tuple[Grid, float | None]:
    """The grid to work on, and its metres a pixel."""
    size = pixel_size(own)
    if size is None:
        if source.resolution is None:
            return own, None
        raise InputError(
            f"{source.path} has no known size on the ground, so its resolution cannot be "
            f"{source.resolution:g} m. Leave the resolution out, or give the raster its CRS."
        )
    mean = math.sqrt(size[0] * size[1])
    asked = source.resolution or (finest if finest and mean < finest / 2 else None)
    if asked is None:
        return own, mean
    across, down = own.width * size[0], own.height * size[1]
    ground = f"{across:g} x {down:g} m"
    if asked > max(across, down):
        raise InputError(f"A resolution of {asked:g} m is coarser than the whole extent, {ground}.")
    if across / asked * (down / asked) > max(GRID_PIXELS, own.width * own.height):
        raise InputError(f"A resolution of {asked:g} m is too fine for an extent of {ground}.")
    width, height = max(round(across / asked), 1), max(round(down / asked), 1)
    return own.resampled(width, height), math.sqrt(across / width * down / height)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= sys.float_info.max


def _check_extent(extent: object) -> None:
    if not isinstance(extent, tuple) or len(extent) != 4 or not all(map(_is_number, extent)):
        raise InputError(f"The extent {extent!r} is not four numbers: xmin, ymin, xmax, ymax.")
    xmin, ymin, xmax, ymax = extent
    if xmin >= xmax or ymin >= ymax:
        raise InputError(f"The extent {extent!r} is empty: xmin < xmax and ymin < ymax are needed.")


def _check_bands(bands: object) -> None:
    if (
        not isinstance(bands, tuple)
        or len(bands) not in (1, 3)
        or not all(
            (type(band) is int and band > 0) or (type(band) is str and band.strip())
            for band in bands
        )
    ):
        raise InputError(
            f"The bands {bands!r} are not one or three: give numbers, counted from 1, or names."
        )
