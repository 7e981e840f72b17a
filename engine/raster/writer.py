"""Raster outputs: probabilities and masks, streamed from top to bottom into tiled GeoTIFFs."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
from rasterio.windows import Window as RasterioWindow

from engine.errors import Cancelled, OutputError
from engine.raster.atomic import replacing
from engine.raster.boundary import open_dataset, writing
from engine.raster.grid import Grid
from engine.raster.stored import NODATA, TAGS, TILE, Bytes, at_least, encode, open_stored


class ProbabilityWriter:
    """Writes a probability raster row by row; the file appears under its name only when it is whole.

    Args:
        path: the GeoTIFF to write, or to replace.
        grid: its grid.
        tags: metadata to keep with the pixels, as expression and model.
    """

    def __init__(self, path: str | Path, grid: Grid, tags: Mapping[str, str] | None = None) -> None:
        self._path = Path(path)
        self._grid = grid
        self._tags = dict(tags or {})
        self._stack = ExitStack()

    def __enter__(self) -> ProbabilityWriter:
        with ExitStack() as stack:
            partial = stack.enter_context(replacing(self._path))
            self._tiles = stack.enter_context(_TileRows(partial, self._path, self._grid, self._tags))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def write(
        self, row: int, probability: npt.NDArray[np.float32], valid: npt.NDArray[np.bool_]
    ) -> None:
        """Write the next rows.

        Args:
            row: the first of them; rows come in order and without gaps.
            probability: `(n, width)`, 0..1.
            valid: `(n, width)`; the others become nodata.

        Raises:
            OutputError: the disk is full, or the rows come out of order.
        """
        self._tiles.append(row, encode(probability, valid))


def write_mask(
    probability_path: str | Path,
    mask_path: str | Path,
    threshold: float,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Write the mask of a stored probability raster: 1 where it reaches the threshold, 0 elsewhere, nodata kept.

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
    """A one-byte GeoTIFF that takes rows in any number and writes them as whole rows of tiles, each once.

    GDAL does not report errors of the last, late writes: so every row of tiles is read back and compared.
    """

    def __init__(self, partial: Path, path: Path, grid: Grid, tags: Mapping[str, str]) -> None:
        self._partial, self._path, self._grid, self._tags = partial, path, grid, tags
        self._pending: Bytes = np.empty((0, grid.width), np.uint8)
        self._checksums: list[int] = []

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
                transform=self._grid.transform,
                tiled=True,
                blockxsize=TILE,
                blockysize=TILE,
                compress="deflate",
                bigtiff="IF_SAFER",
            )
            self._dataset.update_tags(ns=TAGS, **self._tags)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
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
        expected = len(self._checksums) * TILE + len(self._pending)
        if row != expected:
            raise OutputError(f"{self._path}: row {row} was given where row {expected} is next.")
        self._pending = np.concatenate([self._pending, rows])
        while len(self._pending) >= TILE:
            self._write(self._pending[:TILE])
            self._pending = self._pending[TILE:]

    def _write(self, rows: Bytes) -> None:
        with writing(self._path):
            self._dataset.write(rows, 1, window=self._window(len(self._checksums), len(rows)))
        self._checksums.append(zlib.crc32(np.ascontiguousarray(rows)))

    def _finish(self) -> None:
        expected = len(self._checksums) * TILE + len(self._pending)
        if expected != self._grid.height:
            raise OutputError(f"{self._path}: only {expected} of {self._grid.height} rows were written.")
        if len(self._pending):
            self._write(self._pending)

    def _verify(self) -> None:
        with writing(self._path), open_dataset(self._partial) as dataset:
            for tile_row, checksum in enumerate(self._checksums):
                rows = min(TILE, self._grid.height - tile_row * TILE)
                if zlib.crc32(dataset.read(1, window=self._window(tile_row, rows))) != checksum:
                    raise OutputError(f"{self._path} was not written whole: check the space on its disk.")

    def _window(self, tile_row: int, rows: int) -> RasterioWindow:
        return RasterioWindow(0, tile_row * TILE, self._grid.width, rows)
