"""A request to the engine as a QgsTask: progress, cancel, errors as messages."""

from __future__ import annotations

import threading
from typing import Any, Optional

from qgis.core import QgsRasterBlockFeedback, QgsTask
from qgis.PyQt.QtCore import QCoreApplication, pyqtSignal

from ...engine.service.client import EngineDied, EngineFailure
from ..map.extents import Refusal
from ..text.verbatim import inert
from .process import SILENT, Engine, EngineMissing
from .written import written

translate = QCoreApplication.translate


class EngineTask(QgsTask):
    """One request, in a background thread. Its signals arrive in the thread that made it.

    What is to be written for it is written first; the files are gone when the request has ended.

    Signals:
        progressed: done, total (0: unknown) and what the engine is doing.
        silent: Whether the engine has said nothing for long.
        answered: The result.
        failed: Why there is none, for the analyst.
        stopped: There is none because the analyst cancelled.
    """

    progressed = pyqtSignal(int, int, str)
    silent = pyqtSignal(bool)
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
        super().__init__(inert(description), flags or QgsTask.Flag.CanCancel)
        self._engine = engine
        self._method = method
        self._params = params
        self._feedback = QgsRasterBlockFeedback()
        self._silent = False
        self._answer: Any = None
        self._problem: Optional[str] = None
        self._over = threading.Event()

    def run(self) -> bool:
        """Asks and waits; QGIS calls it in a thread of its own."""
        try:
            with written(self._params, self._feedback, self._wrote) as params:
                self._answer = self._engine.ask(
                    self._method, params, self._progress, self.isCanceled
                )
        except (EngineFailure, EngineMissing, Refusal) as cause:
            self._problem = explain(cause)
            return False
        finally:
            self._over.set()
        return True

    def cancel(self) -> None:
        """Stops the request, and an export that waits for a server."""
        super().cancel()
        self._feedback.cancel()

    def wait(self, seconds: float) -> bool:
        """Waits for the end of a request that was begun; whether it came in time."""
        return self.status() != QgsTask.TaskStatus.Running or self._over.wait(seconds)

    def _wrote(self, done: int, total: int, text: str) -> None:
        self._progress({"done": done, "total": total, "stage": "", "message": text})

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
        silent = progress["stage"] == SILENT
        if silent is not self._silent:
            self._silent = silent
            self.silent.emit(silent)


def explain(cause: Exception) -> str:
    """What went wrong, for the analyst."""
    if isinstance(cause, EngineDied):
        return translate(
            "Tasks",
            "The engine stopped. Your layers are untouched: click again to start it anew.\n\n{}",
        ).format(cause)
    return str(cause)
