"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psutil

from engine.errors import OutputError
from engine.files import apart
from engine.files.boundary import writing
from engine.files.placing import PARTIAL, partial, place

JOURNALS = ("-wal", "-journal")
"""What SQLite keeps beside a GeoPackage while a program has it open, or where one has crashed."""

ADVICE = "Remove its layer from the project, close the program, or choose another name."


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to: what is there becomes `path` if the block ends well, else vanishes.

    It lies in a temporary folder beside `path`, so that the last step is a rename within one disk.
    What is written beside it, as GDAL's sidecars are, comes along; sidecars of the old file go.

    Raises:
        OutputError: the folder cannot be written, or `path` is open elsewhere.
    """
    _check_closed(path)
    with ExitStack() as stack:
        with writing(path):
            sweep(path.parent)
            written = stack.enter_context(partial(path))
        try:
            yield written
        except OutputError as error:  # no analyst knows the temporary name
            raise OutputError(str(error).replace(str(written), str(path))) from error
        _check_closed(path)
        try:
            place(written, path)
        except OSError as error:
            raise OutputError(f"{path} cannot be replaced: {error.strerror}. {ADVICE}") from error


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """A folder for what is not whole yet; should this process be killed, the next one sweeps it.

    Raises:
        OSError: There cannot be one.
    """
    sweep(parent)
    with partial(parent / "content") as written:
        yield written.parent


def check_apart(outputs: Iterable[Path], inputs: Iterable[str | Path]) -> None:
    """Refuse to write over what is read, through links and other spellings of its path too.

    Raises:
        OutputError: an output is an input, another output, or a folder.
    """
    written = [str(output) for output in outputs]
    for output in filter(os.path.isdir, written):
        raise OutputError(
            f"{output} is a folder, and a file of that name would be written. Nothing was done. "
            "Choose another folder or another name for what is written."
        )
    clash = apart.shared(written, map(str, inputs))
    if clash:
        file, output = clash
        also = "" if output == file else f", which is {output},"
        raise OutputError(
            f"{file}{also} is read, and would be written over. Nothing was done. Choose another "
            "folder or another name for what is written."
        )
    clash = apart.doubled(written)
    if clash:
        raise OutputError(
            f"{clash[0]} and {clash[1]} are one file, and one would be written over the other. "
            "Nothing was done. Choose two names."
        )


def sweep(folder: Path) -> None:
    """Removes what processes that were killed have left."""
    for left in folder.iterdir():
        process = left.name.removeprefix(PARTIAL).partition("-")[0]
        ours = left.name.startswith(PARTIAL) and process.isdecimal()
        if ours and not psutil.pid_exists(int(process)):
            shutil.rmtree(left, ignore_errors=True)


def _check_closed(path: Path) -> None:
    """Asks SQLite, where there is a journal: what a crash has left in it goes into the file.

    Raises:
        OutputError: a program has the file open.
    """
    if not path.is_file() or not any(os.path.exists(f"{path}{j}") for j in JOURNALS):
        return
    try:
        with closing(sqlite3.connect(path, timeout=0)) as database:
            # Both need the file for themselves; after the first, it needs no journal any more.
            database.execute("PRAGMA journal_mode=DELETE")
            database.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        raise OutputError(
            f"{path} is open in another program and was left as it is ({error}). {ADVICE}"
        ) from error
    except sqlite3.DatabaseError:
        return  # damaged, or no database: no journal can tell anything of it
