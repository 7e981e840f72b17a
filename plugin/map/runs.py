"""Where the files of a run are kept: a folder for every run, nothing is ever overwritten."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from qgis.core import Qgis, QgsApplication, QgsMessageLog, QgsProject
from qgis.PyQt.QtCore import QCoreApplication

from ..paths import PLUGIN
from ..settings import Settings
from .extents import Refusal

translate = QCoreApplication.translate

SLUG_LENGTH = 40
MOMENT = "[0-9]*_[0-9]*"
UNFINISHED = "probability.tif.unfinished"
"""What the engine keeps of a run that was ended; the same request goes on from there."""


def results_folder(settings: Settings, project: QgsProject) -> Path:
    """The analyst's choice; else beside the project; else, for a project unsaved, the profile."""
    if settings.results_folder:
        return Path(settings.results_folder)
    home = project.homePath() if project.fileName() else ""
    return Path(home or QgsApplication.qgisSettingsDirPath()) / PLUGIN


def training_folder(settings: Settings) -> Path:
    """Where trainings and corrections are kept: the analyst's choice, else the profile."""
    chosen = settings.training_folder
    return Path(chosen) if chosen else Path(QgsApplication.qgisSettingsDirPath()) / PLUGIN


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turns an error of the disk into a Refusal that names the training's folder."""
    try:
        yield
    except OSError as cause:
        raise Refusal(
            translate(
                "Runs",
                "The training folder {} cannot be written ({}). "
                "Choose another in the options of Segment by Text.",
            ).format(folder, cause.strerror)
        ) from cause


def new_run(expression: str, settings: Settings, project: QgsProject) -> Path:
    """The folder of a run, named after the moment and the expression.

    It is a new one, or that of the last run of these words that was ended before its time: the
    engine goes on there if the rest of the request is the same too.

    Raises:
        Refusal: The folder cannot be created.
    """
    name = slug(expression)
    results = results_folder(settings, project)
    names = (f"{MOMENT}_{name}", f"{MOMENT}_{name}-[0-9]*")
    ended = sorted(p.parent for each in names for p in results.glob(f"{each}/{UNFINISHED}"))
    return ended[-1] if ended else _numbered(results, f"{datetime.now():%Y-%m-%d_%H%M%S}_{name}")


def slug(expression: str) -> str:
    """An expression as a part of a folder's name."""
    return re.sub(r"\W+", "-", expression.strip().lower())[:SLUG_LENGTH].strip("-") or "run"


def next_version(run: Path) -> Path:
    """Creates the folder for the next threshold of a run.

    Raises:
        Refusal: The folder cannot be created.
    """
    return _numbered(run, "threshold")


def discard(run: Path) -> bool:
    """Deletes the folder of a run that came to no result; what cannot be deleted is logged.

    Returns:
        Whether it was kept instead, because the same request may go on from there.
    """
    if (run / UNFINISHED).exists():
        return True
    try:
        shutil.rmtree(run)
    except OSError as cause:
        QgsMessageLog.logMessage(f"{run}: {cause}", PLUGIN, Qgis.MessageLevel.Warning)
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
        raise Refusal(
            translate(
                "Runs",
                "The results folder {} cannot be written ({}). "
                "Choose another in the options of Segment by Text.",
            ).format(parent, cause.strerror)
        ) from cause
