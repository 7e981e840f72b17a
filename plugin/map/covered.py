"""A polygon in one CRS -> the part of a rectangle in another that it covers.

A transformation is only trusted where it is tame: near enough to linear on a grid of points. Far
from where a CRS is meant for, at its poles and where its ends meet, it fails, folds or jumps, so
neither a view of a continent nor a raster of the world can be transformed as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count, product
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

MOST_SPLITS = 400
"""How many cells are split: where a transformation jumps or fails, they become ever smaller."""

SMALLEST = 2.0**-24
"""The smallest side of a cell, by the side of the rectangle: what lies at a pole has no end."""

Row = list[QgsPointXY]


@dataclass(frozen=True)
class Image:
    """Where a cell lies after a transformation.

    Attributes:
        around: What surely holds it.
        across: How long its rows are.
        down: How long its columns are.
    """

    around: QgsGeometry
    across: float
    down: float


Cell = tuple[QgsRectangle, Optional[Image]]
"""A part of the rectangle; and its image, where the transformation is tame on it."""


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
    if image is None and _image(geometry.boundingBox(), back) is not None:
        part = _moved(geometry, back, onto)
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
    order: Iterator[int] = count()
    rest: list[tuple[float, int, QgsRectangle, Optional[Image]]] = []
    cells = [(whole, _image(whole, onto))]
    for _ in range(MOST_SPLITS):
        for cell, image in cells:
            part = None if image is None else _part(geometry, cell, image.around, onto, back)
            if part is not None:
                yield part
            elif _large(cell, whole):
                heappush(rest, (-cell.area(), next(order), cell, image))
        if not rest:
            return
        *_, cell, image = heappop(rest)
        cells = _halves(cell, image, onto)


def _large(cell: QgsRectangle, whole: QgsRectangle) -> bool:
    across, down = cell.width() / whole.width(), cell.height() / whole.height()
    return min(across, down) > SMALLEST


def _halves(cell: QgsRectangle, image: Optional[Image], onto: QgsCoordinateTransform) -> list[Cell]:
    """The cell in two: where one is tame, else across the longer side."""
    x, y = cell.center().x(), cell.center().y()
    left, right, lower, upper = (QgsRectangle(cell) for _ in range(4))
    left.setXMaximum(x)
    right.setXMinimum(x)
    lower.setYMaximum(y)
    upper.setYMinimum(y)
    beside, above = (
        [(half, _image(half, onto)) for half in pair] for pair in ((left, right), (lower, upper))
    )
    sides = (image.across, image.down) if image else (cell.width(), cell.height())
    gains = [sum(image is not None for _, image in pair) for pair in (beside, above)]
    return beside if (gains[0], sides[0]) > (gains[1], sides[1]) else above


def _part(
    geometry: QgsGeometry,
    cell: QgsRectangle,
    image: QgsGeometry,
    onto: QgsCoordinateTransform,
    back: QgsCoordinateTransform,
) -> Optional[QgsGeometry]:
    """What is covered of a cell; None where `back` does not lead into it again."""
    if not geometry.intersects(image):
        return QgsGeometry()
    if geometry.contains(image):
        return QgsGeometry.fromRect(cell)
    near = _moved(geometry.intersection(image), back, onto)
    around = QgsRectangle(cell)
    around.scale(2)
    if near is None or not around.contains(near.boundingBox()):
        return None
    return near.intersection(QgsGeometry.fromRect(cell))


def _image(cell: QgsRectangle, onto: QgsCoordinateTransform) -> Optional[Image]:
    """Where a cell lies after the transformation; None where that is not tame."""
    grid = _grid(cell)
    if not _transform(grid, onto):
        return None
    points = grid.asMultiPoint()
    rows = [points[first : first + STEPS + 1] for first in range(0, len(points), STEPS + 1)]
    columns = [list(column) for column in zip(*rows)]
    if not all(_tame(line) for line in (*rows, *columns)):
        return None
    hull = grid.convexHull()
    bounds = hull.boundingBox()
    around = hull.buffer(MARGIN * min(bounds.width(), bounds.height()), 2)
    return Image(around, max(map(_length, rows)), max(map(_length, columns)))


def _length(line: Row) -> float:
    return sum(a.distance(b) for a, b in zip(line, line[1:]))


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


def _moved(
    geometry: QgsGeometry, by: QgsCoordinateTransform, back: QgsCoordinateTransform
) -> Optional[QgsGeometry]:
    """A polygon after a transformation, its edges bent; None where that fails or leads astray."""
    dense = geometry.densifyByCount(EDGE_POINTS)
    moved = QgsGeometry(dense)
    if not _transform(moved, by):
        return None
    again = QgsGeometry(moved)
    if not _transform(again, back) or not _alike(again.boundingBox(), dense.boundingBox()):
        return None
    return polygons(moved if moved.isGeosValid() else moved.makeValid())


def _alike(one: QgsRectangle, other: QgsRectangle) -> bool:
    near = max(other.width(), other.height()) / 1000
    corners = ((one.xMinimum(), one.yMinimum()), (one.xMaximum(), one.yMaximum()))
    return (
        QgsPointXY(*corners[0]).distance(other.xMinimum(), other.yMinimum()) < near
        and QgsPointXY(*corners[1]).distance(other.xMaximum(), other.yMaximum()) < near
    )


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
