"""Where the files of a run are kept: a new folder for every run, nothing is ever overwritten."""

from __future__ import annotations

import re
import shutil
from datetime import datetime
from pathlib import Path

from qgis.core import Qgis, QgsApplication, QgsMessageLog, QgsProject
from qgis.PyQt.QtCore import QCoreApplication

from .extents import Refusal
from .paths import PLUGIN
from .settings import Settings

translate = QCoreApplication.translate

SLUG_LENGTH = 40


def results_folder(settings: Settings, project: QgsProject) -> Path:
    """The analyst's choice; else beside the project; else, for a project unsaved, the profile."""
    if settings.results_folder:
        return Path(settings.results_folder)
    home = project.homePath() if project.fileName() else ""
    return Path(home or QgsApplication.qgisSettingsDirPath()) / PLUGIN


def new_run(expression: str, settings: Settings, project: QgsProject) -> Path:
    """Creates the folder of a new run, named after the moment and the expression.

    Raises:
        Refusal: The folder cannot be created.
    """
    slug = re.sub(r"\W+", "-", expression.strip().lower())[:SLUG_LENGTH].strip("-")
    name = f"{datetime.now():%Y-%m-%d_%H%M%S}_{slug or 'run'}"
    return _numbered(results_folder(settings, project), name)


def next_version(run: Path) -> Path:
    """Creates the folder for the next threshold of a run.

    Raises:
        Refusal: The folder cannot be created.
    """
    return _numbered(run, "threshold")


def discard(run: Path) -> None:
    """Deletes the folder of a run that came to no result; what cannot be deleted is logged."""
    try:
        shutil.rmtree(run)
    except OSError as cause:
        QgsMessageLog.logMessage(f"{run}: {cause}", PLUGIN, Qgis.MessageLevel.Warning)


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
