"""What the dock shows while there is no engine: what installing means, and the buttons for it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Optional

from qgis.core import Qgis, QgsApplication
from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QFileDialog, QWidget

from ..engine import environment
from ..engine.installation import CheckTask, InstallTask, PythonTask
from ..settings import Settings


class InstallPanel(QObject):
    """Drives the panel of the form that offers to install the engine.

    Signals:
        installed: There is an engine now.
        progressed: What the installation is doing.
        told: How it ended, and a Qgis.MessageLevel.
        changed: Whether it is busy.
    """

    installed = pyqtSignal()
    progressed = pyqtSignal(str)
    told = pyqtSignal(str, object)
    changed = pyqtSignal()

    def __init__(self, form: QWidget, settings: Settings) -> None:
        super().__init__(form)
        self._form = form
        self._settings = settings
        self._task: Optional[PythonTask] = None
        self._location = environment.default_location()
        self.explain("")
        form.install.clicked.connect(self.install)
        form.chooseInterpreter.clicked.connect(self._choose)

    def explain(self, problem: str) -> None:
        """Says why there is no engine, and what installing one means.

        Args:
            problem: Why the Python that there is cannot run it; empty where there is none.
        """
        missing = self.tr("The engine is not installed")
        title = self.tr("The engine cannot start") if problem else missing
        self._form.missingTitle.setText(f"<b>{title}</b>")
        offer = self.tr(
            "The models run in a Python of their own, apart from QGIS. Installing it "
            "downloads PyTorch and other libraries from the Python Package Index and takes "
            "up to {} GB in {}. Nothing else on this computer is changed; deleting that "
            "folder removes it."
        ).format(round(environment.SPACE / 1e9), self._location)
        self._form.missingText.setText(f"{problem}\n\n{offer}" if problem else offer)

    @property
    def busy(self) -> bool:
        """Whether something is installed or looked at."""
        return self._task is not None

    def install(self) -> None:
        """Builds the engine's Python; the panel's text was read, the click is the consent."""
        if not self.busy:
            task = InstallTask(self._location)
            task.progressed.connect(self.progressed)
            task.ready.connect(self._installed)
            self._begin(task, self.tr("Cancelled. Installing again goes on from here."))

    def choose(self, interpreter: str) -> None:
        """Takes an interpreter if it has the engine's requirements; else says what is missing."""
        if not self.busy:
            path = os.path.abspath(interpreter)
            task = CheckTask(Path(path))
            task.ready.connect(lambda: self.use(path))
            self._begin(task, self.tr("Cancelled."))
            self.progressed.emit(self.tr("Looking whether {} can run the engine").format(path))

    def cancel(self) -> None:
        """Stops the installation."""
        if self._task is not None:
            self._task.cancel()

    def use(self, interpreter: str) -> None:
        """Takes an interpreter that has the engine's requirements already."""
        self._settings.interpreter = interpreter
        self._task = None
        self.changed.emit()
        self.installed.emit()

    def _begin(self, task: PythonTask, cancelled: str) -> None:
        task.failed.connect(lambda text: self._ended(text, Qgis.MessageLevel.Critical))
        task.stopped.connect(lambda: self._ended(cancelled, Qgis.MessageLevel.Info))
        self._task = task
        self.changed.emit()
        QgsApplication.taskManager().addTask(task)

    def _installed(self) -> None:
        # A Python that was chosen before, and cannot be used, would be taken instead.
        self._settings.interpreter = ""
        self._ended(self.tr("The engine is installed."), Qgis.MessageLevel.Success)
        self.installed.emit()

    def _ended(self, text: str, level: Qgis.MessageLevel) -> None:
        self._task = None
        self.changed.emit()
        self.told.emit(text, level)

    def _choose(self) -> None:
        programs = self.tr("Python (python.exe)") if sys.platform == "win32" else ""
        title = self.tr("A Python with the engine's requirements")
        path, _ = QFileDialog.getOpenFileName(self._form, title, "", programs)
        if path:
            self.choose(path)
