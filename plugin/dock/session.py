"""What the dock is doing: starting, running, cancelling, or nothing. No widgets."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Callable, Optional

from qgis.core import Qgis, QgsApplication, QgsCoordinateReferenceSystem, QgsProject
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ..engine.process import Engine
from ..engine.tasks import EngineTask
from ..map.extents import Refusal
from ..map.layers import Source
from ..results.appearance import shortened
from ..results.groups import add
from ..results.project import Results
from ..results.runs import Run, new_run
from ..settings import Settings
from .refinement import Refinement

CHECK_DELAY = 400
"""Milliseconds without a key before the engine is asked what it knows of the expression."""


class State(Enum):
    """What the session is doing."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    CANCELLING = "cancelling"
    FAILED = "failed"

    @property
    def busy(self) -> bool:
        """Whether a request is on its way."""
        return self in (State.STARTING, State.RUNNING, State.CANCELLING)


@dataclass(frozen=True)
class Request:
    """What the analyst asks for."""

    source: Source
    crs: QgsCoordinateReferenceSystem
    expression: str
    model: str
    threshold: float
    outputs: tuple[str, ...]
    shape: dict[str, Any] = field(default_factory=dict)
    device: str = "auto"

    def params(self, out: Path) -> dict[str, Any]:
        """The parameters of the engine's `segment`; `EngineTask` exports the source if need be."""
        return {
            "source": self.source,
            "expression": self.expression,
            "model": self.model,
            "out": str(out),
            "threshold": self.threshold,
            "outputs": list(self.outputs),
            "shape": self.shape,
            "device": self.device,
        }

    @property
    def same(self) -> str:
        """What two requests have in common where the engine goes on with one for the other."""
        source = self.source
        place = source if isinstance(source, dict) else [source.name, source.params]
        return json.dumps([self.expression, self.model, place], sort_keys=True)


class Session(QObject):
    """Sends the dock's requests to the engine and puts the results on the map.

    Signals:
        changed: The state.
        progressed: done, total (0: unknown) and what the engine is doing.
        silent: Whether the engine has said nothing for long.
        told: A message for the analyst and its Qgis.MessageLevel.
        hinted: What the model knows of the expression that was typed last.
        doubted: The model knows no word of the request; it runs only when asked `anyway`.
        ready: The engine runs; its `cards`, `damaged` models and facts are known.
        finished: A request was answered and its result is on the map.
        forgotten: The project is another one; what was said of the former is no longer true.
    """

    changed = pyqtSignal()
    progressed = pyqtSignal(int, int, str)
    silent = pyqtSignal(bool)
    told = pyqtSignal(str, object)
    hinted = pyqtSignal(dict)
    doubted = pyqtSignal()
    ready = pyqtSignal()
    finished = pyqtSignal()
    forgotten = pyqtSignal()

    def __init__(self, engine: Engine, settings: Settings, project: QgsProject) -> None:
        super().__init__()
        self.engine = engine
        self.cards: list[dict[str, Any]] = []
        self.damaged: list[dict[str, Any]] = []
        self.results = Results(project)
        self.refinement = Refinement(engine, project)
        self.refinement.refined.connect(self._report)
        self.refinement.told.connect(self.told)
        self._settings = settings
        self._project = project
        self._state = State.IDLE
        self._task: Optional[EngineTask] = None
        self._run: Optional[Run] = None
        self._known: dict[tuple[str, str], dict[str, Any]] = {}
        self._asked: tuple[str, str] = ("", "")
        self._check_task: Optional[EngineTask] = None
        self._models_task: Optional[EngineTask] = None
        self._check_timer = QTimer(self)
        self._check_timer.setSingleShot(True)
        self._check_timer.setInterval(CHECK_DELAY)
        self._check_timer.timeout.connect(self._check)
        project.cleared.connect(self.forget)
        project.readProject.connect(self._find)
        self._find()

    @property
    def state(self) -> State:
        """What the session is doing."""
        return self._state

    def start(self) -> None:
        """Starts the engine and asks for its models."""
        if self.state.busy or not self.engine.installed:
            return
        self._enter(State.STARTING)
        self._begin("models", {"damaged": True}, self.tr("Starting the engine"), self._started)

    def refresh(self) -> None:
        """Asks on the side which models there are now; an engine that does not run is started."""
        if not self.engine.running:
            self.start()
            return
        asked = {"damaged": True}
        task = EngineTask(self.tr("Models"), self.engine, "models", asked, quiet=True)
        task.answered.connect(self._renew)
        task.failed.connect(lambda text: self.told.emit(text, Qgis.MessageLevel.Warning))
        self._models_task = task
        QgsApplication.taskManager().addTask(task)

    def run(self, request: Request, anyway: bool = False) -> None:
        """Segments; first asks whether the model knows the words, unless `anyway`."""
        if self.state.busy:
            return
        self._enter(State.RUNNING if self.engine.running else State.STARTING)
        answer = self._known.get((request.expression, request.model))
        if anyway:
            self._segment(request)
        elif answer is not None:
            self._checked(request, answer)
        else:
            params = {"expression": request.expression, "model": request.model}
            description = self.tr("Reading the expression")
            self._begin("check", params, description, lambda a: self._checked(request, a))

    def cancel(self) -> None:
        """Stops what is running."""
        if self._task is not None and self.state is not State.CANCELLING:
            self._enter(State.CANCELLING)
            self._task.cancel()

    def ask_about(self, expression: str, model: str) -> None:
        """Soon hints at what the model knows of the expression; the newest question wins."""
        self._asked = (expression, model)
        answer = self._known.get(self._asked)
        if answer is not None:
            self.hinted.emit(answer)
        else:
            self._check_timer.start()

    def forget(self) -> None:
        """Lets go of all results and stops what is running: the project is another one."""
        self.refinement.forget()
        self.cancel()
        self.forgotten.emit()

    def close(self) -> None:
        """Stops everything; nothing is told any more."""
        self._check_timer.stop()
        self.blockSignals(True)
        self._project.cleared.disconnect(self.forget)
        self._project.readProject.disconnect(self._find)
        self.refinement.close()
        self.results.close()
        self.cancel()
        self._discard()

    def _find(self) -> None:
        """Finds a result again in a project that was opened, where the analyst chose none yet."""
        if self.refinement.shown is None:
            self.refinement.take(self.results.topmost())

    def _started(self, told: list[dict[str, Any]]) -> None:
        self._keep(told)
        self._enter(State.IDLE)
        self.ready.emit()

    def _renew(self, told: list[dict[str, Any]]) -> None:
        self._keep(told)
        self._known.clear()
        self.ready.emit()

    def _keep(self, told: list[dict[str, Any]]) -> None:
        self.cards = [model for model in told if "damaged" not in model]
        self.damaged = [model for model in told if "damaged" in model]

    def _checked(self, request: Request, answer: dict[str, Any]) -> None:
        self._known[(request.expression, request.model)] = answer
        self.hinted.emit(answer)
        if answer["unknown"]:
            self._enter(State.IDLE)
            self.doubted.emit()
        else:
            self._segment(request)

    def _segment(self, request: Request) -> None:
        try:
            run = self._run = new_run(
                request.expression, self._settings, self._project, request.same
            )
        except Refusal as cause:
            self._fail(str(cause))
            return
        description = self.tr("Segmenting: {}").format(request.expression)
        params = request.params(run.folder)
        self._begin("segment", params, description, lambda r: self._segmented(request, run, r))

    def _segmented(self, request: Request, run: Run, result: dict[str, Any]) -> None:
        try:
            group = add(result, run.folder, request.crs, self._project)
        except Refusal as cause:
            self._fail(str(cause))
            return
        run.release()
        self._run = None
        group.looked_at(request.source)
        self.results.adopt(group)
        self.refinement.take(group)
        self._settings.remember(request.expression)
        self._enter(State.IDLE)
        self._report(result)
        self.finished.emit()

    def _report(self, result: dict[str, Any]) -> None:
        """Says what was found, what the engine warns of, and below other words of which result."""
        if result["count"] is None:
            found = [self.tr("The mask is written.")]
        elif result["count"] == 0:
            found = []
        elif result["area_m2"] is None:
            found = [self.tr("Objects found: {}").format(result["count"])]
        else:
            area = f"{result['area_m2']:,.0f}"
            found = [self.tr("Objects found: {}, {} m² in all").format(result["count"], area)]
        level = Qgis.MessageLevel.Warning if result["warnings"] else Qgis.MessageLevel.Success
        text = "\n\n".join([*found, *result["warnings"]])
        if self._asked[0].casefold() != result["expression"].casefold():
            text = f"“{shortened(result['expression'])}”: {text}"
        self.told.emit(text, level)

    def _check(self) -> None:
        """Asks on the side what the model knows; only an engine that runs and has time is asked."""
        asked = self._asked
        if not all(asked) or not self.engine.running or self.state.busy:
            return
        if self._check_task is not None:
            self._check_timer.start()
            return
        params = {"expression": asked[0], "model": asked[1]}
        task = EngineTask(self.tr("Hint"), self.engine, "check", params, quiet=True)
        for ended in (task.answered, task.failed, task.stopped):
            ended.connect(self._check_ended)
        task.answered.connect(lambda answer: self._learned(asked, answer))
        task.failed.connect(lambda text: self.told.emit(text, Qgis.MessageLevel.Warning))
        self._check_task = task
        QgsApplication.taskManager().addTask(task)

    def _check_ended(self) -> None:
        self._check_task = None

    def _learned(self, asked: tuple[str, str], answer: dict[str, Any]) -> None:
        self._known[asked] = answer
        if asked == self._asked:
            self.hinted.emit(answer)

    def _begin(
        self,
        method: str,
        params: dict[str, Any],
        description: str,
        then: Callable[[Any], None],
    ) -> None:
        """Sends the request the analyst waits for; it makes the state and can be cancelled."""
        task = EngineTask(description, self.engine, method, params)
        task.progressed.connect(self._progress)
        task.silent.connect(self.silent)
        task.answered.connect(then)
        task.failed.connect(self._fail)
        task.stopped.connect(self._stopped)
        self._task = task
        self.silent.emit(False)
        self.progressed.emit(0, 0, description)
        QgsApplication.taskManager().addTask(task)

    def _progress(self, done: int, total: int, text: str) -> None:
        if self.state is State.STARTING:
            self._enter(State.RUNNING)
        self.progressed.emit(done, total, text)

    def _fail(self, text: str) -> None:
        self._discard()
        self._enter(State.FAILED)
        self.told.emit(text, Qgis.MessageLevel.Critical)

    def _stopped(self) -> None:
        text = self.tr("Cancelled.")
        if self._discard():
            text += " " + self.tr("The same request will go on from here.")
        self._enter(State.IDLE)
        self.told.emit(text, Qgis.MessageLevel.Info)

    def _discard(self) -> bool:
        """Deletes what a run left behind; whether it is kept to go on from."""
        run, self._run = self._run, None
        return run is not None and run.discard()

    def _enter(self, state: State) -> None:
        if not state.busy:
            self._task = None
        if state is not self._state:
            self._state = state
            self.changed.emit()
