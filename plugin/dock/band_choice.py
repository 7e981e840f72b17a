"""The choice of bands: by itself, those on the screen, or three of the list."""

from __future__ import annotations

from enum import Enum
from typing import Optional

from qgis.core import QgsMapLayer, QgsRasterLayer
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtWidgets import QWidget

from ..map.told import displayed, single


class Bands(Enum):
    """Which bands the model sees."""

    AUTOMATIC = "automatic"
    DISPLAYED = "displayed"
    CHOSEN = "chosen"


class BandChoice(QObject):
    """Drives the band fields of the form."""

    def __init__(self, form: QWidget) -> None:
        super().__init__(form)
        self._form = form
        self._boxes = (form.red, form.green, form.blue)
        form.bands.addItem(self.tr("Automatic"), Bands.AUTOMATIC)
        form.bands.addItem(self.tr("As displayed"), Bands.DISPLAYED)
        form.bands.addItem(self.tr("Chosen below"), Bands.CHOSEN)
        form.bands.currentIndexChanged.connect(self._choose)
        form.layer.layerChanged.connect(self._list)
        self._choose()
        self._list(form.layer.currentLayer())

    def bands(self, layer: Optional[QgsMapLayer]) -> Optional[list[int]]:
        """One or three bands of `layer`, counted from 1; None for no choice here."""
        choice = self._form.bands.currentData()
        if choice is Bands.CHOSEN:
            return single([box.currentBand() for box in self._boxes])
        if choice is Bands.DISPLAYED and isinstance(layer, QgsRasterLayer):
            return displayed(layer)
        return None

    def _choose(self) -> None:
        chosen = self._form.bands.currentData() is Bands.CHOSEN
        for box in self._boxes:
            box.setVisible(chosen)
            self._form.moreFields.labelForField(box).setVisible(chosen)

    def _list(self, layer: Optional[QgsMapLayer]) -> None:
        """Lists the bands by number and name; long names are cut in the form, not in the list."""
        for position, box in enumerate(self._boxes, start=1):
            box.setLayer(layer)
            box.setBand(min(position, max(1, box.count())))
            box.view().setMinimumWidth(box.view().sizeHintForColumn(0))
