"""A request to the engine as a QgsTask: progress, cancel, errors as messages."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Optional

from qgis.core import QgsRasterBlockFeedback, QgsTask
from qgis.PyQt.QtCore import QCoreApplication, pyqtSignal

from ..engine.client import EngineDied, EngineFailure
from .engine_process import Engine, EngineMissing
from .export import Export
from .extents import Refusal

translate = QCoreApplication.translate


class EngineTask(QgsTask):
    """One request, in a background thread. Its signals arrive in the thread that made it.

    A source that is an Export is exported first; the file is gone when the request has ended.

    Signals:
        progressed: done, total (0: unknown) and what the engine is doing.
        answered: The result.
        failed: Why there is none, for the analyst.
        stopped: There is none because the analyst cancelled.
    """

    progressed = pyqtSignal(int, int, str)
    answered = pyqtSignal(object)
    failed = pyqtSignal(str)
    stopped = pyqtSignal()

    def __init__(
        self,
        description: str,
        engine: Engine,
        method: str,
        params: dict[str, Any],
        quiet: bool = False,
    ) -> None:
        # QGIS before 3.26 shows every task in its status bar.
        flags = getattr(QgsTask.Flag, "Hidden", QgsTask.Flag.CanCancel) if quiet else None
        super().__init__(description, flags or QgsTask.Flag.CanCancel)
        self._engine = engine
        self._method = method
        self._params = params
        self._feedback = QgsRasterBlockFeedback()
        self._answer: Any = None
        self._problem: Optional[str] = None

    def run(self) -> bool:
        """Asks and waits; QGIS calls it in a thread of its own."""
        try:
            with self._source() as source:
                params = self._params if source is None else {**self._params, "source": source}
                self._answer = self._engine.ask(
                    self._method, params, self._progress, self.isCanceled
                )
        except (EngineFailure, EngineMissing, Refusal) as cause:
            self._problem = explain(cause)
            return False
        return True

    def cancel(self) -> None:
        """Stops the request, and an export that waits for a server."""
        super().cancel()
        self._feedback.cancel()

    def _source(self) -> AbstractContextManager[Optional[dict[str, Any]]]:
        source = self._params.get("source")
        if isinstance(source, Export):
            return source.exported(self._feedback, self._exported)
        return nullcontext(source)

    def _exported(self, done: int, total: int, text: str) -> None:
        self._progress({"done": done, "total": total, "message": text})

    def finished(self, succeeded: bool) -> None:
        """Tells how it ended; QGIS calls it in the main thread."""
        if self.isCanceled():
            self.stopped.emit()
        elif succeeded:
            self.answered.emit(self._answer)
        else:
            self.failed.emit(
                self._problem
                or translate("Tasks", "The request failed; the log messages panel has the details.")
            )

    def _progress(self, progress: dict[str, Any]) -> None:
        done, total = progress["done"], progress["total"]
        if total:
            self.setProgress(100 * done / total)
        self.progressed.emit(done, total, progress["message"])


def explain(cause: Exception) -> str:
    """What went wrong, for the analyst."""
    if isinstance(cause, EngineDied):
        return translate(
            "Tasks",
            "The engine stopped. Your layers are untouched: click again to start it anew.\n\n{}",
        ).format(cause)
    return str(cause)
