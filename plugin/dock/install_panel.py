"""What the dock shows while there is no engine: what installing means, and the buttons for it."""

from __future__ import annotations

import sys
from typing import Optional

from qgis.core import Qgis, QgsApplication
from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QFileDialog, QWidget

from ..engine import environment
from ..engine.installation import InstallTask
from ..settings import Settings


class InstallPanel(QObject):
    """Drives the panel of the form that offers to install the engine.

    Signals:
        installed: There is an engine now.
        progressed: What the installation is doing.
        told: How it ended, and a Qgis.MessageLevel.
    """

    installed = pyqtSignal()
    progressed = pyqtSignal(str)
    told = pyqtSignal(str, object)
    changed = pyqtSignal()

    def __init__(self, form: QWidget, settings: Settings) -> None:
        super().__init__(form)
        self._form = form
        self._settings = settings
        self._task: Optional[InstallTask] = None
        self._location = environment.default_location()
        form.missingText.setText(
            self.tr(
                "The models run in a Python of their own, apart from QGIS. Installing it "
                "downloads PyTorch and other libraries from the Python Package Index and takes "
                "up to {} GB in {}. Nothing else on this computer is changed; deleting that "
                "folder removes it."
            ).format(round(environment.SPACE / 1e9), self._location)
        )
        form.install.clicked.connect(self.install)
        form.chooseInterpreter.clicked.connect(self._choose)

    @property
    def busy(self) -> bool:
        """Whether an installation is running."""
        return self._task is not None

    def install(self) -> None:
        """Builds the engine's Python; the panel's text was read, the click is the consent."""
        if self.busy:
            return
        task = InstallTask(self._location)
        task.progressed.connect(self.progressed)
        task.installed.connect(lambda: self._ended(self.tr("The engine is installed.")))
        task.installed.connect(self.installed)
        task.failed.connect(lambda text: self._ended(text, Qgis.MessageLevel.Critical))
        task.stopped.connect(
            lambda: self._ended(
                self.tr("Cancelled. Installing again goes on from here."), Qgis.MessageLevel.Info
            )
        )
        self._task = task
        self.changed.emit()
        QgsApplication.taskManager().addTask(task)

    def cancel(self) -> None:
        """Stops the installation."""
        if self._task is not None:
            self._task.cancel()

    def use(self, interpreter: str) -> None:
        """Takes an interpreter that has the engine's requirements already."""
        self._settings.interpreter = interpreter
        self.installed.emit()

    def _ended(self, text: str, level: Qgis.MessageLevel = Qgis.MessageLevel.Success) -> None:
        self._task = None
        self.changed.emit()
        self.told.emit(text, level)

    def _choose(self) -> None:
        programs = self.tr("Python (python.exe)") if sys.platform == "win32" else ""
        title = self.tr("A Python with the engine's requirements")
        path, _ = QFileDialog.getOpenFileName(self._form, title, "", programs)
        if path:
            self.use(path)
