"""A polygon in one CRS -> the part of a rectangle in another that it covers.

A transformation is only trusted where it is tame: near enough to linear on a grid of points. Far
from where a CRS is meant for, at its poles and where its ends meet, it fails, folds or jumps, so
neither a view of a continent nor a raster of the world can be transformed as a whole.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import product
from math import hypot
from typing import Optional

from qgis.core import (
    QgsCoordinateTransform,
    QgsCsException,
    QgsGeometry,
    QgsPointXY,
    QgsRectangle,
    QgsWkbTypes,
)

EDGE_POINTS = 40
"""Points put on every edge before a transformation, which bends straight edges."""

STEPS = 6
"""A rectangle is looked at in this many steps across and down."""

BEND = 0.25
"""How far a point may lie from between its neighbours, by their distance, where it is tame."""

MARGIN = 0.1
"""How much ground around the image of a cell is transformed with it, by the cell's size."""

MOST_CELLS = 700
"""How many cells are looked at: where a transformation jumps, they become ever smaller."""

Row = list[QgsPointXY]


def covered(
    geometry: QgsGeometry, whole: QgsRectangle, onto: QgsCoordinateTransform
) -> QgsGeometry:
    """The part of `whole` that `geometry` covers; empty where they do not meet.

    Args:
        geometry: A polygon or multipolygon.
        whole: A rectangle, in another CRS.
        onto: From the CRS of the rectangle to the one of the polygon.
    """
    back = QgsCoordinateTransform(onto.destinationCrs(), onto.sourceCrs(), onto.context())
    image = _image(whole, onto)
    if image is None and _both_ways(geometry.boundingBox(), back, onto):
        part = _moved(geometry, back)
        if part is not None:
            return part.intersection(QgsGeometry.fromRect(whole))
    return QgsGeometry.unaryUnion(list(_parts(geometry, whole, onto, back)))


def _parts(
    geometry: QgsGeometry,
    whole: QgsRectangle,
    onto: QgsCoordinateTransform,
    back: QgsCoordinateTransform,
) -> Iterator[QgsGeometry]:
    """What is covered of the largest cells of the rectangle on which `onto` is tame."""
    cells = deque([whole])
    for _ in range(MOST_CELLS):
        if not cells:
            return
        cell = cells.popleft()
        image = _image(cell, onto)
        part = None if image is None else _part(geometry, cell, image, back)
        if part is None:
            cells.extend(_quarters(cell))
        elif not part.isEmpty():
            yield part


def _part(
    geometry: QgsGeometry, cell: QgsRectangle, image: QgsGeometry, back: QgsCoordinateTransform
) -> Optional[QgsGeometry]:
    """What is covered of a cell; None where `back` does not lead into it again."""
    if not geometry.intersects(image):
        return QgsGeometry()
    if geometry.contains(image):
        return QgsGeometry.fromRect(cell)
    near = _moved(geometry.intersection(image), back)
    around = QgsRectangle(cell)
    around.scale(2)
    if near is None or not around.contains(near.boundingBox()):
        return None
    return near.intersection(QgsGeometry.fromRect(cell))


def _image(cell: QgsRectangle, onto: QgsCoordinateTransform) -> Optional[QgsGeometry]:
    """What surely holds a cell after the transformation; None where that is not tame."""
    grid = _grid(cell)
    if not _transform(grid, onto):
        return None
    points = grid.asMultiPoint()
    rows = [points[first : first + STEPS + 1] for first in range(0, len(points), STEPS + 1)]
    if not all(_tame(line) for line in (*rows, *map(list, zip(*rows)))):
        return None
    hull = grid.convexHull()
    bounds = hull.boundingBox()
    return hull.buffer(MARGIN * min(bounds.width(), bounds.height()), 2)


def _both_ways(
    cell: QgsRectangle, onto: QgsCoordinateTransform, back: QgsCoordinateTransform
) -> bool:
    """Whether a transformation is tame on a cell, and each point comes back to its place."""
    grid = _grid(cell)
    near = max(cell.width(), cell.height()) / 1000
    return (
        _image(cell, onto) is not None
        and _transform(grid, onto)
        and _transform(grid, back)
        and all(
            a.distance(b) < near for a, b in zip(grid.asMultiPoint(), _grid(cell).asMultiPoint())
        )
    )


def _grid(cell: QgsRectangle) -> QgsGeometry:
    """Points across and down, row by row, the borders among them."""
    across, down = cell.width() / STEPS, cell.height() / STEPS
    steps = range(STEPS + 1)
    return QgsGeometry.fromMultiPointXY(
        [
            QgsPointXY(cell.xMinimum() + col * across, cell.yMinimum() + row * down)
            for row, col in product(steps, steps)
        ]
    )


def _tame(line: Row) -> bool:
    """Whether each point lies about in the middle between its neighbours."""
    return all(
        hypot(a.x() - 2 * b.x() + c.x(), a.y() - 2 * b.y() + c.y()) <= BEND * a.distance(c)
        for a, b, c in zip(line, line[1:], line[2:])
    )


def _moved(geometry: QgsGeometry, by: QgsCoordinateTransform) -> Optional[QgsGeometry]:
    """A polygon after a transformation, its edges bent; None where that fails."""
    moved = geometry.densifyByCount(EDGE_POINTS)
    if not _transform(moved, by):
        return None
    return polygons(moved if moved.isGeosValid() else moved.makeValid())


def _transform(geometry: QgsGeometry, by: QgsCoordinateTransform) -> bool:
    """Transforms a geometry in place; whether all of it has a place afterwards."""
    try:
        geometry.transform(by)
    except QgsCsException:
        return False
    return geometry.boundingBox().isFinite()


def polygons(geometry: QgsGeometry) -> QgsGeometry:
    """A geometry without the lines and points that an intersection may leave."""
    kind = QgsWkbTypes.GeometryType.PolygonGeometry
    return QgsGeometry.unaryUnion([p for p in geometry.asGeometryCollection() if p.type() == kind])


def _quarters(cell: QgsRectangle) -> Iterator[QgsRectangle]:
    x = (cell.xMinimum(), cell.center().x(), cell.xMaximum())
    y = (cell.yMinimum(), cell.center().y(), cell.yMaximum())
    for col, row in product(range(2), repeat=2):
        yield QgsRectangle(x[col], y[row], x[col + 1], y[row + 1])
