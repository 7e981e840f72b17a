"""Neighbours: streamed objects with the room that each edge has towards the nearest other one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from engine.vector.edges import Edges, Floats, Integers, gaps
from engine.vector.outlines import Outline, Polygons, Traced, polygons

Scale = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Surrounded:
    """Finished objects, and how far others are from them.

    Attributes:
        outlines: `n` of them.
        polygons: their exact polygons, scaled, `(n,)`.
        gaps: distance from each edge, as `Edges.of(polygons)` orders them, to the nearest pixel of
            another object; infinite where that is farther than was looked.
    """

    outlines: list[Outline]
    polygons: Polygons
    gaps: Floats

    def only(self, chosen: npt.NDArray[np.bool_]) -> Surrounded:
        """The objects chosen by a mask `(n,)`."""
        return Surrounded(
            [self.outlines[index] for index in np.flatnonzero(chosen)],
            self.polygons[chosen],
            self.gaps[Edges.of(self.polygons).at(chosen)],
        )


def surrounded(traced: Iterable[Traced], scale: Scale, reach: float) -> Iterator[Surrounded]:
    """Give each object once all that is near it has been read.

    An object waits until the rows within reach below it have been read. What has been given stays
    known while something near it waits or grows. So memory follows the objects that are open at a
    time, and the result does not depend on where the raster is cut into bands.

    Args:
        traced: what `trace` gives.
        scale: by which columns and rows are multiplied.
        reach: how far to look for others, in scaled units; with 0 nothing waits.
    """
    if not reach:
        yield from (_alone(step.finished, scale) for step in traced)
        return
    waiting: list[Outline] = []
    given: list[Outline] = []
    for step in traced:
        waiting += step.finished
        settled = step.rows - reach / scale[1]
        ready = [outline for outline in waiting if outline.bottom <= settled]
        waiting = [outline for outline in waiting if outline.bottom > settled]
        known = [*ready, *given, *waiting, *step.growing]
        near = _near(known, scale, reach)
        yield _measured(ready, near, scale, reach)
        closed = len(ready) + len(given)
        needed = np.unique(near.first[(near.first < closed) & (near.second >= closed)])
        given = [known[index] for index in needed]


def _alone(outlines: list[Outline], scale: Scale) -> Surrounded:
    exact = _exact(outlines, scale)
    # Every ring repeats its first point.
    edges = shapely.get_num_coordinates(exact) - 1 - shapely.get_num_interior_rings(exact)
    return Surrounded(outlines, exact, np.full(edges.sum(), np.inf))


@dataclass(frozen=True, eq=False)
class _Near:
    """Which objects are within reach of each other: the pairs, both ways round, and their parts."""

    first: Integers
    second: Integers
    parts: Polygons
    part_of_second: Integers


def _near(known: Sequence[Outline], scale: Scale, reach: float) -> _Near:
    parts = _scaled(np.array([part for o in known for part in o.parts], object), scale)
    owner = np.repeat(np.arange(len(known)), [len(outline.parts) for outline in known])
    first, second = shapely.STRtree(parts).query(parts, predicate="dwithin", distance=reach)
    foreign = owner[first] != owner[second]
    return _Near(owner[first[foreign]], owner[second[foreign]], parts, second[foreign])


def _measured(ready: list[Outline], near: _Near, scale: Scale, reach: float) -> Surrounded:
    exact = _exact(ready, scale)
    edges = Edges.of(exact)
    nearest = np.full(len(edges.ring), np.inf)
    of_ready = near.first < len(ready)
    crowded = np.zeros(len(ready), bool)
    crowded[near.first[of_ready]] = True
    if crowded.any():
        # A part may belong to two that are ready, so each is one of the others of the other.
        parts, place = np.unique(near.part_of_second[of_ready], return_index=True)
        others = Edges.of(near.parts[parts])
        other = near.second[of_ready][place][others.owner]
        some = Edges.of(exact[crowded])
        mine = np.flatnonzero(crowded)[some.owner]
        nearest[edges.at(crowded)] = gaps(some, mine, others, other, reach)
    return Surrounded(ready, exact, nearest)


def _exact(outlines: list[Outline], scale: Scale) -> Polygons:
    return _scaled(polygons(outlines), scale) if outlines else np.empty(0, object)


def _scaled(shapes: npt.NDArray[np.object_], scale: Scale) -> Polygons:
    if scale == (1, 1):
        return shapes
    scaled: Polygons = shapely.transform(shapes, lambda at: at * scale)
    return scaled
