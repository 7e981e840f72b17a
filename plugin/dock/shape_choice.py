"""The choice of polygons: the smallest that counts, and how their outlines are drawn."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QWidget

from ..map.shape import Outlines, outlines_of, shape


class ShapeChoice(QObject):
    """Drives the fields about polygons.

    Signals:
        changed: The parameters of the engine's Shape.
    """

    changed = pyqtSignal(object)

    def __init__(self, form: QWidget) -> None:
        super().__init__(form)
        self._form = form
        form.smallest.setKeyboardTracking(False)
        form.outlines.addItem(self.tr("Along the pixels"), Outlines.EXACT)
        form.outlines.addItem(self.tr("Straight lines"), Outlines.SMOOTH)
        form.outlines.addItem(self.tr("Right angles (buildings)"), Outlines.RIGHT_ANGLES)
        form.smallest.valueChanged.connect(self._change)
        form.outlines.currentIndexChanged.connect(self._change)

    @property
    def shape(self) -> dict[str, Any]:
        """The parameters of the engine's Shape."""
        return shape(self._form.smallest.value(), self._form.outlines.currentData())

    def show(self, values: dict[str, Any]) -> None:
        """Shows the parameters of a Shape; nobody changed them."""
        self.blockSignals(True)
        self._form.smallest.setValue(values.get("minimum_area", 0.0))
        self._form.outlines.setCurrentIndex(self._form.outlines.findData(outlines_of(values)))
        self.blockSignals(False)

    def _change(self) -> None:
        self.changed.emit(self.shape)
