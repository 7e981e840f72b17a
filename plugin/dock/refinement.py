"""The chosen result, its threshold and its polygons' shape: made anew without the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from qgis.core import Qgis, QgsApplication, QgsProject
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ..engine.process import Engine
from ..engine.tasks import EngineTask
from ..map.extents import Refusal
from ..results.groups import ResultGroup
from ..results.runs import next_version
from ..results.versions import Versions, drop

DELAY = 200
"""Milliseconds without a change before the engine is asked."""


class Refinement(QObject):
    """Makes mask and polygons of a result anew; never runs the model.

    Signals:
        taken: A result was chosen as the one to refine, or none.
        changed: There is less of it on the map, or it stays as it was after all.
        refined: The new Result, already on the map.
        told: Why there is none, and a Qgis.MessageLevel.
        silent: Whether the engine has said nothing for long, while something is to be made.

    Attributes:
        hangs: The same.
    """

    taken = pyqtSignal()
    changed = pyqtSignal()
    refined = pyqtSignal(object)
    told = pyqtSignal(str, object)
    silent = pyqtSignal(bool)

    def __init__(self, engine: Engine, project: QgsProject) -> None:
        super().__init__()
        self._engine = engine
        self._project = project
        self._versions = Versions(project)
        self._shown: Optional[ResultGroup] = None
        self._wanted: dict[ResultGroup, dict[str, Any]] = {}
        self._making: dict[ResultGroup, dict[str, Any]] = {}
        self._task: Optional[EngineTask] = None
        self.hangs = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY)
        self._timer.timeout.connect(self._ask)
        project.layersRemoved.connect(self._removed)

    def take(self, group: Optional[ResultGroup]) -> None:
        """From now on this is the result to refine; None for none.

        What was asked for the one before is still made.
        """
        if self._shown is not None and self._shown is not group:
            self._shown.end_preview()
        self._shown = group
        self.taken.emit()

    def cancel(self) -> None:
        """Gives up what is being made, and what was to come after it."""
        self._wanted.clear()
        if self._task is not None:
            self._task.cancel()

    def forget(self) -> None:
        """Lets go of all results: the project is another one."""
        self.cancel()
        self._timer.stop()
        self._shown = None
        self.taken.emit()

    @property
    def shown(self) -> Optional[ResultGroup]:
        """The result to refine."""
        return self._shown

    @property
    def wanted(self) -> dict[str, Any]:
        """The threshold and the shape of the result to refine, as soon as it is made anew."""
        group = self._shown
        if group is None:
            return {}
        now = {"threshold": group.threshold, "shape": group.shape}
        return self._wanted.get(group) or self._making.get(group) or now

    def preview(self, threshold: float) -> None:
        """Shows what a threshold (0 to 1) would select, while the analyst still moves it."""
        self._timer.stop()
        if self._shown is not None:
            self._shown.preview(threshold)

    def set_threshold(self, threshold: float) -> None:
        """Soon asks for the result at this threshold; the newest one wins."""
        self._want(threshold=threshold)

    def set_shape(self, shape: dict[str, Any]) -> None:
        """Soon asks for polygons of this shape, the parameters of the engine's Shape."""
        if self._shown is not None and "polygons" in self._shown.outputs:
            self._want(shape=shape)

    def close(self) -> None:
        """Stops everything; nothing is told any more."""
        self.blockSignals(True)
        self._project.layersRemoved.disconnect(self._removed)
        self._versions.close()
        self.forget()

    def _want(self, **change: Any) -> None:
        if self._shown is not None:
            self._wanted[self._shown] = {**self.wanted, **change}
            self._timer.start()

    def _removed(self) -> None:
        """Layers are gone; perhaps those of the result."""
        if self._shown is not None and not self._shown.present:
            self.take(None)
        else:
            self.changed.emit()

    def _ask(self) -> None:
        if self._task is not None:
            self._timer.start()
            return
        if not self._wanted:
            return
        group = next(iter(self._wanted))
        wanted = self._wanted.pop(group)
        probability, outputs = group.probability, group.outputs
        if probability is None or not outputs:
            group.end_preview()
            return
        try:
            group.refuse_while_edited()
            out = next_version(group.run)
        except Refusal as cause:
            self._fail(group, str(cause))
            return
        params = {
            "probability": probability,
            "out": str(out),
            "outputs": list(outputs),
            **wanted,
        }
        task = EngineTask(self.tr("Refining"), self._engine, "rethreshold", params, quiet=True)
        for ended in (task.answered, task.failed, task.stopped):
            ended.connect(self._ended)
        task.answered.connect(lambda result: self._show(group, result, out))
        task.failed.connect(lambda text: self._fail(group, text, out))
        task.stopped.connect(lambda: self._stop(group, out))
        task.silent.connect(self._hang)
        self._task, self._making = task, {group: wanted}
        QgsApplication.taskManager().addTask(task)

    def _hang(self, hangs: bool) -> None:
        if hangs is not self.hangs:
            self.hangs = hangs
            self.silent.emit(hangs)

    def _ended(self) -> None:
        self._task, self._making = None, {}
        self._hang(False)
        if self._wanted:
            self._timer.start()

    def _show(self, group: ResultGroup, result: dict[str, Any], out: Path) -> None:
        group.end_preview()
        if not group.present:
            drop(out)
            return
        before, edited = group.version, group.edited
        try:
            lost = group.show(result)
        except Refusal as cause:
            self._fail(group, str(cause), out if group.version == before else None)
            return
        self._versions.show(out)
        if before is not None:
            (self._versions.keep if edited else self._versions.replace)(before)
        self.refined.emit({**result, "warnings": [*lost, *result["warnings"]]})

    def _stop(self, group: ResultGroup, out: Path) -> None:
        """The analyst gave up: shows what there was."""
        drop(out)
        if group.present:
            group.end_preview()
            self.changed.emit()

    def _fail(self, group: ResultGroup, text: str, out: Optional[Path] = None) -> None:
        if out is not None:
            drop(out)
        group.end_preview()
        if group.present:
            self.changed.emit()
            self.told.emit(text, Qgis.MessageLevel.Warning)
