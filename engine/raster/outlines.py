"""Outlines: the exact pixel-edge polygons of the objects in a stored probability raster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from affine import Affine
from rasterio.features import rasterize, shapes

from engine.raster.stored import SCALE, Bytes, at_least


@dataclass
class Outline:
    """An object, 4-connected: its parts in pixel coordinates (column, row), its pixels, and their stored bytes' sum."""

    parts: list[shapely.Polygon] = field(default_factory=list)
    pixels: int = 0
    total: int = 0

    @property
    def score(self) -> float:
        """Mean probability of its pixels."""
        return self.total / (SCALE * self.pixels)

    def polygon(self) -> shapely.Polygon:
        """One valid polygon with its holes, the same however many parts it was found in."""
        whole = shapely.union_all(self.parts) if len(self.parts) > 1 else self.parts[0]
        if not whole.is_valid:
            # A ring that meets itself at a pixel's corner: OGC wants a hole there.
            whole = shapely.make_valid(whole, method="structure")
        return shapely.simplify(shapely.normalize(whole), 0, preserve_topology=False)

    def absorb(self, other: Outline) -> None:
        """Add another part of the same object."""
        self.parts += other.parts
        self.pixels += other.pixels
        self.total += other.total


def trace(bands: Iterable[tuple[int, Bytes]], threshold: float) -> Iterator[Outline]:
    """Give the objects that reach a threshold, each as soon as no later band can add to it.

    Args:
        bands: consecutive bands of a raster's rows from top to bottom: first row and stored bytes `(n, width)`.
        threshold: the least probability of an object's pixels.
    """
    open_outlines: list[Outline] = []
    above: npt.NDArray[np.int32] | None = None
    for row, stored in bands:
        found, labels = _objects(row, stored, at_least(stored, threshold))
        if above is None:
            above = np.zeros(labels.shape[1], np.int32)
        nodes = open_outlines + found
        first = labels[0] + np.where(labels[0] > 0, len(open_outlines), 0)
        last = labels[-1] + np.where(labels[-1] > 0, len(open_outlines), 0)
        roots = _join(len(nodes), above, first)
        for node, root in enumerate(roots):
            if root != node:
                nodes[root].absorb(nodes[node])
        growing = sorted({roots[label - 1] for label in np.unique(last) if label})
        yield from (nodes[node] for node in sorted(set(roots) - set(growing)))
        place = {root: label for label, root in enumerate(growing, start=1)}
        open_outlines = [nodes[root] for root in growing]
        renumbered = np.array([0] + [place.get(root, 0) for root in roots], np.int32)
        above = renumbered[last]
    yield from open_outlines


def _objects(
    row: int, stored: Bytes, mask: npt.NDArray[np.bool_]
) -> tuple[list[Outline], npt.NDArray[np.int32]]:
    """The 4-connected objects of one band, and their numbers from 1 in each pixel, 0 where there is none."""
    place = Affine.translation(0, row)
    rings: list[Any] = [
        ring for ring, _ in shapes(mask.astype(np.uint8), mask=mask, connectivity=4, transform=place)
    ]
    labels = np.zeros(mask.shape, np.int32)
    if not rings:
        return [], labels
    numbered = zip(rings, range(1, len(rings) + 1), strict=True)
    rasterize(numbered, out=labels, transform=place)
    pixels = np.bincount(labels.ravel(), minlength=len(rings) + 1)[1:]
    totals = np.bincount(labels.ravel(), weights=stored.ravel(), minlength=len(rings) + 1)[1:]
    polygons = [shapely.geometry.shape(ring) for ring in rings]
    objects = [
        Outline([polygon], int(count), int(total))
        for polygon, count, total in zip(polygons, pixels, totals, strict=True)
    ]
    return objects, labels


def _join(count: int, above: npt.NDArray[np.int32], below: npt.NDArray[np.int32]) -> list[int]:
    """For each of `count` nodes the first node that it is connected with across a seam (union-find).

    Args:
        above: node numbers from 1 in the row over the seam, `(width,)`; 0 for none.
        below: the same in the row under it.
    """
    parents = list(range(count))

    def root(node: int) -> int:
        while parents[node] != node:
            parents[node] = node = parents[parents[node]]
        return node

    touching = (above > 0) & (below > 0)
    for one, other in np.unique(np.stack([above[touching], below[touching]], axis=1), axis=0):
        first, second = sorted((root(one - 1), root(other - 1)))
        parents[second] = first
    return [root(node) for node in range(count)]
