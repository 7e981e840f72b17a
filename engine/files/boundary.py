"""The boundary to GDAL: its settings, and its errors as ours."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rasterio
from rasterio._err import CPLE_BaseError
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from engine.errors import OutputError, RasterError
from engine.files.names import readable

GDAL_ERRORS = (RasterioError, CPLE_BaseError, OSError, MemoryError, ValueError)
"""What rasterio raises for files that GDAL cannot cope with."""

CACHE_BYTES = 2**27

NETWORK_SECONDS = 10
"""How long a server may take to answer."""

SETTINGS = {
    "GDAL_CACHEMAX": CACHE_BYTES,
    "GDAL_HTTP_CONNECTTIMEOUT": NETWORK_SECONDS,
    "GDAL_HTTP_TIMEOUT": NETWORK_SECONDS,
    "GDAL_VRT_ENABLE_PYTHON": "NO",  # a raster is data, never a program
}


@contextmanager
def reading(path: str | Path) -> Iterator[None]:
    """Run GDAL on a file that is read.

    Raises:
        RasterError: names the file and GDAL's reason.
    """
    with rasterio.Env(**SETTINGS):
        try:
            yield
        except GDAL_ERRORS as error:
            reason = _reason(error).removeprefix(f"{path}: ").removeprefix(f"{Path(path).name}: ")
            raise RasterError(f"{path} cannot be read: {reason}. {_advice(reason)}") from error


@contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """Run GDAL or the file system on a file that is written.

    Raises:
        OutputError: names the file and the reason.
    """
    with rasterio.Env(**SETTINGS):
        try:
            yield
        except GDAL_ERRORS as error:
            advice = "Check that the folder may be written to and that its disk has space"
            raise OutputError(f"{path} cannot be written: {_reason(error)}. {advice}.") from error


def make_folder(folder: Path) -> Path:
    """The folder, made if it is not there; raises OutputError if it cannot be."""
    if readable(folder) != str(folder):
        raise OutputError(
            f"The folder {readable(folder)} has a name that is not UTF-8. Choose another one."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        reason = "it is a file" if os.path.isfile(folder) else cause.strerror
        raise OutputError(
            f"The folder {folder} cannot be made: {reason}. Choose another one."
        ) from cause
    return folder


def open_dataset(path: str | Path, mode: str = "r", **profile: Any) -> Any:
    """`rasterio.open`, without its warning about images that have no place on the ground."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        return rasterio.open(path, mode, **profile)


def _advice(reason: str) -> str:
    if "not recognized as" in reason or "missing codec" in reason:
        return "Check that it is a whole raster; another program may save it as a GeoTIFF."
    return "Check that the file is there and whole."


def _reason(error: BaseException) -> str:
    """The first cause in a chain of errors, on one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
