"""A temporary GeoTIFF, written part by part; equal ones have equal names and times.

The engine knows features and finished rows by the name and time of a file, so that a layer that is
exported again is only known again if both say what is in it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Optional

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsRasterBlock,
    QgsRasterDataProvider,
    QgsRasterFileWriter,
    QgsRectangle,
)
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QLockFile

PREFIX = "segment_by_text_"
OPTIONS = ["COMPRESS=DEFLATE", "TILED=YES", "BIGTIFF=IF_SAFER"]


class Unwritable(Exception):
    """The file cannot be written."""


@dataclass(frozen=True)
class Shape:
    """What a raster is before it has values.

    Attributes:
        width: Columns.
        height: Rows.
        extent: Where they lie.
        crs: In which CRS.
        kind: The type of a value.
        bands: How many.
        opacity: Whether the last band is the opacity.
        nodata: The value that stands for none.
    """

    width: int
    height: int
    extent: QgsRectangle
    crs: QgsCoordinateReferenceSystem
    kind: Qgis.DataType
    bands: int
    opacity: bool = False
    nodata: Optional[float] = None

    def key(self) -> str:
        """Two are the same where this is."""
        extent = self.extent.toString(17)
        rest = repr(self.kind), self.bands, self.opacity, self.nodata
        return repr((self.width, self.height, extent, self.crs.toWkt(), rest))


class GeoTiff:
    """A file that is being written: see `creating`."""

    def __init__(self, target: QgsRasterDataProvider, shape: Shape) -> None:
        self._target = target
        self._content = hashlib.sha256(shape.key().encode())

    def put(self, block: QgsRasterBlock, band: int, col: int, row: int) -> None:
        """Writes values from a column and a row on.

        Raises:
            Unwritable: As when the disk is full.
        """
        self._content.update(repr((band, col, row)).encode())
        self._content.update(bytes(block.data()))
        if not self._target.writeBlock(block, band, col, row):
            raise Unwritable

    def content(self) -> str:
        """What it holds by now, in some letters."""
        return self._content.hexdigest()[:32]


@contextmanager
def creating(path: Path, shape: Shape) -> Iterator[GeoTiff]:
    """The new file, which is whole and closed when the block ends.

    Raises:
        Unwritable: There can be none.
    """
    writer = QgsRasterFileWriter(str(path))
    writer.setOutputFormat("GTiff")
    # The name since QGIS 3.44, and the one before.
    set_options = getattr(writer, "setCreationOptions", None) or writer.setCreateOptions
    set_options(OPTIONS + ["ALPHA=YES"] * shape.opacity)
    target = writer.createMultiBandRaster(
        shape.kind, shape.width, shape.height, shape.extent, shape.crs, shape.bands
    )
    if target is None or not target.isEditable():
        raise Unwritable
    with closing(target):
        if shape.nodata is not None:
            target.setNoDataValue(1, shape.nodata)
        yield GeoTiff(target, shape)


@contextmanager
def closing(provider: QgsRasterDataProvider) -> Iterator[None]:
    """Closes a provider at the end, even where the traceback of an error still refers to it."""
    try:
        yield
    finally:
        sip.delete(provider)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder of its own, gone when the block ends."""
    with TemporaryDirectory(prefix=PREFIX) as folder:
        yield Path(folder)


@contextmanager
def known_by(content: str, path: Path) -> Iterator[Path]:
    """The file `path`, under a name and with a time that are the same for the same content.

    It keeps its name while another one of that content is in use.
    """
    os.utime(path, (0, 0))
    folder = path.parent.with_name(PREFIX + content)
    lock: Any = QLockFile(f"{folder}.lock")
    lock.setStaleLockTime(0)  # for as long as its process lives
    if not lock.tryLock(0):
        yield path
        return
    try:
        shutil.rmtree(folder, ignore_errors=True)  # of a process that was ended
        yield _moved(path, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.unlock()


def _moved(path: Path, folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700)
    except OSError:  # it belongs to somebody else
        return path
    return path.rename(folder / path.name)
