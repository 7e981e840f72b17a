"""Simplification: fewer corners, no two objects that overlap.

Objects come one by one. `shapely.simplify` on each alone makes neighbours overlap, and
`shapely.coverage_simplify` gives what depends on which objects it sees together. Measured on 22,494
objects at a tolerance of 1.5 pixels: the first left 4 overlaps and moved outlines by up to 1.8, the
second by up to 4.1; what is done here left none, moved them by 1.5 and kept fewer corners than the
second.

Each edge knows how far the nearest other object is, and may move less than half of that way. Every
point of a simplified outline is then nearer to its own object than to any other, so that two of
them cannot meet, whatever becomes of the other one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from engine.vector.edges import Edges, Floats, Integers
from engine.vector.outlines import Polygons

SHARE = 0.45
"""Of the way to the nearest other object: less than half, so that rounding joins no two."""

STEPS = 4
"""Tolerances that are tried, each half of the one before; after them a ring stays exact."""

Bools = npt.NDArray[np.bool_]


def reach(tolerance: float) -> float:
    """How far other objects matter to what moves by up to a tolerance."""
    return tolerance / SHARE


def simplify(polygons: Polygons, gaps: Floats, tolerance: float) -> Polygons:
    """Leave out corners, by Douglas and Peucker's method.

    Simplified and exact outline are within the tolerance of each other, and less far apart where
    another object is near. Where a ring would vanish, or a polygon's rings would cross, half of the
    tolerance is tried, then a quarter, an eighth, and at last the exact ring stays.

    Args:
        polygons: valid and normalized, `(n,)`.
        gaps: distance from each of their edges to the nearest other object.
        tolerance: how far the outline may move; 0 changes nothing.

    Returns:
        Valid polygons, `(n,)`, each with as many rings as before, in the same order.
    """
    result = polygons.copy()
    left = np.arange(len(polygons) if tolerance > 0 else 0)
    halved = np.zeros(len(Edges.of(polygons[left]).polygon), int)
    while len(left):
        edges = Edges.of(polygons[left])
        tolerances = np.where(halved < STEPS, tolerance / 2.0**halved, 0)
        allowed = _steps(np.minimum(SHARE * gaps, tolerances[edges.ring]), tolerance)
        cut = _extremes(edges) | (allowed != allowed[edges.shifted(-1)])
        points, ring = _runs(edges, cut, allowed)
        vanished = np.bincount(ring, minlength=len(halved)) < 3
        whole = np.bincount(edges.polygon[vanished], minlength=len(left)) == 0
        drawn, sound = _built(edges, points, ring, whole)
        result[left[sound]] = drawn[sound]
        again = ~sound[edges.polygon]
        halved = (halved + (vanished | (whole & ~sound)[edges.polygon]))[again]
        left, gaps = left[~sound], gaps[again[edges.ring]]
    return result


def _built(edges: Edges, points: Floats, ring: Integers, whole: Bools) -> tuple[Polygons, Bools]:
    """Polygons `(n,)` from the points that stay, and which of them are sound.

    Args:
        edges: before.
        points: after, `(q, 2)`.
        ring: that each of them is in, `(q,)`.
        whole: the polygons, `(n,)`, whose rings all have three points; the others become None.
    """
    drawn = np.full(len(whole), None, object)
    rings = whole[edges.polygon]
    kept = rings[ring]
    simple = Edges(points[kept], (np.cumsum(rings) - 1)[ring[kept]], edges.polygon[rings])
    if whole.any():
        linear = shapely.linearrings(simple.points, indices=simple.ring)
        drawn[whole] = shapely.polygons(linear, indices=(np.cumsum(whole) - 1)[simple.polygon])
    return drawn, whole & shapely.is_valid(drawn)


def _steps(allowed: Floats, tolerance: float) -> Floats:
    """Tolerances rounded down to a half, a quarter, an eighth of the whole, or nothing.

    Long runs of edges then have the same one.
    """
    steps = tolerance / 2.0 ** np.arange(STEPS - 1, -1, -1)
    place = np.searchsorted(steps, allowed, side="right")
    return np.concatenate([[0], steps])[place]


def _extremes(edges: Edges) -> Bools:
    """Two corners of each ring that stay: the farthest from its middle, and farthest from that."""
    middle = np.add.reduceat(edges.points, edges.first) / edges.count[:, None]
    first = _farthest(edges, middle)
    second = _farthest(edges, edges.points[first])
    chosen = np.zeros(len(edges.ring), bool)
    chosen[first] = chosen[second] = True
    return chosen


def _farthest(edges: Edges, places: Floats) -> Integers:
    """The point of each ring that is farthest from the ring's place, `(r,)`."""
    distance = ((edges.points - places[edges.ring]) ** 2).sum(axis=1)
    order = np.lexsort((-distance, edges.ring))
    farthest: Integers = order[edges.first]
    return farthest


def _runs(edges: Edges, cut: Bools, tolerance: Floats) -> tuple[Floats, Integers]:
    """Simplify each run of edges from one cut to the next: the points that stay, and their rings.

    Args:
        edges: of which each ring is cut somewhere.
        cut: the points that stay, `(p,)`.
        tolerance: of each edge, the same from cut to cut.
    """
    where = np.flatnonzero(cut)
    start = where[np.searchsorted(edges.ring[where], np.arange(len(edges.polygon)))]
    turned = edges.shifted((start - edges.first)[edges.ring])
    points, cut, tolerance = edges.points[turned], cut[turned], tolerance[turned]
    following = edges.shifted(1)
    starts = np.flatnonzero(cut)
    run = np.cumsum(cut) - 1
    last = np.append(starts[1:], len(cut)) - 1
    # Each run ends where the next one of its ring starts.
    order = np.insert(np.arange(len(cut)), last + 1, following[last])
    lines = shapely.linestrings(points[order], indices=np.insert(run, last + 1, run[last]))
    simple = shapely.simplify(lines, tolerance[starts], preserve_topology=False)
    stay, run_of_point = shapely.get_coordinates(simple, return_index=True)
    inner = np.append(run_of_point[1:] == run_of_point[:-1], False)
    return stay[inner], edges.ring[starts][run_of_point[inner]]
