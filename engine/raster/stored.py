"""Stored probabilities: a byte a pixel, `round(254 * p)`, and 255 where there is none."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rasterio.windows import Window as RasterioWindow

from engine.errors import InputError, RasterError
from engine.files.boundary import open_dataset, reading
from engine.raster.grid import Grid, grid_of

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

NODATA = 255
SCALE = 254
TILE = 256
"""Side in pixels of the tiles that the stored rasters are made of."""

TAGS = "SEGMENT_BY_TEXT"
"""The namespace of the metadata in a stored raster."""

SEAL = f"{TAGS}_SEAL"
"""The namespace of what tells whether a stored raster was edited since."""

PIXELS_AT_ONCE = 2**22


def encode(probability: Floats, valid: Mask) -> Bytes:
    """Probabilities 0..1 as bytes, `NODATA` where not valid."""
    whole = bool(valid.all())
    scaled = (probability if whole else np.where(valid, probability, 0)) * np.float32(SCALE)
    codes: Bytes = np.rint(scaled, out=scaled).astype(np.uint8)
    return codes if whole else np.where(valid, codes, np.uint8(NODATA))


def decode(stored: Bytes) -> tuple[Floats, Mask]:
    """Probabilities 0..1 and where they are valid; 0 elsewhere."""
    valid: Mask = stored != NODATA
    return np.where(valid, stored, 0).astype(np.float32) / np.float32(SCALE), valid


def at_least(stored: Bytes, threshold: float) -> Mask:
    """Where the stored probability is valid and reaches the threshold.

    Raises:
        InputError: a threshold that is not a probability.
    """
    if not 0 <= threshold <= 1:
        raise InputError(f"The threshold {threshold} is not between 0 and 1.")
    # The tolerance keeps 0.1 * 254 = 25.400000000000002 and its like from asking for one step more.
    reached: Mask = stored >= math.ceil(threshold * SCALE - 1e-9)
    valid: Mask = stored != NODATA
    return reached & valid


@dataclass(frozen=True, eq=False)
class StoredProbability:
    """An open raster of stored probabilities: its grid, and the tags it was written with."""

    path: Path
    grid: Grid
    tags: dict[str, str]
    dataset: Any

    def bands(self) -> Iterator[tuple[int, Bytes]]:
        """Full-width bands from top to bottom: first row and stored bytes `(n, width)`.

        Raises:
            RasterError: the file is damaged.
        """
        width, height = self.grid.width, self.grid.height
        rows = max(PIXELS_AT_ONCE // width // TILE, 1) * TILE
        for row in range(0, height, rows):
            window = RasterioWindow(0, row, width, min(rows, height - row))
            with reading(self.path):
                stored = self.dataset.read(1, window=window)
            yield row, stored


def highest(path: str | Path) -> float | None:
    """The highest of the probabilities stored in a raster; None where none is valid.

    Raises:
        RasterError: it cannot be read, or is no probability raster.
    """
    with open_stored(path) as stored:
        valid = (codes[codes != NODATA] for _, codes in stored.bands())
        best = [int(codes.max()) for codes in valid if len(codes)]
    return max(best) / SCALE if best else None


@contextmanager
def open_stored(path: str | Path) -> Iterator[StoredProbability]:
    """Open a raster that `ProbabilityWriter` wrote.

    Raises:
        RasterError: it cannot be read, or is no probability raster.
    """
    path = Path(path)
    with reading(path):
        dataset = open_dataset(path)
    with dataset:
        if dataset.dtypes != ("uint8",) or dataset.nodata != NODATA:
            raise RasterError(
                f"{path} is no probability raster: choose one that this plugin wrote."
            )
        with reading(path):
            grid = grid_of(dataset)
            tags = dataset.tags(ns=TAGS)
        yield StoredProbability(path, grid, tags, dataset)


def is_result(path: str | Path) -> bool:
    """Whether a raster is a result of this plugin: probabilities, or a mask."""
    try:
        with reading(path), open_dataset(path) as dataset:
            return bool(dataset.tags(ns=TAGS))
    except RasterError:
        return False


def checksum(rows: Bytes) -> int:
    """CRC-32 of stored rows `(n, width)`."""
    return zlib.crc32(np.ascontiguousarray(rows).data)


def checksums(dataset: Any) -> Iterator[int]:
    """Those of each row of tiles of an open raster."""
    for row in range(0, dataset.height, TILE):
        rows = min(TILE, dataset.height - row)
        yield checksum(dataset.read(1, window=RasterioWindow(0, row, dataset.width, rows)))


def seal_of(checksums: Iterable[int]) -> str:
    """One word for all of them."""
    return f"{zlib.crc32(repr(list(checksums)).encode()):08x}"


def intact(path: Path) -> bool:
    """Whether a file is a raster as this plugin wrote it, as far as its version had seals."""
    try:
        with reading(path), open_dataset(path, num_threads="ALL_CPUS") as dataset:
            seal = dataset.tags(ns=SEAL).get("rows")
            if seal is None:
                return bool(dataset.tags(ns=TAGS))
            return seal == seal_of(checksums(dataset))
    except RasterError:
        return False
