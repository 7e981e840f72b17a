"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from engine.errors import OutputError
from engine.files.boundary import writing

PARTIAL = f".partial-{platform.node()}-"
"""What the folders of half-written files of this machine begin with; their process comes next."""

SIDECARS = (".aux.xml", ".ovr", ".msk")
"""What GDAL and QGIS keep beside a raster, and what would outlive the pixels it describes."""

JOURNALS = ("-wal", "-journal")
"""What SQLite keeps beside a GeoPackage while a program has it open."""

ADVICE = "Remove its layer from the project, close the program, or choose another name."


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to: what is there becomes `path` if the block ends well, else vanishes.

    It lies in a temporary folder beside `path`, so that the last step is a rename within one disk.

    Raises:
        OutputError: the folder cannot be written, or `path` is open elsewhere.
    """
    _check_closed(path)
    with writing(path):
        folder = temporary_folder(path.parent)
    with folder:
        partial = Path(folder.name, path.name)
        yield partial
        _check_closed(path)
        try:
            os.replace(partial, path)
            for sidecar in SIDECARS:
                path.with_name(path.name + sidecar).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"{path} cannot be replaced: {error.strerror}. {ADVICE}") from error


def temporary_folder(parent: Path) -> TemporaryDirectory[str]:
    """A folder for what is not whole yet; should this process be killed, the next one sweeps it.

    Raises:
        OSError: There cannot be one.
    """
    sweep(parent)
    return TemporaryDirectory(
        prefix=f"{PARTIAL}{os.getpid()}-", dir=parent, ignore_cleanup_errors=True
    )


def sweep(folder: Path) -> None:
    """Removes what processes that were killed have left."""
    for left in folder.iterdir():
        process = left.name.removeprefix(PARTIAL).partition("-")[0]
        ours = left.name.startswith(PARTIAL) and process.isdecimal()
        if ours and not psutil.pid_exists(int(process)):
            shutil.rmtree(left, ignore_errors=True)


def _check_closed(path: Path) -> None:
    if any(path.with_name(path.name + journal).exists() for journal in JOURNALS):
        raise OutputError(f"{path} is open in another program and was left as it is. {ADVICE}")
