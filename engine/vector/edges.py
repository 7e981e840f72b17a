"""Edges: the sides of many polygons as flat arrays, and how far the nearest other object is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely

from engine.vector.outlines import Polygons

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]
EDGES_AT_ONCE = 50_000


@dataclass(frozen=True, eq=False)
class Edges:
    """The edges of polygons, ring after ring; edge k starts at point k.

    Attributes:
        points: where they start, `(p, 2)`.
        ring: the ring that each is in, `(p,)`, rising.
        polygon: the polygon that each ring is of, `(r,)`, rising; its shell comes first.
    """

    points: Floats
    ring: Integers
    polygon: Integers

    @classmethod
    def of(cls, polygons: Polygons) -> Edges:
        """The edges of polygons `(n,)`."""
        rings, polygon = shapely.get_rings(polygons, return_index=True)
        points, ring = shapely.get_coordinates(rings, return_index=True)
        first_again = np.append(ring[1:] != ring[:-1], True)[: len(ring)]
        return cls(points[~first_again], ring[~first_again], polygon)

    @property
    def owner(self) -> Integers:
        """The polygon that each edge is of, `(p,)`."""
        return self.polygon[self.ring]

    @cached_property
    def first(self) -> Integers:
        """The first edge of each ring, `(r,)`."""
        return np.searchsorted(self.ring, np.arange(len(self.polygon)))

    @cached_property
    def count(self) -> Integers:
        """The edges of each ring, `(r,)`."""
        return np.bincount(self.ring, minlength=len(self.polygon))

    def shifted(self, by: int | Integers) -> Integers:
        """For each place in the rings the edge that is so many places further round, `(p,)`."""
        first, count = self.first[self.ring], self.count[self.ring]
        return first + (np.arange(len(self.ring)) - first + by) % count

    @property
    def ends(self) -> Floats:
        """Where the edges end, `(p, 2)`."""
        return self.points[self.shifted(1)]

    @property
    def lines(self) -> npt.NDArray[np.object_]:
        """The edges as line strings, `(p,)`."""
        lines: npt.NDArray[np.object_] = shapely.linestrings(
            np.stack([self.points, self.ends], axis=1)
        )
        return lines

    @property
    def boxes(self) -> tuple[Floats, Floats]:
        """The least and the greatest coordinates of each edge, `(p, 2)` both."""
        return np.minimum(self.points, self.ends), np.maximum(self.points, self.ends)

    def at(self, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Which edges are of the polygons chosen by a mask `(n,)`."""
        return chosen[self.owner]


def gaps(edges: Edges, owner: Integers, others: Edges, other: Integers, reach: float) -> Floats:
    """How far each edge is from the nearest edge of another object; infinite beyond reach.

    Args:
        edges: `p` of them, along rows and columns, so that each is its own bounding box.
        owner: the object that each is of, `(p,)`.
        others: edges of all objects near by, the same ones among them.
        other: the object that each of them is of.
        reach: how far to look.
    """
    nearest = np.full(len(owner), np.inf)
    (low, high), (other_low, other_high) = edges.boxes, others.boxes
    tree = shapely.STRtree(others.lines)
    for start in range(0, len(owner), EDGES_AT_ONCE):
        some = slice(start, start + EDGES_AT_ONCE)
        around = shapely.box(*(low[some] - reach).T, *(high[some] + reach).T)
        mine, theirs = tree.query(around)
        mine += start
        foreign = owner[mine] != other[theirs]
        mine, theirs = mine[foreign], theirs[foreign]
        apart = np.maximum(low[mine] - other_high[theirs], other_low[theirs] - high[mine])
        np.minimum.at(nearest, mine, np.hypot(*np.maximum(apart, 0).T))
    nearest[nearest > reach] = np.inf
    return nearest
