"""Polygons: the objects of a stored probability raster as a GeoPackage layer."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyogrio
import shapely
from affine import Affine
from pyogrio.errors import DataLayerError, DataSourceError

from engine.errors import Cancelled, OutputError
from engine.raster.atomic import replacing
from engine.raster.ground import areas
from engine.raster.outlines import Outline, Polygons, polygons, trace
from engine.raster.stored import Bytes, StoredProbability, open_stored

LAYER = "segments"
FEATURES_AT_ONCE = 10_000


@dataclass(frozen=True)
class PolygonSummary:
    """How many polygons there are, and their square metres together; None without a CRS."""

    count: int
    area_m2: float | None


def write_polygons(
    probability_path: str | Path,
    path: str | Path,
    threshold: float,
    attributes: Mapping[str, Any],
    minimum_area_px: int = 0,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> PolygonSummary:
    """Write one polygon, along the edges of its pixels, for each 4-connected object.

    Args:
        probability_path: what `ProbabilityWriter` wrote.
        path: the GeoPackage to write, or to replace; its layer is `segments`.
        threshold: the least probability of an object's pixels.
        attributes: `expression`, `model`, `weights_sha256`, `source` and `resolution`, the same for
            every polygon; what is left out becomes NULL. `score` and `area_m2` are added.
        minimum_area_px: smaller objects are left out.
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
        outlines = trace(_watched(stored, progress, cancelled), threshold)
        large = (outline for outline in outlines if outline.pixels >= minimum_area_px)
        while (batch := list(islice(large, FEATURES_AT_ONCE))) or not layer.exists:
            layer.append(batch)
    return PolygonSummary(layer.count, layer.area_m2)


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
        self._transform = stored.grid.transform
        self._wkt = stored.grid.crs.to_wkt() if stored.grid.crs else None
        self._known_areas = 0
        self._area = 0.0
        self.count = 0
        self.exists = False

    @property
    def area_m2(self) -> float | None:
        known = self._known_areas or (self._wkt and not self.count)
        return self._area if known else None

    def append(self, outlines: list[Outline]) -> None:
        placed = _placed(outlines, self._transform)
        square_metres = areas(placed, self._wkt)
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
        try:
            self._write(shapely.to_wkb(placed), columns)
        except (DataLayerError, DataSourceError, OSError) as error:
            reason = str(error).rstrip(".")
            raise OutputError(
                f"{self._path} cannot be written: {reason}. Check the space on its disk."
            ) from error

    def _same(self, name: str, placed: Polygons, kind: Any) -> npt.NDArray[Any]:
        return np.full(len(placed), self._attributes.get(name), kind)

    def _write(self, geometries: Any, columns: Mapping[str, npt.NDArray[Any]]) -> None:
        with warnings.catch_warnings():
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
                append=self.exists,
            )
        self.exists = True


def _placed(outlines: list[Outline], transform: Affine) -> Polygons:
    """The objects' polygons in the CRS, exteriors counter-clockwise."""
    a, b, c, d, e, f = transform[:6]
    linear, origin = np.array([[a, d], [b, e]]), np.array([c, f])
    placed: Polygons = shapely.orient_polygons(
        shapely.transform(polygons(outlines), lambda at: at @ linear + origin)
    )
    return placed
