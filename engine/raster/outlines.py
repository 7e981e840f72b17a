"""Outlines: the exact pixel-edge polygons of the objects in a stored probability raster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from affine import Affine
from rasterio.features import rasterize, shapes

from engine.raster.stored import SCALE, Bytes, at_least

Labels = npt.NDArray[np.int32]


@dataclass
class Outline:
    """A 4-connected object.

    Attributes:
        parts: polygons in pixel coordinates (column, row) that touch along edges only.
        pixels: how many it has.
        total: the sum of their stored bytes.
    """

    parts: list[shapely.Polygon]
    pixels: int
    total: int

    @property
    def score(self) -> float:
        """Mean probability of its pixels."""
        return self.total / (SCALE * self.pixels)

    def polygon(self) -> shapely.Polygon:
        """One valid polygon with its holes, the same however many parts it was found in."""
        whole = shapely.union_all(self.parts) if len(self.parts) > 1 else self.parts[0]
        return shapely.simplify(shapely.normalize(whole), 0, preserve_topology=False)

    def absorb(self, other: Outline) -> None:
        """Add another part of the same object."""
        self.parts += other.parts
        self.pixels += other.pixels
        self.total += other.total


def trace(bands: Iterable[tuple[int, Bytes]], threshold: float) -> Iterator[Outline]:
    """Give the objects that reach a threshold, each as soon as no later band can add to it.

    Args:
        bands: consecutive bands from top to bottom: first row and stored bytes `(n, width)`.
        threshold: the least probability of an object's pixels.
    """
    growing: list[Outline] = []
    above: Labels | None = None
    for row, stored in bands:
        found, labels = _objects(row, stored, at_least(stored, threshold))
        labels[labels > 0] += len(growing)
        objects = growing + found
        roots = _join(len(objects), above, labels[0]) if above is not None else range(len(objects))
        for index, root in enumerate(roots):
            if root != index:
                objects[root].absorb(objects[index])
        open_ends = sorted({roots[label - 1] for label in np.unique(labels[-1]) if label})
        yield from (objects[root] for root in sorted(set(roots).difference(open_ends)))
        growing = [objects[root] for root in open_ends]
        places = {root: place for place, root in enumerate(open_ends, start=1)}
        above = np.array([0, *(places.get(root, 0) for root in roots)], np.int32)[labels[-1]]
    yield from growing


def _objects(row: int, stored: Bytes, mask: npt.NDArray[np.bool_]) -> tuple[list[Outline], Labels]:
    """The 4-connected objects of a band, and their numbers from 1 in each pixel; 0 is none."""
    place = Affine.translation(0, row)
    traced = shapes(mask.astype(np.uint8), mask=mask, connectivity=4, transform=place)
    rings: list[Any] = [ring for ring, _ in traced]
    labels = np.zeros(mask.shape, np.int32)
    if rings:
        rasterize(((ring, n) for n, ring in enumerate(rings, start=1)), out=labels, transform=place)
    sums = np.bincount(labels.ravel(), weights=stored.ravel(), minlength=len(rings) + 1)
    counts = np.bincount(labels.ravel(), minlength=len(rings) + 1)
    outlines = [
        Outline([shapely.geometry.shape(ring)], int(count), int(total))
        for ring, count, total in zip(rings, counts[1:], sums[1:], strict=True)
    ]
    return outlines, labels


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
