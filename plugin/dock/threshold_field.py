"""The threshold: a slider and a number that move together."""

from __future__ import annotations

from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QSlider, QSpinBox


class ThresholdField(QObject):
    """A threshold in percent on the screen, from 0 to 1 everywhere else.

    Signals:
        moving: The threshold while the slider is dragged.
        moved: The threshold once it is let go, typed or stepped to.
    """

    moving = pyqtSignal(float)
    moved = pyqtSignal(float)

    def __init__(self, slider: QSlider, number: QSpinBox) -> None:
        super().__init__(slider)
        self._slider = slider
        self._number = number
        number.setKeyboardTracking(False)
        slider.valueChanged.connect(self._slide)
        slider.sliderReleased.connect(lambda: self.moved.emit(self.value))
        number.valueChanged.connect(slider.setValue)

    @property
    def value(self) -> float:
        """The threshold from 0 to 1."""
        return self._slider.value() / 100

    def show(self, value: float) -> None:
        """Shows a threshold; nobody moved it."""
        self.blockSignals(True)
        self._slider.setValue(round(100 * value))
        self.blockSignals(False)

    def _slide(self, percent: int) -> None:
        self._number.blockSignals(True)
        self._number.setValue(percent)
        self._number.blockSignals(False)
        signal = self.moving if self._slider.isSliderDown() else self.moved
        signal.emit(self.value)
