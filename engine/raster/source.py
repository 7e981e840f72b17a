"""Source: what an analyst asks to have read, and how it is opened."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any

import numpy as np
import shapely

from engine.errors import InputError, RasterError
from engine.raster import bands
from engine.raster.boundary import open_dataset, reading
from engine.raster.grid import Extent, Grid
from engine.raster.ground import pixel_size
from engine.raster.raster import Raster
from engine.raster.stretch import IDENTITY, measure
from engine.raster.windows import Window

BLOCK_BYTES = 2**28
"""The largest block that is read: a compressed block has to be unpacked whole, however little of it is asked for."""

GRID_PIXELS = 10**9
"""The most pixels that a finer resolution may make out of fewer."""


@dataclass(frozen=True)
class Source:
    """A raster and the part of it that is asked for.

    Args:
        path: a file, or any other name that GDAL can open.
        extent: `(xmin, ymin, xmax, ymax)` in the raster's CRS; all of it by default.
        bands: one or three 1-based band numbers; natural colours by default.
        resolution: metres a pixel; the raster's own by default.
        area: WKT of a polygon or multipolygon in the raster's CRS; pixels outside it do not count.

    Raises:
        InputError: values that make no sense, whatever the raster.
    """

    path: str
    extent: Extent | None = None
    bands: tuple[int, ...] | None = None
    resolution: float | None = None
    area: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.path, str) or not self.path or "\0" in self.path:
            raise InputError(f"The path {self.path!r} is no path of a raster.")
        if self.extent is not None:
            _check_extent(self.extent)
        if self.bands is not None and not (
            isinstance(self.bands, tuple)
            and len(self.bands) in (1, 3)
            and all(type(band) is int and band > 0 for band in self.bands)
        ):
            raise InputError(f"The bands {self.bands!r} are not one or three band numbers from 1 upwards.")
        if self.resolution is not None and not (_is_number(self.resolution) and self.resolution > 0):
            raise InputError(f"The resolution {self.resolution!r} is not a number of metres above 0.")
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
            what = f"unknown: {', '.join(unknown)}" if unknown else "the path is missing"
            raise InputError(f"The source is not understood ({what}). It may have {', '.join(known)}.")
        return cls(**{name: tuple(v) if isinstance(v, list) else v for name, v in values.items()})

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
            raise InputError(f"The area must be a polygon that is not empty, not {self.area[:60]!r}.")
        if not np.isfinite(shapely.get_coordinates(polygon)).all():
            raise InputError("The area has coordinates that are no numbers.")
        return polygon


@contextmanager
def open_source(source: Source, finest: float | None = None) -> Iterator[Raster]:
    """Open what is asked for.

    Args:
        source: the raster and its part.
        finest: metres a pixel; a raster that is more than twice as fine is read at this resolution, unless the
            source asks for another.

    Raises:
        InputError: the extent, area, bands or resolution do not fit the raster.
        RasterError: the raster cannot be read, or has no certain place on the ground.
    """
    with reading(source.path):
        dataset = open_dataset(source.path)
    with dataset:
        with reading(source.path):
            _check_readable(dataset, source.path)
            whole = Grid(dataset.width, dataset.height, dataset.transform, dataset.crs)
            chosen = bands.choose(dataset, source.bands)
            _check_type(dataset, chosen)
            palette = bands.palette(dataset, chosen)
            stretch = IDENTITY if palette is not None else measure(dataset, chosen)
        window = _window(whole, source)
        native = whole.part(window)
        grid, resolution = _working_grid(native, source, finest)
        yield Raster(dataset, window, grid, resolution, chosen, stretch, palette, source.polygon())


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _check_extent(extent: object) -> None:
    if not isinstance(extent, tuple) or len(extent) != 4 or not all(map(_is_number, extent)):
        raise InputError(f"The extent {extent!r} is not four numbers: xmin, ymin, xmax, ymax.")
    xmin, ymin, xmax, ymax = extent
    if xmin >= xmax or ymin >= ymax:
        raise InputError(f"The extent {extent!r} is empty: xmin must be below xmax, and ymin below ymax.")


def _check_readable(dataset: Any, path: str) -> None:
    if not dataset.count:
        inner = ", ".join(dataset.subdatasets[:5])
        raise RasterError(f"{path} holds no bands itself. " + (f"Choose one of {inner}." if inner else ""))
    transform = dataset.transform
    if transform.is_identity:
        tied = {
            "ground control points": dataset.gcps[0],
            "rational polynomials (RPC)": dataset.rpcs,
            "geolocation arrays": dataset.tags(ns="GEOLOCATION"),
        }
        for means, present in tied.items():
            if present:
                raise RasterError(f"{path} is placed by {means} only. Warp it first: Raster > Projections > Warp.")
    if not all(map(math.isfinite, transform)) or not transform.determinant:
        raise RasterError(f"{path} has a transform that places its pixels nowhere: {tuple(transform)[:6]}.")
    height, width = dataset.block_shapes[0]
    together = dataset.count if dataset.interleaving == dataset.interleaving.pixel else 1
    block = height * width * together * np.dtype(_numpy_type(dataset.dtypes[0])).itemsize
    if block > BLOCK_BYTES:
        raise RasterError(
            f"{path} is stored in blocks of {width} x {height} pixels, {block / 2**20:,.0f} MiB each, which do not fit "
            "into memory. Make it tiled first: Raster > Conversion > Translate with TILED=YES."
        )


def _numpy_type(gdal_type: str) -> str:
    return "complex64" if gdal_type == "complex_int16" else gdal_type


def _check_type(dataset: Any, chosen: tuple[int, ...]) -> None:
    for band in chosen:
        kind = dataset.dtypes[band - 1]
        if kind.startswith("complex"):
            raise RasterError(f"{dataset.name} has complex numbers in band {band}. Make an amplitude image of it first.")


def _window(whole: Grid, source: Source) -> Window:
    """The pixels asked for: those of the extent, or of the area's box, or all."""
    polygon = source.polygon()
    if polygon is not None and not polygon.intersects(shapely.box(*(source.extent or whole.extent))):
        where = "extent" if source.extent else "raster"
        raise InputError(f"The area {polygon.bounds} is outside the {where} {source.extent or whole.extent}.")
    extent = source.extent or (polygon.bounds if polygon is not None else whole.extent)
    window = whole.enclosing(extent)
    if window is None:
        raise InputError(f"The extent {extent} is outside the raster {source.path}, which covers {whole.extent}.")
    return window


def _working_grid(native: Grid, source: Source, finest: float | None) -> tuple[Grid, float | None]:
    """The grid to work on, and its metres a pixel."""
    size = pixel_size(native)
    if size is None:
        if source.resolution is not None:
            raise InputError(
                f"{source.path} has no known size on the ground, so a resolution in metres cannot be kept. Leave it "
                "out, or give the raster its CRS: Layer > Set Layer CRS."
            )
        return native, None
    own = math.sqrt(size[0] * size[1])
    asked = source.resolution or (finest if finest and own < finest / 2 else None)
    if asked is None:
        return native, own
    across, down = native.width * size[0], native.height * size[1]
    if asked > max(across, down):
        raise InputError(f"A resolution of {asked:g} m is coarser than the whole extent, {across:g} x {down:g} m.")
    if across * down / asked**2 > max(GRID_PIXELS, native.width * native.height):
        raise InputError(f"A resolution of {asked:g} m is too fine for {across:g} x {down:g} m at {own:g} m a pixel.")
    width, height = max(round(across / asked), 1), max(round(down / asked), 1)
    return native.resampled(width, height), math.sqrt(across * down / (width * height))
