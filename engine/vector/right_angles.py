"""Right angles: outlines of buildings as walls along one direction and across it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from engine.vector.edges import Floats

SKETCH = 1.5
"""Tolerance in pixels that turns the stairs of a raster into walls."""

SHORTEST = 2.5
"""Walls shorter than so many pixels are taken for noise, or the tolerance where that is more."""

FARTHEST = 3.0
"""Pixels that a corner may lie outside of the mask, or the tolerance where that is more."""

ONE_DIRECTION = 0.75
"""The least agreement of directions modulo 90 degrees: 1 for a rectangle, 0 for a disc."""

LEAST_IOU = 0.85
"""With the exact outline."""


@dataclass
class _Wall:
    """Neighbouring edges of one direction.

    Attributes:
        across: whether it runs across the dominant direction rather than along it.
        offset: where it lies, measured at a right angle to it.
        length: of the exact outline that it stands for.
    """

    across: bool
    offset: float
    length: float

    def absorb(self, other: _Wall) -> None:
        """Add a wall of the same direction."""
        together = self.length + other.length
        self.offset = (self.offset * self.length + other.offset * other.length) / together
        self.length = together


def right_angled(
    exact: shapely.Polygon, sketch: shapely.Polygon, room: float, tolerance: float = 0
) -> shapely.Polygon | None:
    """The outline with right angles only, each wall where the mask's edge lies on average.

    Args:
        exact: the outline of the pixels.
        sketch: what `simplify` makes of it: some of its corners, ring by ring.
        room: how far it may reach outside of the exact one.
        tolerance: see `SHORTEST`.

    Returns:
        A valid polygon; None where the walls have no common direction, or where the result would
        be far from the exact outline, so that it is no building.
    """
    angle, agreement = _direction(_points(sketch.exterior))
    if agreement < ONE_DIRECTION:
        return None
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    drawn = (sketch.exterior, *sketch.interiors)
    rings = []
    for simple, stairs in zip(drawn, (exact.exterior, *exact.interiors), strict=True):
        corners = _corners(_points(stairs) @ turn, _points(simple) @ turn, tolerance)
        if corners is None:
            return None
        rings.append(corners @ turn.T)
    polygon = shapely.Polygon(rings[0], rings[1:])
    return polygon if _faithful(polygon, exact, min(room, max(FARTHEST, tolerance))) else None


def _faithful(polygon: shapely.Polygon, exact: shapely.Polygon, room: float) -> bool:
    if not polygon.is_valid:
        return False
    common = polygon.intersection(exact).area
    if common < LEAST_IOU * (polygon.area + exact.area - common):
        return False
    return bool(exact.buffer(room).covers(polygon) if room > 0 else exact.covers(polygon))


def _points(ring: shapely.LinearRing) -> Floats:
    """The corners of a ring, each once."""
    points: Floats = shapely.get_coordinates(ring)[:-1]
    return points


def _direction(corners: Floats) -> tuple[float, float]:
    """The edges' common direction modulo 90 degrees, in radians, and how far they agree, 0 to 1.

    Long edges count more: each with the square of its length, since its direction is known better.
    """
    edges = np.roll(corners, -1, axis=0) - corners
    weights = (edges**2).sum(axis=1)
    fourfold = np.exp(4j * np.arctan2(edges[:, 1], edges[:, 0]))
    mean = (weights * fourfold).sum() / weights.sum()
    return float(np.angle(mean)) / 4, float(abs(mean))


def _corners(stairs: Floats, corners: Floats, tolerance: float) -> Floats | None:
    """Corners where the walls of a ring meet; all coordinates are along and across the walls."""
    walls = _joined(_walls(stairs, corners))
    shortest = max(SHORTEST, tolerance)
    while len(walls) > 4:
        lengths = [_length(walls, number) for number in range(len(walls))]
        number = int(np.argmin(lengths))
        if lengths[number] >= shortest:
            break
        del walls[number]
        walls = _joined(walls)
    if len(walls) < 4:
        return None
    meetings = zip(walls, [*walls[1:], walls[0]], strict=True)
    return np.array(
        [
            (wall.offset, following.offset) if wall.across else (following.offset, wall.offset)
            for wall, following in meetings
        ]
    )


def _walls(stairs: Floats, corners: Floats) -> list[_Wall]:
    """For each edge between two corners a wall at the mean offset of the stairs beside it."""
    places = {tuple(point): place for place, point in enumerate(stairs.tolist())}
    starts = [places[tuple(corner)] for corner in corners.tolist()]
    walls = []
    for number, start in enumerate(starts):
        end = starts[(number + 1) % len(starts)]
        path = np.take(stairs, range(start, end + 1 + (end <= start) * len(stairs)), 0, mode="wrap")
        along, across = np.abs(path[-1] - path[0])
        steps = np.hypot(*np.diff(path, axis=0).T)
        middles = (path[1:] + path[:-1]) / 2
        offset = np.average(middles[:, int(along >= across)], weights=steps)
        walls.append(_Wall(bool(across > along), float(offset), float(steps.sum())))
    return walls


def _joined(walls: Sequence[_Wall]) -> list[_Wall]:
    """The walls, neighbours of one direction as one; the last and the first are neighbours."""
    joined: list[_Wall] = []
    for wall in walls:
        if joined and joined[-1].across == wall.across:
            joined[-1].absorb(wall)
        else:
            joined.append(wall)
    if len(joined) > 1 and joined[0].across == joined[-1].across:
        joined[0].absorb(joined.pop())
    return joined


def _length(walls: Sequence[_Wall], number: int) -> float:
    """From the wall before to the wall after."""
    return abs(walls[(number + 1) % len(walls)].offset - walls[number - 1].offset)
