"""The plugin's page in QGIS's options."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Optional

from qgis.core import QgsApplication
from qgis.gui import QgsFileWidget, QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtCore import QCoreApplication, QTimer
from qgis.PyQt.QtWidgets import QFormLayout, QWidget

from .engine.installation import CheckTask
from .paths import icon
from .settings import Settings
from .text.log import log
from .text.plain_label import PlainLabel

translate = QCoreApplication.translate

CHECK_DELAY = 500
"""Milliseconds without a key before the Python that was typed is looked at."""


class OptionsFactory(QgsOptionsWidgetFactory):
    """Makes the page when the options dialog is opened."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(translate("Options", "Segment by Text"), icon())
        self._settings = settings

    def createWidget(self, parent: QWidget) -> QgsOptionsPageWidget:
        """The page."""
        return OptionsPage(self._settings, parent)


class OptionsPage(QgsOptionsPageWidget):
    """Where results go, and which Python runs the engine."""

    def __init__(self, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self._settings = settings
        self.results = QgsFileWidget(self)
        self.results.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.results.setFilePath(settings.results_folder)
        self.results.lineEdit().setPlaceholderText(self.tr("Beside the project"))
        self.results.setToolTip(
            self.tr("Empty: beside the project, or in the user profile while it is not saved.")
        )
        self.training = QgsFileWidget(self)
        self.training.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.training.setFilePath(settings.training_folder)
        self.training.lineEdit().setPlaceholderText(self.tr("In the user profile"))
        self.training.setToolTip(
            self.tr("Samples, trainings that can go on, and corrections. They may need gigabytes.")
        )
        self.interpreter = QgsFileWidget(self)
        self.interpreter.setStorageMode(QgsFileWidget.StorageMode.GetFile)
        self.interpreter.setFilePath(settings.interpreter)
        self.interpreter.lineEdit().setPlaceholderText(self.tr("The plugin's own"))
        self.interpreter.setToolTip(
            self.tr("A Python with the engine's requirements. Used at the engine's next start.")
        )
        self.verdict = PlainLabel(self)
        rows = QFormLayout(self)
        rows.addRow(self.tr("&Results folder"), self.results)
        rows.addRow(self.tr("&Training folder"), self.training)
        rows.addRow(self.tr("&Python of the engine"), self.interpreter)
        rows.addRow("", self.verdict)
        self._task: Optional[CheckTask] = None
        self._problem = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(CHECK_DELAY)
        self._timer.timeout.connect(self._look)
        self.interpreter.fileChanged.connect(self._change)

    def apply(self) -> None:
        """Keeps what was chosen: a Python only once it is known that it can run the engine."""
        self._settings.results_folder = self.results.filePath()
        self._settings.training_folder = self.training.filePath()
        if self._timer.isActive():
            self._look()
        path = self._chosen
        if self._task is not None:
            # The page is gone when this is known.
            self._task.ready.connect(partial(_keep, self._settings, path))
            self._task.failed.connect(_tell)
        elif self._problem:
            _tell(self._problem)
        else:
            _keep(self._settings, path)

    @property
    def _chosen(self) -> str:
        path = self.interpreter.filePath().strip()
        return os.path.abspath(path) if path else ""

    def _change(self) -> None:
        self._forget("")
        self._timer.start()

    def _forget(self, text: str) -> None:
        """Nothing is known of the Python but this."""
        if self._task is not None:
            self._task.ready.disconnect(self._fit)
            self._task.failed.disconnect(self._refuse)
            self._task.cancel()
        self._task = None
        self._problem = ""
        self.verdict.setText(text)

    def _look(self) -> None:
        """Looks in the background whether the Python that was chosen can run the engine."""
        self._timer.stop()
        if self._chosen in ("", self._settings.interpreter):
            return
        self._forget(self.tr("Looking whether it can run the engine…"))
        self._task = CheckTask(Path(self._chosen))
        self._task.ready.connect(self._fit)
        self._task.failed.connect(self._refuse)
        QgsApplication.taskManager().addTask(self._task)

    def _fit(self) -> None:
        self._task = None
        self.verdict.setText(self.tr("It can run the engine."))

    def _refuse(self, problem: str) -> None:
        self._task = None
        self._problem = problem
        self.verdict.setText(problem)


def _keep(settings: Settings, interpreter: str) -> None:
    settings.interpreter = interpreter


def _tell(problem: str) -> None:
    text = translate("OptionsPage", "The Python of the engine was not changed. {}").format(problem)
    log(text)
