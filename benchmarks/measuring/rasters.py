"""The rasters that are measured on: made once, the same everywhere, tiled GeoTIFFs in UTM."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from affine import Affine

from benchmarks.measuring.child import ROOT

Pixels = npt.NDArray[np.uint8]

SCENES = ROOT / "resources/scenes"
TILE = 256
PIXEL_M = 0.5
PLACE = Affine(PIXEL_M, 0, 400_000, 0, -PIXEL_M, 5_000_000)


def aerial(folder: Path, side: int) -> Path:
    """`side` x `side` pixels of the sample scenes, turned, mirrored and dimmed at random."""
    random = np.random.default_rng(side)
    scenes = [rasterio.open(path).read() for path in sorted(SCENES.glob("*.tif"))]

    def tile() -> Pixels:
        turned = np.rot90(scenes[random.integers(len(scenes))], random.integers(4), (1, 2))
        mirrored = turned[..., :: random.choice((1, -1))]
        return (mirrored * random.uniform(0.6, 1.0)).astype(np.uint8)

    def rows() -> Iterator[Pixels]:
        for _ in range(0, side, TILE):
            yield np.concatenate([tile() for _ in range(0, side, TILE)], axis=2)[..., :side]

    return _made(folder / f"aerial-{side}.tif", side, side, rows())


def objects(folder: Path, width: int, height: int, down: int, across: int) -> Path:
    """`down` x `across` separate objects, painted as 255 into the first band of a dull ground.

    Each lies anywhere in a cell of its own and is an ellipse or a frame, which has a hole. The
    other bands are a slope with faint noise.
    """
    random = np.random.default_rng((width, height))
    edges = np.linspace(0, height, down + 1, dtype=int)
    sides = np.linspace(0, width, across + 1, dtype=int)

    def rows() -> Iterator[Pixels]:
        for top, bottom in pairwise(edges):
            cells = [_cell(random, bottom - top, right - left) for left, right in pairwise(sides)]
            truth = np.concatenate(cells, axis=1)
            slope = np.add.outer(np.arange(top, bottom) // 40, np.arange(width) // 50) % 200
            noise = random.integers(0, 4, (2, *truth.shape), np.uint8)
            yield np.stack([truth, *(slope.astype(np.uint8) + noise)])

    return _made(folder / f"objects-{width}x{height}.tif", width, height, _tiled(rows()))


def truth(path: Path) -> npt.NDArray[np.bool_]:
    """Where objects are painted, `(h, w)`."""
    with rasterio.open(path) as raster:
        return raster.read(1) == 255


def warm(path: Path) -> None:
    """Reads a file once, so that it lies in the page cache for whoever comes next."""
    with path.open("rb", buffering=0) as stream:
        while stream.read(2**24):
            pass


def _cell(random: np.random.Generator, height: int, width: int) -> Pixels:
    """An object in a cell, at least two pixels from its border."""
    size = random.uniform(0.3, 0.9, 2) * (height - 4, width - 4) / 2
    room = (np.array([height, width]) - 5) / 2 - size
    row, col = (np.array([height, width]) - 1) / 2 + random.uniform(-1, 1, 2) * room
    y = np.abs(np.arange(height) - row)[:, None] / size[0]
    x = np.abs(np.arange(width) - col)[None, :] / size[1]
    if random.random() < 0.5:
        inside = x**2 + y**2 <= 1
    else:
        outermost = np.maximum(x, y)
        inside = (outermost <= 1) & (outermost > 0.5)
    return np.where(inside, np.uint8(255), np.uint8(20))


def _tiled(strips: Iterator[Pixels]) -> Iterator[Pixels]:
    """Strips of any height as strips of whole tiles, so that none is compressed twice."""
    kept = next(strips)
    for strip in strips:
        kept = np.concatenate([kept, strip], axis=1)
        while kept.shape[1] >= TILE:
            yield kept[:, :TILE]
            kept = kept[:, TILE:]
    yield kept


def _made(path: Path, width: int, height: int, strips: Iterator[Pixels]) -> Path:
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with rasterio.open(partial, "w", **_profile(width, height)) as made:
        row = 0
        for strip in strips:
            strip = strip[:, : height - row]
            made.write(strip, window=((row, row + strip.shape[1]), (0, width)))
            row += strip.shape[1]
    os.replace(partial, path)
    return path


def _profile(width: int, height: int) -> dict[str, Any]:
    return {
        "driver": "GTiff",
        "width": width,
        "height": height,
        "count": 3,
        "dtype": "uint8",
        "crs": "EPSG:32633",
        "transform": PLACE,
        "photometric": "RGB",
        "tiled": True,
        "blockxsize": TILE,
        "blockysize": TILE,
        "compress": "deflate",
        "predictor": 2,
        "num_threads": "all_cpus",
        "bigtiff": "if_safer",
    }
