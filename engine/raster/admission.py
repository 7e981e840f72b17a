"""Admission: what is not read, because it would hang, or fill the memory, or mean nothing."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from rasterio.errors import RasterioIOError

from engine.errors import InputError, RasterError
from engine.files.boundary import open_dataset
from engine.raster.grid import Grid

BLOCK_BYTES = 2**28
"""The largest block that is read: a compressed one is unpacked whole, whatever is asked of it."""

MOST_PIXELS = 10**11
"""The most pixels of one run: more than a hundred thousand windows, and days of work."""

LONGEST_SIDE = 2**20
"""The most pixels of a row or column: rows of windows are kept in memory."""

PACKED = ("/vsizip/", "/vsigzip/", "/vsitar/", "/vsi7z/", "/vsirar/")
PACKED_BYTES = 2**32
"""The largest raster that is read from an archive: each look unpacks all that lies before."""

PARTS = 64
"""How many files that a virtual raster is made of are looked into."""

TILING = "Make it tiled first: Raster > Conversion > Translate with TILED=YES."


def check_path(path: str) -> None:
    """Refuse pipes and devices, which GDAL would wait for without end.

    Raises:
        RasterError: the path is one, or a file beside it that GDAL would read along with it.
    """
    file = Path(path)
    try:
        if not file.exists():
            return  # a name of GDAL's own, or missing, which GDAL says itself
        beside = os.listdir(file.parent) if file.is_file() else ()
        same = [file.with_name(name) for name in beside if name.startswith(file.stem)]
        _check_regular(path, [file, *same])
    except OSError as error:
        raise RasterError(f"{path} cannot be read: {error.strerror}. Check its name.") from error


def check_files(dataset: Any, path: str) -> None:
    """Refuse virtual rasters over pipes, devices and blocks that fill the memory.

    Raises:
        RasterError: names the file that is in the way.
    """
    if dataset.driver != "VRT":
        return
    try:
        parts = [Path(file) for file in dataset.files[1:]]
    except UnicodeDecodeError as error:
        raise RasterError(
            f"{path} has parts whose names are not UTF-8. Rename them, and make it again."
        ) from error
    _check_regular(path, parts)
    for part in parts[:PARTS]:
        # What is no raster, as .aux.xml, is listed too; a damaged part shows when it is read.
        with suppress(RasterioIOError), open_dataset(part) as raster:
            _check_blocks(raster, f"{part}, a part of {path},", raster.indexes[:3])


def check_bands(dataset: Any, path: str, chosen: tuple[int, ...]) -> None:
    """Refuse bands whose numbers are not real, or whose blocks fill the memory.

    Raises:
        RasterError: names the band.
    """
    for band in chosen:
        if dataset.dtypes[band - 1].startswith("complex"):
            raise RasterError(
                f"{path} has complex numbers in band {band}. Make an amplitude image first."
            )
    _check_blocks(dataset, path, chosen)
    pixels = dataset.width * dataset.height * dataset.count
    if path.startswith(PACKED) and pixels * _pixel_bytes(dataset, chosen[0]) > PACKED_BYTES:
        raise RasterError(f"{path} is too large to be read from an archive. Unpack it first.")


def check_size(grid: Grid, path: str) -> None:
    """Refuse what would take days.

    Raises:
        InputError: with the number of pixels.
    """
    if max(grid.width, grid.height) > LONGEST_SIDE or grid.width * grid.height > MOST_PIXELS:
        raise InputError(
            f"{path} would be segmented in {grid.width} x {grid.height} pixels, too many for one "
            "run. Choose a smaller extent or a coarser resolution."
        )


def _check_regular(path: str, files: list[Path]) -> None:
    for file in files:
        mode = file.stat().st_mode if file.exists() else stat.S_IFREG
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            which = "is" if str(file) == path else f"has {file} beside or inside it, which is"
            raise RasterError(f"{path} {which} a pipe or a device, not a file. Choose a file.")


def _check_blocks(dataset: Any, name: str, chosen: tuple[int, ...]) -> None:
    for band in chosen:
        height, width = dataset.block_shapes[band - 1]
        pixel = _pixel_bytes(dataset, band)
        if dataset.tags(ns="IMAGE_STRUCTURE").get("INTERLEAVE") == "PIXEL":
            pixel *= dataset.count
        if height * width * pixel > BLOCK_BYTES:
            raise RasterError(
                f"{name} is stored in blocks of {width} x {height} pixels, too large for the "
                f"memory. {TILING}"
            )


def _pixel_bytes(dataset: Any, band: int) -> int:
    return np.dtype(dataset.dtypes[band - 1].replace("complex_int16", "complex64")).itemsize
