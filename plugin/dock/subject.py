"""What the threshold and the polygons' fields are about: a result, or the next run."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable

from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtWidgets import QWidget

from ..results.appearance import shortened
from .refinement import Refinement
from .shape_choice import ShapeChoice
from .threshold_field import ThresholdField


class Subject(QObject):
    """Drives the line below the threshold, and sends changes where the line says.

    The fields are about the result that was chosen last: the one a run has just made, or the one
    selected in the layer tree. Once other words than the result's are typed they are about the next
    run, until a result is chosen or its words are typed again. Then they show what the analyst has
    set last, whatever results were looked at meanwhile.
    """

    def __init__(
        self, form: QWidget, refinement: Refinement, threshold: ThresholdField, shape: ShapeChoice
    ) -> None:
        super().__init__(form)
        self._form = form
        self._refinement = refinement
        self._threshold = threshold
        self._shape = shape
        self._typed = ""
        self._other_words = False
        self._set_last = self._values
        for changed, send in (
            (threshold.moving, refinement.preview),
            (threshold.moved, refinement.set_threshold),
            (shape.changed, refinement.set_shape),
        ):
            changed.connect(partial(self._change, send))
        refinement.taken.connect(self._taken)
        refinement.changed.connect(self._show)
        refinement.refined.connect(self._say)
        self._taken()

    @property
    def is_result(self) -> bool:
        """Whether the fields change a result."""
        return not self._other_words and self._can_change()

    def type(self, expression: str) -> None:
        """The analyst has typed this."""
        if expression == self._typed:
            return
        self._typed = expression
        self.compare()

    def compare(self) -> None:
        """The words that are typed decide, also where they were typed during a run."""
        shown = self._refinement.shown
        self._other_words = (
            shown is not None
            and bool(self._typed)
            and self._typed.casefold() != shown.expression.casefold()
        )
        self._show()

    def _taken(self) -> None:
        self._other_words = False
        self._show()

    def _can_change(self) -> bool:
        shown = self._refinement.shown
        return shown is not None and bool(shown.outputs) and shown.probability is not None

    @property
    def _values(self) -> tuple[float, dict[str, Any]]:
        return self._threshold.value, self._shape.shape

    def _change(self, send: Callable[[Any], None], value: Any) -> None:
        """The analyst has changed one of the fields."""
        self._set_last = self._values
        if self.is_result:
            send(value)
        else:
            self._say()  # its files may have gone since the line was written

    def _show(self) -> None:
        """Shows the values of the subject, where the analyst is not about to move them."""
        if self._refinement.shown is not None and not self._form.thresholdSlider.isSliderDown():
            wanted = self._refinement.wanted
            of_result = wanted["threshold"], wanted["shape"]
            threshold, shape = of_result if self.is_result else self._set_last
            self._threshold.show(threshold)
            self._shape.show(shape)
        self._say()

    def _say(self) -> None:
        text = self._text()
        line = self._form.resultLine
        line.setText(text)
        line.setVisible(bool(text))
        for field in (self._form.thresholdSlider, self._form.threshold):
            field.setAccessibleDescription(text)

    def _text(self) -> str:
        shown = self._refinement.shown
        if shown is None:
            return ""
        name = shortened(shown.expression)
        if self._other_words:
            text = self.tr("For the next run. The result “{}” stays as it is.")
        elif not shown.outputs:
            text = self.tr("For the next run. The result “{}” has neither polygons nor mask now.")
        elif not self._can_change():
            text = self.tr(
                "For the next run. The result “{}” cannot be changed: its probability.tif is gone."
            )
        elif shown.count is None:
            text = self.tr("Result: {}")
        else:
            return self.tr("Result: {} · objects: {:,}").format(name, shown.count)
        return text.format(name)
