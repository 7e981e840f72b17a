"""An engine process of the plugin: found, started when needed, started again when it died."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Optional

from qgis.core import Qgis
from qgis.PyQt.QtCore import QCoreApplication

from ...engine.service.client import (
    Call,
    EngineClient,
    EngineDied,
    EngineFailure,
    clean_environment,
)
from ..paths import ROOT
from ..settings import Settings
from ..text.log import log
from . import environment
from .absolute import absolute, with_models
from .answers import checked

translate = QCoreApplication.translate

POLL_SECONDS = 0.1
"""How long a cancelled request may go unnoticed on this side."""

PATIENCE_SECONDS = 10.0
"""How long the engine may take to notice a cancel before it is killed."""

SILENCE_SECONDS = 60.0
"""How long the engine may say nothing before the analyst is told; it may be at something long."""

SILENT = "silent"
"""The stage of progress that tells it."""

SAVING_SECONDS = 120.0
"""How long it may take where it saves a training first."""

CLOSE_SECONDS = 1.0
"""How long the engine may take to end when QGIS does."""


NOTHING: dict[str, Any] = {"done": 0, "total": 0, "stage": "", "message": ""}
"""Progress before there is any."""


class EngineMissing(Exception):
    """There is no Python with the engine's requirements. The message is for the analyst."""


def interpreter(settings: Settings) -> Optional[Path]:
    """The engine's Python: the analyst's choice, a checkout's own, or the installed one."""
    installed = environment.default_location()
    places = [environment.python_in(ROOT / ".venv")]
    if settings.interpreter:
        places.insert(0, Path(settings.interpreter))
    if (installed / environment.STAMP).is_file():
        places.append(environment.python_in(installed))
    return next((place for place in places if place.is_file()), None)


class Engine:
    """Starts the engine at the first request and again after it died. For use from any thread.

    Args:
        settings: Where its Python is.
        patience: Seconds that it may take to notice a cancel before it is killed.

    Attributes:
        silence: Seconds without a word after which the analyst is told so.
    """

    def __init__(self, settings: Settings, patience: float = PATIENCE_SECONDS) -> None:
        self.patience = patience
        self.silence = SILENCE_SECONDS
        self._settings = settings
        self._starting = threading.Lock()
        self._client: Optional[EngineClient] = None
        self._facts: dict[str, Any] = {}
        self._unfit: Optional[tuple[Path, str]] = None
        self._closed = False

    @property
    def installed(self) -> bool:
        """Whether there is a Python to start the engine with."""
        return interpreter(self._settings) is not None

    @property
    def problem(self) -> str:
        """Why the engine does not start in the Python there is; empty where nothing is known."""
        python, why = self._unfit or (None, "")
        return why if python == interpreter(self._settings) else ""

    @property
    def running(self) -> bool:
        """Whether a request would be served without a start."""
        return bool(self._facts) and self._client is not None and self._client.alive

    @property
    def facts(self) -> dict[str, Any]:
        """What the engine said of its device and libraries; empty before its first start."""
        return self._facts

    def ask(
        self,
        method: str,
        params: dict[str, Any],
        progress: Callable[[dict[str, Any]], None],
        cancelled: Callable[[], bool],
    ) -> Any:
        """Asks the engine and waits for its answer: not for the thread of the user interface.

        An engine that died while it had nothing to do is started again.

        Args:
            method: The method of the protocol.
            params: Its parameters; relative paths are meant from QGIS's working directory.
            progress: Called with every progress notification, in the thread that asks. One of the
                stage SILENT says that there has been none for long.
            cancelled: Whether the analyst cancelled; an engine that does not listen is killed.

        Raises:
            EngineMissing: There is no Python to start the engine with.
            EngineFailure: The engine refused; `cancelled` where it was asked to. Or it answered
                what cannot be understood.
            EngineDied: The engine did not start, or ended before it answered.
        """
        reused = self.running
        try:
            return self._ask(method, params, progress, cancelled)
        except EngineDied as death:
            if death.begun or not reused or self._closed or cancelled():
                raise
        return self._ask(method, params, progress, cancelled)

    def close(self) -> None:
        """Ends the process; there will be no other."""
        self._closed = True
        client = self._client
        if client is not None:
            client.close(CLOSE_SECONDS)

    def _ask(
        self,
        method: str,
        params: dict[str, Any],
        progress: Callable[[dict[str, Any]], None],
        cancelled: Callable[[], bool],
    ) -> Any:
        news: SimpleQueue[dict[str, Any]] = SimpleQueue()
        client = self._running_client(progress, cancelled)
        call = client.request(method, absolute(params), news.put)
        telling = _Telling(call, news, progress, self.silence)
        cancelled_at: Optional[float] = None
        while True:
            try:
                answer = call.result(timeout=POLL_SECONDS)
            except TimeoutError:
                telling.go_on()
            else:
                telling.go_on()  # what was said just before
                return checked(method, answer)
            if not cancelled():
                continue
            if cancelled_at is None:
                cancelled_at = time.monotonic()
                call.cancel()
            elif time.monotonic() - cancelled_at > self.patience:
                why = translate(
                    "Engine", "The engine did not stop within {} seconds and was ended."
                )
                client.kill(why.format(round(self.patience)))

    def _running_client(
        self, progress: Callable[[dict[str, Any]], None], cancelled: Callable[[], bool]
    ) -> EngineClient:
        while not self._starting.acquire(timeout=POLL_SECONDS):
            if cancelled():
                raise EngineDied(translate("Engine", "Cancelled."))
        try:
            if self._client is None or not self._client.alive:
                self._client, self._facts = self._start(progress, cancelled)
            return self._client
        finally:
            self._starting.release()

    def _start(
        self, progress: Callable[[dict[str, Any]], None], cancelled: Callable[[], bool]
    ) -> tuple[EngineClient, dict[str, Any]]:
        """A new process, and what it says of itself; a cancel or the plugin's end ends it."""
        python = interpreter(self._settings)
        if python is None:
            raise EngineMissing(
                translate(
                    "Engine",
                    "The engine is not installed. Install it from the Segment by Text panel.",
                )
            )
        command = [str(python), "-m", "engine", "serve"]
        variables = with_models(clean_environment(os.environ))
        client = EngineClient(command, variables, ROOT, _log)
        with ThreadPoolExecutor(1) as waiting:
            started = waiting.submit(client.start)
            patient_until = time.monotonic() + self.silence
            while not wait([started], POLL_SECONDS).done:
                if cancelled() or self._closed:
                    client.kill()
                if time.monotonic() > patient_until:
                    patient_until = float("inf")
                    progress(_silent(NOTHING))
            try:
                facts = checked("initialize", started.result())
            except EngineFailure as failure:
                client.kill()
                if cancelled() or self._closed:
                    raise
                self._diagnose(python, failure, cancelled)
                raise
        self._unfit = None
        return client, facts

    def _diagnose(
        self, python: Path, failure: EngineFailure, cancelled: Callable[[], bool]
    ) -> None:
        """Looks whether the Python is to blame for an engine that did not start.

        Raises:
            EngineMissing: It is.
        """
        environ = clean_environment(os.environ)
        why = environment.check(python, environ=environ, cancelled=cancelled).problem
        if not why and not isinstance(failure, EngineDied):
            why = failure.message
        if why and not cancelled():
            self._unfit = (python, why)
            way_out = translate(
                "Engine",
                "Install the engine, or choose another Python, in the Segment by Text panel.",
            )
            raise EngineMissing(f"{why}\n\n{way_out}") from failure


class _Telling:
    """Tells how far a call is, when the engine falls silent, and when it speaks again."""

    def __init__(
        self,
        call: Call,
        news: SimpleQueue[dict[str, Any]],
        progress: Callable[[dict[str, Any]], None],
        silence: float,
    ) -> None:
        self._call = call
        self._news = news
        self._progress = progress
        self._silence = silence
        self._silent = False
        self._newest = NOTHING

    def go_on(self) -> None:
        """Tells what is new; the newest is told again when a silence ends."""
        while not self._news.empty():
            self._newest = self._news.get()
            self._progress(self._newest)
        silent = self._call.silence > self._silence
        if silent is not self._silent:
            self._silent = silent
            self._progress(_silent(self._newest) if silent else self._newest)


def silence() -> str:
    """What an analyst is told of an engine that has said nothing for long."""
    return translate(
        "Engine",
        "The engine has said nothing for a minute. It may be busy with something long, or hang. "
        "Wait, or end it.",
    )


def _silent(newest: dict[str, Any]) -> dict[str, Any]:
    """Progress that says that there is none, as far as the newest one."""
    return {**newest, "stage": SILENT, "message": silence()}


def _log(level: str, message: str) -> None:
    levels = {"warning": Qgis.MessageLevel.Warning, "error": Qgis.MessageLevel.Critical}
    log(message, levels.get(level, Qgis.MessageLevel.Info), notify=False)
