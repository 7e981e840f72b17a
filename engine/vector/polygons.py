"""Polygons: the objects of a stored probability raster as a GeoPackage layer."""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from engine.errors import Cancelled, OutputError
from engine.files.atomic import replacing
from engine.files.seal import SEAL, digest
from engine.raster.grid import Grid
from engine.raster.ground import areas, square_pixels
from engine.raster.stored import Bytes, StoredProbability, open_stored
from engine.vector.drawing import draw, reach
from engine.vector.neighbours import surrounded
from engine.vector.outlines import Outline, Polygons, Traced, trace
from engine.vector.shape import EXACT, Shape

LAYER = "segments"
FEATURES_AT_ONCE = 10_000


@dataclass(frozen=True)
class PolygonSummary:
    """How many polygons there are, and their square metres together; None if unknown."""

    count: int
    area_m2: float | None


def write_polygons(
    probability_path: str | Path,
    path: str | Path,
    threshold: float,
    attributes: Mapping[str, Any],
    shape: Shape = EXACT,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> PolygonSummary:
    """Write one polygon for each 4-connected object, along the edges of its pixels or as asked.

    Args:
        probability_path: what `ProbabilityWriter` wrote.
        path: the GeoPackage to write, or to replace; its layer is `segments`.
        threshold: the least probability of an object's pixels.
        attributes: `expression`, `model`, `weights_sha256`, `source` and `resolution`, the same for
            every polygon; what is left out becomes NULL. `score` and `area_m2` are added.
        shape: which objects are left out, and how the others are drawn.
        progress: told the rows done and all rows.
        cancelled: asked now and then.

    Raises:
        InputError: a threshold that is not a probability.
        RasterError: the probabilities cannot be read.
        OutputError: the GeoPackage cannot be written.
        Cancelled: as asked; an earlier GeoPackage stays as it was.
    """
    path = Path(path)
    with open_stored(probability_path) as stored, replacing(path) as partial:
        layer = _Layer(partial, path, stored, attributes)
        traced = trace(_watched(stored, progress, cancelled), threshold)
        placed = chain.from_iterable(
            zip(*step, strict=True)
            for step in objects(traced, stored.grid, shape, attributes.get("resolution"))
        )
        while (batch := list(islice(placed, FEATURES_AT_ONCE))) or not layer.exists:
            layer.append(batch)
        layer.seal()
    return PolygonSummary(layer.count, layer.area_m2)


def objects(
    traced: Iterable[Traced], grid: Grid, shape: Shape, resolution: float | None = None
) -> Iterator[tuple[list[Outline], Polygons]]:
    """The objects of a grid and their polygons in its CRS, exteriors counter-clockwise."""
    around = reach(shape)
    scale = square_pixels(grid) if around else (1.0, 1.0)
    a, b, c, d, e, f = grid.transform[:6]
    linear, origin = np.array([[a, d], [b, e]]) / np.array(scale)[:, None], np.array([c, f])

    def place(polygons: Polygons) -> Polygons:
        placed: Polygons = shapely.orient_polygons(
            shapely.transform(polygons, lambda at: at @ linear + origin)
        )
        return placed

    for near in surrounded(traced, scale, around):
        exact = place(near.polygons)
        if shape.minimum_area:
            pixels = np.array([outline.pixels for outline in near.outlines], np.float64)
            square_metres = areas(exact, grid, resolution)
            sizes = np.where(np.isnan(square_metres), pixels, square_metres)
            large = sizes >= shape.minimum_area
            near, exact = near.only(large), exact[large]
        if around:
            drawn = place(draw(near, shape))
            # What was valid may no longer be so after its coordinates have been rounded.
            exact = np.where(shapely.is_valid(drawn), drawn, exact)
        yield near.outlines, exact


def _watched(
    stored: StoredProbability,
    progress: Callable[[int, int], None] | None,
    cancelled: Callable[[], bool] | None,
) -> Iterator[tuple[int, Bytes]]:
    for row, codes in stored.bands():
        if cancelled and cancelled():
            raise Cancelled("Cancelled.")
        yield row, codes
        if progress:
            progress(row + len(codes), stored.grid.height)


class _Layer:
    """The layer `segments`, growing."""

    def __init__(
        self,
        partial: Path,
        path: Path,
        stored: StoredProbability,
        attributes: Mapping[str, Any],
    ) -> None:
        self._partial, self._path, self._attributes = partial, path, attributes
        self._grid, self._resolution = stored.grid, attributes.get("resolution")
        self._wkt = stored.grid.crs.to_wkt() if stored.grid.crs else None
        self._known_areas = 0
        self._area = 0.0
        self.count = 0
        self.exists = False

    @property
    def area_m2(self) -> float | None:
        known = self._known_areas or ((self._wkt or self._resolution) and not self.count)
        return self._area if known else None

    def append(self, objects: list[tuple[Outline, shapely.Polygon]]) -> None:
        outlines = [outline for outline, _ in objects]
        placed = np.array([polygon for _, polygon in objects], object)
        square_metres = areas(placed, self._grid, self._resolution)
        self._known_areas += int(np.isfinite(square_metres).sum())
        self._area += float(np.nansum(square_metres))
        self.count += len(outlines)
        columns = {
            "expression": self._same("expression", placed, object),
            "score": np.array([outline.score for outline in outlines], np.float64),
            "area_m2": square_metres,
            "model": self._same("model", placed, object),
            "weights_sha256": self._same("weights_sha256", placed, object),
            "source": self._same("source", placed, object),
            "resolution": self._same("resolution", placed, np.float64),
        }
        self._write(shapely.to_wkb(placed), columns)

    def seal(self) -> None:
        """Writes into it what tells later whether it was edited since."""
        with self._disk():
            metadata = {SEAL: digest(self._partial)}
        self._write(np.empty(0, object), {"source": np.empty(0, object)}, metadata)

    def _same(self, name: str, placed: Polygons, kind: Any) -> npt.NDArray[Any]:
        return np.full(len(placed), self._attributes.get(name), kind)

    def _write(
        self,
        geometries: Any,
        columns: Mapping[str, npt.NDArray[Any]],
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        with self._disk(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "'crs' was not provided")
            pyogrio.raw.write(
                self._partial,
                geometry=geometries,
                field_data=list(columns.values()),
                fields=list(columns),
                crs=self._wkt,
                layer=LAYER,
                driver="GPKG",
                geometry_type="Polygon",
                dataset_options={"VERSION": "1.2"},  # what QGIS 3.22 reads without a warning
                layer_metadata=metadata,
                append=self.exists,
            )
        self.exists = True

    @contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except (DataLayerError, DataSourceError, OSError, sqlite3.Error) as error:
            reason = str(error).rstrip(".")
            raise OutputError(
                f"{self._path} cannot be written: {reason}. Check the space on its disk."
            ) from error
