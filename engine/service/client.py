"""The engine seen from QGIS: requests go to its process, answers come back.

Standard library only.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, Callable, Optional

from . import protocol
from .process import EngineProcess, clean_environment
from .protocol import Message

__all__ = ["Call", "EngineClient", "EngineDied", "EngineFailure", "clean_environment"]

HANDSHAKE_SECONDS = 180.0
"""The first import of PyTorch from a cold disk, watched by a virus scanner, takes minutes."""

GRACE_SECONDS = 5.0
"""How long the engine may take to end by itself before it is killed."""

OnProgress = Callable[[Message], None]
OnLog = Callable[[str, str], None]

_log = logging.getLogger(__name__)


class EngineFailure(Exception):
    """The engine refused a request or failed in it. The message is for the analyst.

    Attributes:
        code: The error code of the protocol.
        message: What went wrong, and what to do.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def cancelled(self) -> bool:
        """Whether the request only ended because it was cancelled."""
        return self.code == protocol.CANCELLED


class EngineDied(EngineFailure):
    """The process could not be started, ended while it was needed, or was closed."""

    def __init__(self, message: str) -> None:
        super().__init__(protocol.INTERNAL_ERROR, message)


class Call:
    """A request on its way."""

    def __init__(
        self, client: EngineClient, call_id: int, on_progress: Optional[OnProgress]
    ) -> None:
        self.id = call_id
        self.on_progress = on_progress
        self.answer: Future[Any] = Future()
        self._client = client

    def done(self) -> bool:
        """Whether there is an answer."""
        return self.answer.done()

    def result(self, timeout: Optional[float] = None) -> Any:
        """Waits for the answer.

        Args:
            timeout: Seconds to wait; None waits until the answer comes or the engine dies.

        Raises:
            EngineFailure: The engine answered with an error.
            EngineDied: The engine will never answer.
            TimeoutError: There is no answer yet; the request goes on.
        """
        try:
            return self.answer.result(timeout)
        except FutureTimeout as cause:
            raise TimeoutError(f"No answer from the engine within {timeout} seconds.") from cause

    def cancel(self) -> None:
        """Asks the engine to stop; `result` then raises an `EngineFailure` that is `cancelled`."""
        if not self.done():
            self._client.notify("cancel", {"id": self.id})


class EngineClient:
    """One engine process and the requests it works on. May be used from any thread.

    Args:
        command: The engine's Python and its arguments.
        environment: All of its variables, see `clean_environment`; None for those of this process.
        cwd: The folder that holds the package `engine`.
        on_log: Called with level and message of what the engine logs, from the reader's thread.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Optional[Mapping[str, str]] = None,
        cwd: Optional[os.PathLike[str]] = None,
        on_log: Optional[OnLog] = None,
    ) -> None:
        self._command = command
        self._environment = environment
        self._cwd = cwd
        self._on_log = on_log or _to_logging
        self._process: Optional[EngineProcess] = None
        self._watcher: Optional[threading.Thread] = None
        self._unusable: Optional[str] = "The engine was not started."
        self._ids = itertools.count(1)
        self._calls: dict[int, Call] = {}
        self._changing = threading.Lock()
        self._sending = threading.Lock()

    def start(self, timeout: float = HANDSHAKE_SECONDS) -> Message:
        """Starts the process and waits until it has proved that it can compute.

        Returns:
            The answer to `initialize`: device, memory and versions.

        Raises:
            EngineDied: The process cannot be started, ends, or is not ready in `timeout` seconds.
            EngineFailure: The engine says why it cannot work, or speaks another protocol version.
        """
        process = self._launch()
        hello = {"protocol": protocol.VERSION}
        try:
            facts: Message = self.request("initialize", hello).result(timeout)
        except TimeoutError as cause:
            self.close(grace=0)
            problem = f"The engine was not ready within {timeout} seconds.{process.last_words()}"
            raise EngineDied(problem) from cause
        except EngineFailure:
            self.close(grace=0)
            raise
        return facts

    @property
    def alive(self) -> bool:
        """Whether requests can be sent."""
        return self._unusable is None

    def request(
        self,
        method: str,
        params: Optional[Message] = None,
        on_progress: Optional[OnProgress] = None,
    ) -> Call:
        """Sends a request and returns at once.

        Args:
            method: Its name.
            params: Its parameters, by name.
            on_progress: Called from the reader's thread with `done`, `total`, `stage`, `message`.

        Raises:
            EngineDied: There is no process to send it to.
        """
        call = Call(self, next(self._ids), on_progress)
        line = protocol.encode(protocol.request(call.id, method, params or {}))
        with self._changing:
            if self._unusable is not None:
                raise EngineDied(self._unusable)
            self._calls[call.id] = call
        self._send(line)
        return call

    def notify(self, method: str, params: Message) -> None:
        """Sends what wants no answer; a process that has ended does not hear it."""
        self._send(protocol.encode(protocol.notification(method, params)))

    def close(self, grace: float = GRACE_SECONDS) -> None:
        """Ends the process: politely, and after `grace` seconds by force. Open calls fail."""
        process, watcher = self._process, self._watcher
        if process is None or watcher is None:
            return
        self._retire("The engine was closed.")
        if self._sending.acquire(timeout=grace):
            try:
                process.input.close()
            except OSError as cause:
                self._on_log("info", f"The engine had ended before it was closed: {cause}")
            finally:
                self._sending.release()
        if not process.wait(grace):
            process.kill()
        if threading.current_thread() is not watcher:
            watcher.join(GRACE_SECONDS)

    def kill(self) -> None:
        """Ends the process and what it started, at once. Open calls fail."""
        if self._process is not None:
            self._retire("The engine was stopped.")
            self._process.kill()

    def _launch(self) -> EngineProcess:
        if self._process is not None:
            raise EngineDied("This engine was started before; a new process needs a new client.")
        try:
            process = EngineProcess(self._command, self._environment, self._cwd)
        except OSError as cause:
            problem = f"The engine's Python could not be started: {cause}. Set up the engine again."
            raise EngineDied(problem) from cause
        self._process, self._unusable = process, None
        reader = threading.Thread(
            target=self._read, args=(process,), name="engine-reader", daemon=True
        )
        self._watcher = threading.Thread(
            target=self._watch, args=(process, reader), name="engine-watcher", daemon=True
        )
        reader.start()
        self._watcher.start()
        return process

    def _send(self, line: bytes) -> None:
        if self._process is None:
            return
        with self._sending:
            try:
                self._process.input.write(line)
                self._process.input.flush()
            except (OSError, ValueError) as cause:
                # The watcher tells every open call how the process ended.
                self._on_log("warning", f"The engine takes no more messages: {cause}")

    def _read(self, process: EngineProcess) -> None:
        try:
            with process.output:
                while self._read_one(process):
                    pass
        finally:
            # A process that cannot be heard any more is of no use.
            if not process.wait(GRACE_SECONDS):
                process.kill()

    def _read_one(self, process: EngineProcess) -> bool:
        try:
            message = protocol.read(process.output)
        except protocol.ProtocolError as cause:
            self._on_log("warning", f"The engine sent something unreadable: {cause}")
            return True
        if message is None:
            return False
        try:
            self._receive(message)
        except Exception:
            # A faulty message or listener must not cost the other calls their reader.
            _log.exception("A message of the engine could not be delivered.")
        return True

    def _receive(self, message: Message) -> None:
        params = message.get("params", {})
        if message.get("method") == "progress":
            call = self._calls.get(params["id"])
            if call is not None and call.on_progress is not None:
                call.on_progress(params)
        elif message.get("method") == "log":
            self._on_log(params["level"], params["message"])
        else:
            self._answer(message)

    def _answer(self, message: Message) -> None:
        with self._changing:
            call = self._calls.pop(message["id"], None)
        if call is None:
            self._on_log("warning", f"The engine answered a question nobody asked: {message}"[:500])
        elif "error" in message:
            error = message["error"]
            call.answer.set_exception(EngineFailure(error["code"], error["message"]))
        else:
            call.answer.set_result(message["result"])

    def _watch(self, process: EngineProcess, reader: threading.Thread) -> None:
        process.wait()
        # What the engine started would keep its pipes open, and the readers waiting.
        process.kill()
        reader.join(GRACE_SECONDS)
        why = self._retire(f"The engine stopped unexpectedly: {process.ending(GRACE_SECONDS)}")
        with self._changing:
            calls, self._calls = tuple(self._calls.values()), {}
        for call in calls:
            call.answer.set_exception(EngineDied(why))
        with self._sending, contextlib.suppress(OSError):  # what was not sent is not wanted now
            process.input.close()

    def _retire(self, why: str) -> str:
        """Takes no more requests; returns the first reason there was for that."""
        with self._changing:
            self._unusable = self._unusable or why
            return self._unusable


def _to_logging(level: str, message: str) -> None:
    _log.log(getattr(logging, level.upper(), logging.INFO), "%s", message)
