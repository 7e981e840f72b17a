"""Raster outputs: probabilities and masks, streamed from top to bottom into tiled GeoTIFFs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import numpy as np
from rasterio.windows import Window as RasterioWindow

from engine.errors import Cancelled, OutputError
from engine.files.atomic import replacing
from engine.files.boundary import open_dataset, writing
from engine.raster.grid import IMAGE, Grid
from engine.raster.stored import (
    NODATA,
    SEAL,
    TAGS,
    TILE,
    Bytes,
    Floats,
    Mask,
    at_least,
    checksum,
    checksums,
    encode,
    open_stored,
    seal_of,
)


class ProbabilityWriter:
    """Writes a probability raster by rows; the file appears under its name only when it is whole.

    Args:
        path: the GeoTIFF to write, or to replace.
        grid: its grid.
        tags: metadata to keep with the pixels, as expression and model.
    """

    def __init__(self, path: str | Path, grid: Grid, tags: Mapping[str, str] | None = None) -> None:
        self._path, self._grid, self._tags = Path(path), grid, dict(tags or {})

    def __enter__(self) -> ProbabilityWriter:
        with ExitStack() as stack:
            partial = stack.enter_context(replacing(self._path))
            tiles = _TileRows(partial, self._path, self._grid, self._tags)
            self._tiles = stack.enter_context(tiles)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def write(self, row: int, probability: Floats, valid: Mask) -> None:
        """Write the next rows.

        Args:
            row: the first of them; rows come in order and without gaps.
            probability: `(n, width)`, 0..1.
            valid: `(n, width)`; the others become nodata.

        Raises:
            OutputError: the disk is full.
            ValueError: the rows come out of order.
        """
        self.append(row, encode(probability, valid))

    def append(self, row: int, stored: Bytes) -> None:
        """Write the next rows as they are stored, `(n, width)`; see `write`."""
        self._tiles.append(row, stored)


def write_mask(
    probability_path: str | Path,
    mask_path: str | Path,
    threshold: float,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Write the mask of a probability raster: 1 where it reaches the threshold, 0, or nodata.

    Raises:
        InputError: a threshold that is not a probability.
        RasterError: the probabilities cannot be read.
        OutputError: the mask cannot be written.
        Cancelled: as asked; an earlier mask stays as it was.
    """
    path = Path(mask_path)
    with open_stored(probability_path) as stored, replacing(path) as partial:
        tags = {**stored.tags, "threshold": str(threshold)}
        with _TileRows(partial, path, stored.grid, tags) as tiles:
            for row, codes in stored.bands():
                if cancelled and cancelled():
                    raise Cancelled("Cancelled.")
                objects = at_least(codes, threshold).astype(np.uint8)
                tiles.append(row, np.where(codes == NODATA, codes, objects))


class _TileRows:
    """A one-byte GeoTIFF that takes rows in any number and writes whole rows of tiles, each once.

    GDAL keeps silent about errors of the last, late writes: so all is read back and compared.
    """

    def __init__(self, partial: Path, path: Path, grid: Grid, tags: Mapping[str, str]) -> None:
        self._partial, self._path, self._grid, self._tags = partial, path, grid, tags
        self._pending: Bytes = np.empty((0, grid.width), np.uint8)
        self._checksums: list[int] = []
        # What came without georeference stays without: it lies over its source in any program.
        self._is_image = grid.crs is None and grid.transform == IMAGE

    def __enter__(self) -> _TileRows:
        with writing(self._path):
            self._dataset = open_dataset(
                self._partial,
                "w",
                driver="GTiff",
                width=self._grid.width,
                height=self._grid.height,
                count=1,
                dtype="uint8",
                nodata=NODATA,
                crs=self._grid.crs,
                transform=None if self._is_image else self._grid.transform,
                tiled=True,
                blockxsize=TILE,
                blockysize=TILE,
                compress="deflate",
                zlevel=1,  # a third of the time for a file a few percent larger
                num_threads="ALL_CPUS",
                bigtiff="IF_SAFER",
            )
            self._dataset.update_tags(ns=TAGS, **self._tags)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            with writing(self._path):
                self._dataset.close()
        if kind is None:
            self._verify()

    def append(self, row: int, rows: Bytes) -> None:
        """Take rows `(n, width)`; `row` is the first of them and must be the next."""
        if row != self._taken:
            raise ValueError(f"Row {row} of {self._path} was given where {self._taken} is next.")
        self._pending = np.concatenate([self._pending, rows])
        while len(self._pending) >= TILE:
            self._write(self._pending[:TILE])
            self._pending = self._pending[TILE:]

    @property
    def _taken(self) -> int:
        return len(self._checksums) * TILE + len(self._pending)

    def _write(self, rows: Bytes) -> None:
        with writing(self._path):
            self._dataset.write(rows, 1, window=self._window(len(self._checksums)))
        self._checksums.append(checksum(rows))

    def _finish(self) -> None:
        if self._taken != self._grid.height:
            raise ValueError(f"{self._path} got {self._taken} of {self._grid.height} rows.")
        if len(self._pending):
            self._write(self._pending)
        with writing(self._path):
            self._dataset.update_tags(ns=SEAL, rows=seal_of(self._checksums))

    def _verify(self) -> None:
        with writing(self._path), open_dataset(self._partial, num_threads="ALL_CPUS") as dataset:
            if list(checksums(dataset)) != self._checksums:
                raise OutputError(f"{self._path} was not written whole: the disk may be full.")

    def _window(self, tile_row: int) -> RasterioWindow:
        row = tile_row * TILE
        return RasterioWindow(0, row, self._grid.width, min(TILE, self._grid.height - row))
