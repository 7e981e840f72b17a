"""Where the files of a run are kept: a folder for every run, nothing is ever overwritten."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Optional

from qgis.core import QgsProject
from qgis.PyQt.QtCore import QCoreApplication, QLockFile

from ...engine.files.outputs import FILES, UNFINISHED
from ..map.extents import Refusal
from ..map.folders import results_folder, slug
from ..settings import Settings

translate = QCoreApplication.translate

MOMENT = "[0-9]*_[0-9]*"
LOCK = ".lock"
REQUEST = ".request"
"""What a run that has not come to its end was asked for."""

TRIES = 3
"""Another QGIS may take a new folder for one that a crash left, before it is locked."""


class Run:
    """The folder of a run, which no other run takes, in whatever QGIS, until it is let go.

    The system's lock ends with the process that holds it, so a crash keeps nobody out.
    """

    def __init__(self, folder: Path, lock: QLockFile) -> None:
        self.folder = folder
        self._lock = lock

    def release(self) -> None:
        """Lets go of it after a result; what is in it stays."""
        with suppress(OSError):
            (self.folder / REQUEST).unlink()
        self._lock.unlock()

    def discard(self) -> bool:
        """Lets go of it after no result; an empty folder goes, files are never deleted.

        Returns:
            Whether the same request may go on from there.
        """
        if _holds(self.folder, UNFINISHED):
            self._lock.unlock()
            return True
        self.release()
        with suppress(OSError):
            self.folder.rmdir()
        return False


def new_run(expression: str, settings: Settings, project: QgsProject, request: str = "") -> Run:
    """The folder of a run, named after the moment and the expression.

    It is a new one, or that of the last run of the same request that was ended before its time: the
    engine goes on there. It is never one that another run, of this or another QGIS, is in, nor one
    that holds results.

    Args:
        expression: What to segment.
        settings: Where the results are kept.
        project: The project that gets them.
        request: What makes two runs the same, in one line.

    Raises:
        Refusal: The folder cannot be created.
    """
    name = slug(expression)
    results = results_folder(settings, project)
    names = (f"{MOMENT}_{name}", f"{MOMENT}_{name}-[0-9]*")
    former = sorted(folder for each in names for folder in results.glob(each))
    for folder in filter(_is_empty, former):
        _sweep(folder)
    for folder in reversed(former):
        run = _ended(folder, request)
        if run is not None:
            return run
    return _new(results, f"{datetime.now():%Y-%m-%d_%H%M%S}_{name}", request)


def next_version(run: Path) -> Path:
    """Creates the folder for the next threshold of a run.

    Raises:
        Refusal: The folder cannot be created.
    """
    return _numbered(run, "threshold")


def _ended(folder: Path, request: str) -> Optional[Run]:
    """The run of this request that was ended in a folder, where nobody goes on with it."""
    if not (_holds(folder, UNFINISHED) and _is_of(folder, request)):
        return None
    lock = _locked(folder)
    if lock is None:
        return None
    # Its run may have come to its end between the look and the lock.
    if _holds(folder, UNFINISHED) and not _holds(folder, *FILES.values()):
        return Run(folder, lock)
    lock.unlock()
    return None


def _sweep(folder: Path) -> None:
    """Removes the folder of a run that a crash of QGIS ended before it had written anything."""
    lock = _locked(folder)
    if lock is not None:
        Run(folder, lock).discard()


def _new(results: Path, name: str, request: str) -> Run:
    for _ in range(TRIES):
        folder = _numbered(results, name)
        lock = _locked(folder)
        if lock is not None:
            try:
                (folder / REQUEST).write_text(request, "utf-8")
            except OSError as cause:
                raise _unwritable(folder, cause.strerror) from cause
            return Run(folder, lock)
    raise _unwritable(results, translate("Runs", "it cannot be locked"))


def _locked(folder: Path) -> Optional[QLockFile]:
    """The lock of a folder, or None where another run holds it."""
    lock = QLockFile(str(folder / LOCK))
    lock.setStaleLockTime(0)  # a run takes as long as it takes
    return lock if lock.tryLock(0) else None


def _holds(folder: Path, *names: str) -> bool:
    return any((folder / name).exists() for name in names)


def _is_of(folder: Path, request: str) -> bool:
    try:
        return (folder / REQUEST).read_text("utf-8") == request
    except (OSError, ValueError):
        return False


def _is_empty(folder: Path) -> bool:
    try:
        return all(each.name in (LOCK, REQUEST) for each in folder.iterdir())
    except OSError:
        return False


def _numbered(parent: Path, name: str) -> Path:
    """A new folder `name`, or `name-2`, `name-3`, ... where that exists."""
    number = 1
    try:
        parent.mkdir(parents=True, exist_ok=True)
        while True:
            folder = parent / (name if number == 1 else f"{name}-{number}")
            try:
                folder.mkdir()
                return folder
            except FileExistsError:
                number += 1
    except OSError as cause:
        raise _unwritable(parent, cause.strerror) from cause


def _unwritable(folder: Path, reason: Optional[str]) -> Refusal:
    return Refusal(
        translate(
            "Runs",
            "The results folder {} cannot be written ({}). "
            "Choose another in the options of Segment by Text.",
        ).format(folder, reason)
    )
