"""The button that puts a result the analyst has corrected into the training set."""

from __future__ import annotations

from qgis.core import Qgis, QgsApplication
from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QWidget

from ..map import corrections
from ..map.extents import Refusal
from ..settings import Settings
from .refinement import Refinement


class TrainingSet(QObject):
    """Drives the button below a result. The layers on the map stay as they are.

    Signals:
        told: What became of it, and a Qgis.MessageLevel.
        changed: There is one more correction.
    """

    told = pyqtSignal(str, object)
    changed = pyqtSignal()

    def __init__(self, form: QWidget, refinement: Refinement, settings: Settings) -> None:
        super().__init__(form)
        self._button = form.addToTraining
        self._refinement = refinement
        self._settings = settings
        self._button.setIcon(QgsApplication.getThemeIcon("/symbologyAdd.svg"))
        self._button.clicked.connect(self.add)
        refinement.taken.connect(self._update)
        refinement.changed.connect(self._update)
        self._update()

    def add(self) -> None:
        """Keeps the polygons of the result as they are now, unsaved edits among them."""
        shown = self._refinement.shown
        if shown is None:
            return
        try:
            kept = corrections.keep(
                shown.layer("polygons"), shown.expression, shown.source, self._settings
            )
        except Refusal as cause:
            self.told.emit(str(cause), Qgis.MessageLevel.Warning)
            return
        text = self.tr(
            "Added to the training set: “{}”, polygons: {:,}. "
            "Raster > Segment by Text > Teach new words… learns from it."
        )
        self.told.emit(text.format(kept.expression, kept.count), Qgis.MessageLevel.Success)
        self.changed.emit()

    def _update(self) -> None:
        shown = self._refinement.shown
        self._button.setVisible(
            shown is not None and shown.source is not None and "polygons" in shown.outputs
        )
