"""A raster, the polygons drawn on it, what they are -> the engine's LabelledLayer."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsMapLayer, QgsRasterLayer

from . import drawing
from .extents import METRES_PER_DEGREE, around
from .layers import file_of, source_of

MARGIN = 400
"""Pixels around the polygons that are fetched of a raster without a file."""

RESOLUTION = 0.5
"""Metres a pixel of one without pixels of its own, where nothing is asked for."""


def labelled_layer(
    raster: Optional[QgsMapLayer],
    polygons: Optional[QgsMapLayer],
    field: str = "",
    expression: str = "",
    only_selected: bool = False,
    resolution: Optional[float] = None,
) -> dict[str, Any]:
    """The parameters of a LabelledLayer, with what has yet to be written for it.

    Args:
        raster: The raster layer.
        polygons: The polygon layer.
        field: The column that says what each polygon is; else
        expression: what all of them are.
        only_selected: Whether only selected polygons are meant.
        resolution: Metres a pixel to fetch a raster without a file at.

    Raises:
        Refusal: A layer is no raster, no polygon layer, not available, or empty.
    """
    drawn = drawing.drawing_of(polygons, field, only_selected)
    place = None
    if isinstance(raster, QgsRasterLayer) and raster.isValid() and file_of(raster) is None:
        if raster.width() < 1:
            resolution = resolution or RESOLUTION
        place = around(drawn.place, raster, MARGIN * (resolution or _pixel(raster)))
    meant = {"field": drawing.EXPRESSION} if field else {"expression": expression.strip()}
    return {
        "raster": source_of(raster, place, None, resolution if place else None),
        "polygons": drawn,
        "layer": drawing.LAYER,
        **meant,
    }


def _pixel(raster: QgsRasterLayer) -> float:
    """About how many metres its own pixels are wide."""
    return raster.rasterUnitsPerPixelX() * (METRES_PER_DEGREE if raster.crs().isGeographic() else 1)
