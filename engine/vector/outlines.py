"""Outlines: the exact pixel-edge polygons of the objects in a stored probability raster."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
import shapely
from affine import Affine
from rasterio.features import shapes
from scipy import ndimage

from engine.raster.stored import SCALE, Bytes, at_least

Labels = npt.NDArray[np.int32]
Polygons = npt.NDArray[np.object_]


@dataclass
class Outline:
    """A 4-connected object.

    Attributes:
        parts: polygons in pixel coordinates (column, row) that touch along edges only.
        pixels: how many it has.
        total: the sum of their stored bytes.
        bottom: the row under its last one.
    """

    parts: list[shapely.Polygon]
    pixels: int
    total: int
    bottom: float

    @property
    def score(self) -> float:
        """Mean probability of its pixels."""
        return self.total / (SCALE * self.pixels)

    def absorb(self, other: Outline) -> None:
        """Add another part of the same object."""
        self.parts += other.parts
        self.pixels += other.pixels
        self.total += other.total
        self.bottom = max(self.bottom, other.bottom)


def polygons(outlines: Sequence[Outline]) -> Polygons:
    """A valid polygon with its holes for each object, `(n,)`, the same whatever its parts are."""
    wholes = [
        shapely.union_all(outline.parts) if len(outline.parts) > 1 else outline.parts[0]
        for outline in outlines
    ]
    # Normalized rings start at a corner, so that no point along an edge can stay.
    rings = shapely.normalize(np.array(wholes, object))
    corners: Polygons = shapely.normalize(shapely.simplify(rings, 0, preserve_topology=False))
    return corners


@dataclass(frozen=True)
class Traced:
    """What is known once a band has been read.

    Attributes:
        rows: how many rows have been read; infinite after the last band.
        finished: objects that ended in it.
        growing: objects that the next band may add to, as far as they have been read.
    """

    rows: float
    finished: list[Outline]
    growing: list[Outline]


def trace(bands: Iterable[tuple[int, Bytes]], threshold: float) -> Iterator[Traced]:
    """Give the objects that reach a threshold, each as soon as no later band can add to it.

    Args:
        bands: consecutive bands from top to bottom: first row and stored bytes `(n, width)`.
        threshold: the least probability of an object's pixels.
    """
    growing: list[Outline] = []
    above: Labels | None = None
    for row, stored in bands:
        found, labels = _objects(row, stored, at_least(stored, threshold))
        first, last = labels[0], labels[-1]
        for line in (first, last) if len(labels) > 1 else (first,):
            line[line > 0] += len(growing)
        objects = growing + found
        roots = _join(len(objects), above, first) if above is not None else range(len(objects))
        for index, root in enumerate(roots):
            if root != index:
                objects[root].absorb(objects[index])
        open_ends = sorted({roots[label - 1] for label in np.unique(last) if label})
        finished = [objects[root] for root in sorted(set(roots).difference(open_ends))]
        growing = [objects[root] for root in open_ends]
        places = {root: place for place, root in enumerate(open_ends, start=1)}
        above = np.array([0, *(places.get(root, 0) for root in roots)], np.int32)[last]
        yield Traced(row + len(stored), finished, growing)
    yield Traced(math.inf, growing, [])


def _objects(row: int, stored: Bytes, mask: npt.NDArray[np.bool_]) -> tuple[list[Outline], Labels]:
    """The 4-connected objects of a band, and their numbers from 1 in each pixel; 0 is none."""
    labels = np.empty(mask.shape, np.int32)
    ndimage.label(mask, output=labels)
    numbers = labels[mask]
    if not numbers.size:
        return [], labels
    counts = np.bincount(numbers).tolist()
    totals = np.bincount(numbers, weights=stored[mask]).astype(int).tolist()
    place = Affine.translation(0, row)
    traced = list(shapes(labels, mask=mask, connectivity=4, transform=place))
    traced.sort(key=lambda object_: object_[1])
    parts = _polygons([geometry["coordinates"] for geometry, _ in traced])
    bottoms = shapely.bounds(parts)[:, 3].tolist()
    each = zip(parts, counts[1:], totals[1:], bottoms, strict=True)
    return [Outline([polygon], *facts) for polygon, *facts in each], labels


def _polygons(coordinates: list[list[list[tuple[float, float]]]]) -> Polygons:
    """Polygons from GeoJSON coordinates: for each its shell, then its holes."""
    rings = [ring for polygon in coordinates for ring in polygon]
    ring_of_point = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    polygon_of_ring = np.repeat(np.arange(len(coordinates)), [len(p) for p in coordinates])
    points = np.fromiter(chain.from_iterable(chain.from_iterable(rings)), np.float64)
    linear = shapely.linearrings(points.reshape(-1, 2), indices=ring_of_point)
    built: Polygons = shapely.polygons(linear, indices=polygon_of_ring)
    return built


def _join(count: int, above: Labels, below: Labels) -> list[int]:
    """The first object that each of `count` objects is one with across a seam (union-find).

    Args:
        count: how many objects there are.
        above: object numbers from 1 in the row over the seam, `(width,)`; 0 is none.
        below: the same in the row under it.
    """
    parents = list(range(count))

    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = index = parents[parents[index]]
        return index

    touching = (above > 0) & (below > 0)
    for upper, lower in np.unique(np.stack([above, below], axis=1)[touching], axis=0):
        first, second = sorted((root(upper - 1), root(lower - 1)))
        parents[second] = first
    return [root(index) for index in range(count)]
