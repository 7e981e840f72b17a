"""The plugin's page in QGIS's options."""

from __future__ import annotations

from qgis.gui import QgsFileWidget, QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtWidgets import QFormLayout, QWidget

from .paths import icon
from .settings import Settings

translate = QCoreApplication.translate


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
        rows = QFormLayout(self)
        rows.addRow(self.tr("&Results folder"), self.results)
        rows.addRow(self.tr("&Training folder"), self.training)
        rows.addRow(self.tr("&Python of the engine"), self.interpreter)

    def apply(self) -> None:
        """Keeps what was chosen."""
        self._settings.results_folder = self.results.filePath()
        self._settings.training_folder = self.training.filePath()
        self._settings.interpreter = self.interpreter.filePath()
