"""The last result, its threshold and its polygons' shape: made anew without the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from qgis.core import Qgis, QgsApplication, QgsCoordinateReferenceSystem
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ..engine.process import Engine
from ..engine.tasks import EngineTask
from ..map.extents import Refusal
from ..map.layers import Source
from ..map.results import ResultGroup
from ..map.runs import next_version

DELAY = 200
"""Milliseconds without a change before the engine is asked."""


@dataclass(frozen=True)
class Shown:
    """A result on the map, what its thresholds are made of, and what was asked for."""

    group: ResultGroup
    probability: str
    outputs: tuple[str, ...]
    crs: QgsCoordinateReferenceSystem
    source: Source
    expression: str


class Refinement(QObject):
    """Makes mask and polygons of the last result anew; never runs the model.

    Signals:
        taken: Another result is the one to refine, or none.
        refined: The new Result, already on the map.
        told: Why there is none, and a Qgis.MessageLevel.
    """

    taken = pyqtSignal()
    refined = pyqtSignal(object)
    told = pyqtSignal(str, object)

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self._shown: Optional[Shown] = None
        self._threshold = 0.5
        self._shape: dict[str, Any] = {}
        self._task: Optional[EngineTask] = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY)
        self._timer.timeout.connect(self._ask)

    def take(
        self,
        shown: Optional[Shown],
        threshold: float = 0.5,
        shape: Optional[dict[str, Any]] = None,
    ) -> None:
        """From now on this is the result to refine, and how it was made; None for none."""
        self._timer.stop()
        self._shown = shown
        self._threshold = threshold
        self._shape = shape or {}
        self.taken.emit()

    @property
    def shown(self) -> Optional[Shown]:
        """The result to refine."""
        return self._shown

    def preview(self, threshold: float) -> None:
        """Shows what a threshold (0 to 1) would select, while the analyst still moves it."""
        self._timer.stop()
        if self._shown is not None:
            self._shown.group.preview(threshold)

    def set_threshold(self, threshold: float) -> None:
        """Soon asks for the result at this threshold; the newest one wins."""
        self._threshold = threshold
        if self._shown is not None:
            self._timer.start()

    def set_shape(self, shape: dict[str, Any]) -> None:
        """Soon asks for polygons of this shape, the parameters of the engine's Shape."""
        self._shape = shape
        if self._shown is not None and "polygons" in self._shown.outputs:
            self._timer.start()

    def close(self) -> None:
        """Stops everything; nothing is told any more."""
        self.blockSignals(True)
        self.take(None)
        if self._task is not None:
            self._task.cancel()

    def _ask(self) -> None:
        shown = self._shown
        if shown is None:
            return
        if self._task is not None:
            self._timer.start()
            return
        try:
            shown.group.refuse_while_edited()
            out = next_version(shown.group.run)
        except Refusal as cause:
            self._fail(shown, str(cause))
            return
        params = {
            "probability": shown.probability,
            "out": str(out),
            "threshold": self._threshold,
            "outputs": list(shown.outputs),
            "shape": self._shape,
        }
        task = EngineTask(self.tr("Refining"), self._engine, "rethreshold", params, quiet=True)
        for ended in (task.answered, task.failed, task.stopped):
            ended.connect(self._ended)
        task.answered.connect(lambda result: self._show(shown, result))
        task.failed.connect(lambda text: self._fail(shown, text))
        self._task = task
        QgsApplication.taskManager().addTask(task)

    def _ended(self) -> None:
        self._task = None

    def _show(self, shown: Shown, result: dict[str, Any]) -> None:
        if shown is not self._shown:
            return
        shown.group.end_preview()
        try:
            shown.group.show(result, shown.crs)
        except Refusal as cause:
            self._fail(shown, str(cause))
            return
        self.refined.emit(result)

    def _fail(self, shown: Shown, text: str) -> None:
        shown.group.end_preview()
        self.told.emit(text, Qgis.MessageLevel.Warning)
