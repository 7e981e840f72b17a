"""Unfinished rows: what a run has finished so far, kept so that the next one goes on from there."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
import portalocker

from engine.errors import OutputError
from engine.files.boundary import writing
from engine.raster.stored import Bytes

RECORD = struct.Struct("<IIII")
"""Rows of a record, bytes of it, the CRC-32 of all of this, and whether it is compressed."""

FAST = 1
"""Of zlib's levels: the rows are read again once at most."""

SAMPLE = 2**16
"""Bytes that tell whether compressing is worth its time: they have to shrink to half."""


class UnfinishedRows:
    """Stored rows of a raster in a file that only grows; each record counts when it is whole.

    A process that is killed leaves a torn record at worst, which is cut off.

    Attributes:
        finished: How many rows there are.
    """

    def __init__(self, file: BinaryIO, path: Path, request: bytes, width: int) -> None:
        self._file, self._path, self._width = file, path, width
        self._header = request + b"\n"
        self.finished = 0
        file.seek(0)
        whole = 0
        if file.read(len(self._header)) == self._header:
            whole = len(self._header)
            for rows in self._records():
                self.finished += len(rows)
                whole = file.tell()
        file.seek(whole)
        file.truncate()
        if not whole:
            file.write(self._header)
            file.flush()

    def stored(self) -> Iterator[tuple[int, Bytes]]:
        """The rows there are, from top to bottom: first row and bytes `(n, width)`."""
        end = self._file.tell()
        self._file.seek(len(self._header))
        row = 0
        for rows in self._records():
            yield row, rows
            row += len(rows)
        self._file.seek(end)

    def append(self, row: int, rows: Bytes) -> None:
        """Keep rows `(n, width)`; `row` is the first of them and must be the next.

        Raises:
            OutputError: the disk is full.
            ValueError: the rows come out of order.
        """
        if row != self.finished:
            raise ValueError(f"Row {row} of {self._path} was given where {self.finished} is next.")
        packed: bytes | memoryview = np.ascontiguousarray(rows).data.cast("B")
        middle = packed[len(packed) // 2 :][:SAMPLE]
        compressed = 2 * len(zlib.compress(middle, FAST)) <= len(middle)
        if compressed:
            packed = zlib.compress(packed, FAST)
        with writing(self._path):
            checksum = zlib.crc32(packed, len(rows) << 1 | compressed)
            self._file.write(RECORD.pack(len(rows), len(packed), checksum, compressed))
            self._file.write(packed)
            self._file.flush()
        self.finished += len(rows)

    def forget(self) -> None:
        """Let no later run go on from these rows."""
        self.finished = 0

    def _records(self) -> Iterator[Bytes]:
        """Whole records from here on."""
        while len(head := self._file.read(RECORD.size)) == RECORD.size:
            count, size, checksum, compressed = RECORD.unpack(head)
            packed = self._file.read(size)
            if len(packed) != size or zlib.crc32(packed, count << 1 | compressed) != checksum:
                return
            rows = np.frombuffer(zlib.decompress(packed) if compressed else packed, np.uint8)
            yield rows.reshape(count, self._width)


@contextmanager
def unfinished(path: Path, request: str, width: int) -> Iterator[UnfinishedRows]:
    """Open what an earlier run of the same request left; the file goes when the block ends well.

    Args:
        path: The file; what another request left there is forgotten.
        request: What makes two runs the same, in one line.
        width: Pixels of a row.

    Raises:
        OutputError: the file cannot be written, or another run has it open.
    """
    with _alone(path) as file:
        rows = None
        try:
            with writing(path):
                rows = UnfinishedRows(file, path, request.encode(), width)
            yield rows
        except BaseException:
            if rows is None or not rows.finished:
                os.ftruncate(file.fileno(), 0)
            raise
        os.ftruncate(file.fileno(), 0)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep other runs out of a folder until the block ends; unfinished rows in it stay.

    Args:
        path: The file in which runs of this folder keep their unfinished rows.

    Raises:
        OutputError: the folder cannot be written, or another run is in it.
    """
    with _alone(path):
        yield


@contextmanager
def _alone(path: Path) -> Iterator[BinaryIO]:
    """The file, locked until the block ends, however this process ends; an empty one goes then."""
    with writing(path):
        file = _locked(path)
    while file is None:  # the run before deleted it between our look and our lock
        with writing(path):
            file = _locked(path)
    try:
        yield file
    finally:
        if not os.fstat(file.fileno()).st_size:
            _delete(file, path)
        with suppress(OSError):  # a full disk, which was told of when it was written to
            file.close()


def _locked(path: Path) -> BinaryIO | None:
    """The file, made if it is not there, or None where it is not the one at `path` any more."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    file = os.fdopen(descriptor, "r+b")
    try:
        portalocker.lock(file, portalocker.LOCK_EX | portalocker.LOCK_NB)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return file
    except portalocker.LockException as cause:
        file.close()
        raise OutputError(
            f"Another run is writing into {path.parent}. Wait for it, or choose another folder."
        ) from cause
    except BaseException:
        file.close()
        raise
    file.close()
    return None


def _delete(file: BinaryIO, path: Path) -> None:
    """Deletes the file while its lock is held; where that is not possible, right after.

    One that somebody has deleted is gone, and what is at its path now is another run's.
    """
    try:
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                path.unlink()
    except PermissionError:
        with suppress(OSError):
            file.close()
            path.unlink()
