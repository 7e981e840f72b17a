"""An analyst's layers: painted rasters, and polygons drawn on them in any CRS."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from affine import Affine
from pyproj import Transformer

from engine.data.analyst.build import LabelledLayer
from engine.raster.source import Source
from tests.engine.painting import write

UTM = "EPSG:32633"
METRE = Affine(1, 0, 500_000, 0, -1, 5_000_000)


def raster(
    path: Path,
    width: int = 640,
    height: int = 480,
    shapes: Sequence[Any] = (),
    transform: Affine = METRE,
    crs: str | None = UTM,
    **profile: object,
) -> Source:
    """Dull ground, with shapes in pixels painted red."""
    pixels = np.full((3, height, width), 90, np.uint8)
    for shape in shapes:
        xmin, ymin, xmax, ymax = (round(edge) for edge in shape.bounds)
        pixels[:, max(ymin, 0) : ymax, max(xmin, 0) : xmax] = np.reshape((250, 10, 10), (3, 1, 1))
    return Source(write(path, pixels, transform, crs, **profile))


def on_ground(shapes: Sequence[Any], transform: Affine, crs: str | None, to: str | None) -> Any:
    """Shapes in pixels as shapes in a CRS."""
    across = Transformer.from_crs(crs, to, always_xy=True) if crs and to and crs != to else None

    def move(points: np.ndarray) -> np.ndarray:
        x, y = transform @ points.T
        return np.column_stack(across.transform(x, y) if across else (x, y))

    return shapely.transform(np.array(shapes, object), move)


def polygons(
    path: Path,
    shapes: Sequence[Any],
    texts: Sequence[object],
    transform: Affine = METRE,
    crs: str | None = UTM,
    to: str | None = UTM,
    layer: str = "labels",
    append: bool = False,
) -> Path:
    """A GeoPackage of shapes in pixels (None for none), with a column "name", in the CRS `to`."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "'crs' was not provided")  # which is what is asked for
        pyogrio.raw.write(
            path,
            geometry=shapely.to_wkb(on_ground(shapes, transform, crs, to)),
            field_data=[
                np.array(texts, object if not isinstance(texts, np.ndarray) else texts.dtype)
            ],
            fields=["name"],
            crs=to,
            layer=layer,
            driver="GPKG",
            geometry_type="Unknown",
            append=append,
        )
    return path


def grid_of_squares(width: int, height: int, pitch: int, side: int) -> list[shapely.Polygon]:
    """Squares all over a raster."""
    return [
        shapely.box(x, y, x + side, y + side)
        for y in range(pitch // 2, height - side, pitch)
        for x in range(pitch // 2, width - side, pitch)
    ]


def layer(
    folder: Path, shapes: Sequence[Any], texts: Sequence[object], **size: Any
) -> LabelledLayer:
    """A painted raster and its polygons."""
    drawn = [shape for shape in shapes if shape is not None and not shape.is_empty]
    source = raster(folder / "raster.tif", shapes=drawn, **size)
    return LabelledLayer(source, polygons(folder / "labels.gpkg", shapes, texts), field="name")
