"""Source: what an analyst asks to have read, and how it is opened."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import shapely

from engine.errors import InputError
from engine.files.boundary import open_dataset, reading
from engine.files.names import in_utf8, readable
from engine.raster import admission, bands
from engine.raster.grid import Extent, Grid, crs_of, grid_of
from engine.raster.ground import pixel_size, square_pixels
from engine.raster.nodata import NoData, Range
from engine.raster.placement import placed
from engine.raster.raster import Raster
from engine.raster.stretch import IDENTITY, Stretch, measure
from engine.raster.window import Window

Pair = tuple[float, float]
Numbers = tuple[int, int, int]

GRID_PIXELS = 10**9
"""The most pixels that a finer resolution may make out of fewer."""

MOST_METRES = 5e7
"""What no pixel can be larger than: more than the way round the Earth."""


@dataclass(frozen=True)
class Source:
    """A raster and the part of it that is asked for.

    Attributes:
        path: a file, or any other name that GDAL can open.
        extent: `(xmin, ymin, xmax, ymax)` in the raster's CRS; all of it by default.
        bands: one or three bands, by 1-based number or by name; natural colours by default.
        resolution: metres a pixel; the raster's own by default. Of a raster whose size on the
            ground is not known, it is the `pixel_size`.
        area: WKT of a polygon or multipolygon in the raster's CRS; pixels outside it do not count.
        warp: whether a raster that ground control points or rational polynomials place is warped
            onto a grid instead of being refused: a CRS is the grid's, else `placement.placed`
            chooses it.
        name: what results call it; the path by default.
        crs: the CRS of its coordinates, where somebody knows it better than the file: WKT, or a
            name as `EPSG:32633`. Nothing is warped: results have it in place of the file's.
        pixel_size: metres a pixel of the file, where no CRS tells.
        nodata: values that are no data besides the file's: lowest and highest, both included, and
            the band where it is not all of them. Values are those that the file stores.
        declared_nodata: whether the value that the file declares as nodata is none.
        stretch: what becomes black and what white, for all bands or for each of three; from the
            2nd to the 98th percentile by default, and 8 bits unchanged.

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
    crs: str | None = None
    pixel_size: float | None = None
    nodata: tuple[Range, ...] = ()
    declared_nodata: bool = True
    stretch: tuple[Pair, ...] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.path, str) or not self.path or "\0" in self.path:
            raise InputError(f"The path {self.path!r} is no path of a raster.")
        if self.extent is not None:
            _check_extent(self.extent)
        if self.bands is not None:
            _check_bands(self.bands)
        for what, metres in (("resolution", self.resolution), ("pixel size", self.pixel_size)):
            if metres is not None and not (_is_number(metres) and metres > 0):
                raise InputError(f"The {what} {metres!r} is not a number of metres above 0.")
            if metres is not None and metres > MOST_METRES:
                raise InputError(f"The {what} {metres:g} m is larger than the Earth.")
        if not isinstance(self.warp, bool | str) or self.warp == "":
            raise InputError(f"Whether to warp is true, false or a CRS, not {self.warp!r}.")
        if self.name is not None and not isinstance(self.name, str):
            raise InputError(f"The name {self.name!r} of the source is no text.")
        if self.crs is not None and (not isinstance(self.crs, str) or not self.crs.strip()):
            raise InputError(f"The CRS {self.crs!r} is no text: give WKT, or a name as EPSG:32633.")
        if not isinstance(self.declared_nodata, bool):
            raise InputError("Whether the nodata that the file declares counts is true or false.")
        _check_nodata(self.nodata)
        if self.stretch is not None:
            _check_stretch(self.stretch)
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
        return cls(**{name: _frozen(value) for name, value in values.items()})

    def to_dict(self) -> dict[str, Any]:
        """The source in JSON's types."""
        return {field.name: _thawed(getattr(self, field.name)) for field in fields(self)}

    @property
    def label(self) -> str:
        """What results call it."""
        return readable(self.name or self.path)

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
        path = stack.enter_context(in_utf8(source.path))
        with reading(path):
            dataset = stack.enter_context(open_dataset(path))
            admission.check_files(dataset, path)
            dataset = placed(stack, dataset, path, source.warp)
            raster = _part_of(dataset, source, finest)
        yield raster


def _part_of(dataset: Any, source: Source, finest: float | None) -> Raster:
    whole = grid_of(dataset)
    if source.crs:
        whole = replace(whole, crs=crs_of(source.crs))
    window = _window(whole, source)
    grid, resolution = _working_grid(whole.part(window), source, finest)
    chosen = bands.choose(dataset, source.bands)
    admission.check_bands(dataset, source.path, chosen)
    admission.check_size(grid, source.path)
    palette = bands.palette(dataset, chosen)
    nodata = NoData(source.nodata, source.declared_nodata)
    return Raster(
        grid=grid,
        resolution=resolution,
        bands=chosen,
        stretch=IDENTITY if palette is not None else _stretch(dataset, source, chosen, nodata),
        palette=palette,
        area=source.polygon(),
        nodata=nodata,
        dataset=dataset,
        window=window,
    )


def _stretch(dataset: Any, source: Source, chosen: Numbers, nodata: NoData) -> Stretch:
    """What the source asks for, else what the bands' own values suggest."""
    if source.stretch is None:
        return measure(dataset, chosen, nodata)
    red, green, blue = source.stretch * 3 if len(source.stretch) == 1 else source.stretch
    return Stretch((red[0], green[0], blue[0]), (red[1], green[1], blue[1]))


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
    size, asked = pixel_size(own), source.resolution
    if size is None:
        told = source.pixel_size or source.resolution
        if told is None:
            return own, None
        across, down = square_pixels(own)
        size, asked = (told * across, told * down), asked if source.pixel_size else None
    mean = math.sqrt(size[0] * size[1])
    asked = asked or (finest if finest and mean < finest / 2 else None)
    if asked is None:
        return own, mean
    across, down = own.width * size[0], own.height * size[1]
    ground = f"{across:g} x {down:g} m"
    if asked > max(across, down):
        if asked != source.resolution:
            raise InputError(
                f"The whole extent is {ground}, less than a pixel that the model can look at "
                f"({asked:g} m). Choose a larger extent, or tell the right CRS or size of a pixel."
            )
        raise InputError(f"A resolution of {asked:g} m is coarser than the whole extent, {ground}.")
    if across / asked * (down / asked) > max(GRID_PIXELS, own.width * own.height):
        raise InputError(f"A resolution of {asked:g} m is too fine for an extent of {ground}.")
    width, height = max(round(across / asked), 1), max(round(down / asked), 1)
    return own.resampled(width, height), math.sqrt(across / width * down / height)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _thawed(value: Any) -> Any:
    return list(map(_thawed, value)) if isinstance(value, tuple) else value


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


def _check_nodata(nodata: object) -> None:
    """Ranges may be open to one side: JSON has no infinity, so that is the largest number."""
    if not isinstance(nodata, tuple):
        raise InputError(f"The nodata {nodata!r} is no list of ranges of values.")
    for each in nodata:
        if (
            not isinstance(each, tuple)
            or len(each) not in (2, 3)
            or not all(map(_is_number, each[:2]))
            or each[0] > each[1]
            or not all(type(band) is int and band > 0 for band in each[2:])
        ):
            raise InputError(
                f"The nodata {each!r} is no range: give the lowest and the highest value, and the "
                "number of the band unless it holds for all."
            )


def _check_stretch(stretch: object) -> None:
    if (
        not isinstance(stretch, tuple)
        or len(stretch) not in (1, 3)
        or not all(
            isinstance(pair, tuple) and len(pair) == 2 and all(map(_is_number, pair))
            for pair in stretch
        )
    ):
        raise InputError(
            f"The stretch {stretch!r} is not one or three pairs of what becomes black and white."
        )
    flat = [low for low, high in stretch if low == high]
    if flat:
        raise InputError(f"The stretch makes {flat[0]:g} both black and white. Give two values.")
