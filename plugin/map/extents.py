"""A place on the map -> the part of a raster it covers, in the raster's own CRS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsGeometry,
    QgsMapSettings,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QCoreApplication

from .covered import EDGE_POINTS, covered, polygons

translate = QCoreApplication.translate

Bounds = tuple[float, float, float, float]
METRES_PER_DEGREE = 111_000.0
"""Roughly, of latitude."""


class Refusal(Exception):
    """A layer or an extent that cannot be segmented; the message tells the analyst what to do."""


@dataclass(frozen=True)
class Place:
    """A polygon or multipolygon on the map, and the CRS of its coordinates."""

    geometry: QgsGeometry
    crs: QgsCoordinateReferenceSystem


def map_view(settings: QgsMapSettings) -> Place:
    """What the map shows, turned as the map is turned."""
    corners = settings.visiblePolygon()
    corners.append(corners.at(0))
    return Place(QgsGeometry.fromQPolygonF(corners), settings.destinationCrs())


def rectangle(bounds: QgsRectangle, crs: QgsCoordinateReferenceSystem) -> Place:
    """An upright rectangle in the coordinates of `crs`."""
    return Place(QgsGeometry.fromRect(bounds), crs)


def selected_polygons(layer: Optional[QgsVectorLayer]) -> Place:
    """The selected features of a polygon layer, as one geometry.

    Raises:
        Refusal: There is no such layer, or nothing is selected in it.
    """
    if layer is None or layer.geometryType() != QgsWkbTypes.GeometryType.PolygonGeometry:
        raise Refusal(translate("Extents", "Choose a polygon layer whose selection is the extent."))
    geometries = [f.geometry() for f in layer.selectedFeatures() if not f.geometry().isEmpty()]
    if not geometries:
        raise Refusal(
            translate(
                "Extents",
                "Nothing is selected in the layer “{}”. Select one or more of its polygons.",
            ).format(layer.name())
        )
    return Place(QgsGeometry.unaryUnion(geometries), layer.crs())


def around(place: Place, layer: QgsRasterLayer, metres: float) -> Place:
    """A place with ground around it, in the CRS of `layer`.

    Raises:
        Refusal: The place cannot be transformed.
    """
    geometry = QgsGeometry(place.geometry)
    if place.crs.isValid() and layer.crs().isValid() and place.crs != layer.crs():
        geometry = _transformed(geometry, place.crs, layer)
    margin = metres / METRES_PER_DEGREE if layer.crs().isGeographic() else metres
    return rectangle(geometry.boundingBox().buffered(margin), layer.crs())


def clip(place: Place, layer: QgsRasterLayer) -> tuple[Bounds, Optional[str]]:
    """The part of `layer` that `place` covers.

    Returns:
        The bounds `(xmin, ymin, xmax, ymax)` in the CRS of the layer, and the WKT of the polygon
        inside them where it is not simply these bounds.

    Raises:
        Refusal: The place does not meet the layer.
    """
    whole, geometry = layer.extent(), place.geometry
    geometry = geometry if geometry.isGeosValid() else geometry.makeValid()
    if place.crs.isValid() and layer.crs().isValid() and place.crs != layer.crs():
        onto = QgsCoordinateTransform(layer.crs(), place.crs, QgsProject.instance())
        part = covered(geometry, whole, onto)
    else:
        part = geometry.intersection(QgsGeometry.fromRect(whole))
    bounds = part.boundingBox()
    if part.isEmpty() or bounds.width() <= 0 or bounds.height() <= 0:
        raise Refusal(
            translate(
                "Extents",
                "The extent does not meet the raster layer “{}”. "
                "Zoom to the layer, or choose another extent.",
            ).format(layer.name())
        )
    corners = (bounds.xMinimum(), bounds.yMinimum(), bounds.xMaximum(), bounds.yMaximum())
    if part.isGeosEqual(QgsGeometry.fromRect(bounds)):
        return corners, None
    return corners, polygons(part).asWkt(17)


def _transformed(
    geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem, layer: QgsRasterLayer
) -> QgsGeometry:
    """`geometry` in the CRS of `layer`."""
    dense = geometry.densifyByCount(EDGE_POINTS)
    try:
        dense.transform(QgsCoordinateTransform(crs, layer.crs(), QgsProject.instance()))
    except QgsCsException as cause:
        raise Refusal(
            translate(
                "Extents",
                "The extent cannot be transformed from {} to {}, the CRS of “{}”. "
                "Zoom in, or set the map to the CRS of the layer.",
            ).format(crs.authid(), layer.crs().authid(), layer.name())
        ) from cause
    return dense if dense.isGeosValid() else dense.makeValid()
