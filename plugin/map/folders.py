"""Where results, trainings and corrections are kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import QCoreApplication

from ..paths import PLUGIN
from ..settings import Settings
from .extents import Refusal

translate = QCoreApplication.translate

SLUG_LENGTH = 40


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
                "Folders",
                "The training folder {} cannot be written ({}). "
                "Choose another in the options of Segment by Text.",
            ).format(folder, cause.strerror)
        ) from cause


def slug(expression: str) -> str:
    """An expression as a part of a folder's name."""
    return re.sub(r"\W+", "-", expression.strip().lower())[:SLUG_LENGTH].strip("-") or "run"
