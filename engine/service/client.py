"""The engine seen from QGIS: requests go to its process, answers come back.

Standard library only.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import queue
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, Callable, Optional, Union

from . import protocol
from .process import EngineProcess, clean_environment
from .protocol import Message

__all__ = ["Call", "EngineClient", "EngineDied", "EngineFailure", "clean_environment"]

HANDSHAKE_SECONDS = 180.0
"""The first import of PyTorch from a cold disk, watched by a virus scanner, takes minutes."""

GRACE_SECONDS = 5.0
"""How long the engine may take to end by itself before it is killed."""

LARGEST_COUNT = 2**31 - 1
"""Steps that a progress bar of Qt can count."""

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
    """The process could not be started, ended while it was needed, or was closed.

    Attributes:
        begun: Whether it had said that it works on the request.
    """

    def __init__(self, message: str, begun: bool = False) -> None:
        super().__init__(protocol.INTERNAL_ERROR, message)
        self.begun = begun


class Call:
    """A request on its way.

    Attributes:
        begun: Whether the engine has said how far it is.
    """

    def __init__(
        self, client: EngineClient, call_id: int, on_progress: Optional[OnProgress]
    ) -> None:
        self.id = call_id
        self.on_progress = on_progress
        self.begun = False
        self.answer: Future[Any] = Future()
        self._client = client
        self._asked_at = time.monotonic()

    @property
    def silence(self) -> float:
        """Seconds since the engine last said anything, about whatever it works on."""
        return time.monotonic() - max(self._asked_at, self._client.heard_at)

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

    Attributes:
        heard_at: When the engine last said anything, by `time.monotonic`.
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
        self._outgoing: queue.SimpleQueue[Optional[bytes]] = queue.SimpleQueue()
        self.heard_at = 0.0

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
        process = self._process
        return self._unusable is None and process is not None and not process.ended

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
            EngineFailure: It is too long to be sent.
        """
        call = Call(self, next(self._ids), on_progress)
        try:
            line = protocol.encode(protocol.request(call.id, method, params or {}))
        except protocol.ProtocolError as cause:
            problem = f"The request is too long ({cause}). Choose fewer polygons, or simpler ones."
            raise EngineFailure(cause.code, problem) from cause
        with self._changing:
            if self._unusable is not None:
                raise EngineDied(self._unusable)
            self._calls[call.id] = call
        self._outgoing.put(line)
        return call

    def notify(self, method: str, params: Message) -> None:
        """Sends what wants no answer; a process that has ended does not hear it."""
        self._outgoing.put(protocol.encode(protocol.notification(method, params)))

    def close(self, grace: float = GRACE_SECONDS) -> None:
        """Ends the process: politely, and after `grace` seconds by force. Open calls fail."""
        process, watcher = self._process, self._watcher
        if process is None or watcher is None:
            return
        self._retire("The engine was closed.")
        self._outgoing.put(None)
        if not process.wait(grace):
            process.kill()
        if threading.current_thread() is not watcher:
            watcher.join(GRACE_SECONDS)
        self._fail_calls()

    def kill(self, why: str = "The engine was stopped.") -> None:
        """Ends the process and what it started, at once. Open calls fail.

        Args:
            why: What whoever waits for an answer is told.
        """
        if self._process is not None:
            self._retire(why)
            self._process.kill()
            # Not the watcher: a process that waits for a disk outlives its kill.
            self._fail_calls()

    def _launch(self) -> EngineProcess:
        if self._process is not None:
            raise EngineDied("This engine was started before; a new process needs a new client.")
        try:
            process = EngineProcess(self._command, self._environment, self._cwd)
        except OSError as cause:
            problem = f"The engine's Python could not be started: {cause}. Set up the engine again."
            raise EngineDied(problem) from cause
        self._process, self._unusable = process, None
        reader = self._thread("engine-reader", self._read, process)
        self._thread("engine-writer", self._write, process)
        self._watcher = self._thread("engine-watcher", self._watch, process, reader)
        return process

    def _thread(self, name: str, target: Callable[..., None], *args: object) -> threading.Thread:
        thread = threading.Thread(target=target, args=args, name=name, daemon=True)
        thread.start()
        return thread

    def _write(self, process: EngineProcess) -> None:
        """Sends what is to be sent; a process that takes nothing holds up this thread alone."""
        try:
            for line in iter(self._outgoing.get, None):
                process.input.write(line)
                process.input.flush()
        except (OSError, ValueError) as cause:
            # The watcher tells every open call how the process ended.
            self._on_log("warning", f"The engine takes no more messages: {cause}")
        with contextlib.suppress(OSError):  # what was not sent is not wanted now
            process.input.close()

    def _read(self, process: EngineProcess) -> None:
        try:
            with process.output:
                while self._read_one(process):
                    pass
        finally:
            if not process.wait(GRACE_SECONDS):
                words = process.last_words()
                self._retire(f"The engine could not be heard any more and was ended.{words}")
                process.kill()

    def _read_one(self, process: EngineProcess) -> bool:
        told: Union[Message, protocol.ProtocolError, None]
        try:
            told = protocol.read(process.output)
        except protocol.ProtocolError as cause:
            told = cause
        if told is None:
            return False
        self.heard_at = time.monotonic()
        try:
            if isinstance(told, protocol.ProtocolError):
                self._end(told.message_id, None, misunderstood(str(told)))
                self._on_log("warning", f"The engine sent something unreadable: {told}")
            else:
                self._receive(told)
        except Exception:
            # A faulty listener must not cost the other calls their reader.
            _log.exception("A message of the engine could not be delivered.")
        return True

    def _receive(self, message: Message) -> None:
        method = message.get("method")
        params: Any = message.get("params")
        if "id" in message:
            if not self._end(protocol.id_of(message), *_outcome(message)):
                faulty = protocol.shown(message)
                self._on_log("warning", f"The engine answered a question nobody asked: {faulty}")
        elif method == "progress" and _is_progress(params):
            call = self._calls.get(params["id"])
            if call is not None:
                call.begun = True
                if call.on_progress is not None:
                    call.on_progress(params)
        elif method == "log" and _is_log(params):
            self._on_log(params["level"], params["message"])
        else:
            faulty = protocol.shown(message)
            self._on_log("warning", f"The engine said something that means nothing: {faulty}")

    def _end(self, call_id: Optional[int], result: Any, failure: Optional[EngineFailure]) -> bool:
        """Ends the call with this id; whether there is one."""
        with self._changing:
            call = None if call_id is None else self._calls.pop(call_id, None)
        if call is None:
            return False
        if failure is None:
            call.answer.set_result(result)
        else:
            call.answer.set_exception(failure)
        return True

    def _watch(self, process: EngineProcess, reader: threading.Thread) -> None:
        process.wait()
        # What the engine started would keep its pipes open, and the readers waiting.
        process.kill()
        reader.join(GRACE_SECONDS)
        self._retire(f"The engine stopped unexpectedly: {process.ending(GRACE_SECONDS)}")
        self._fail_calls()
        self._outgoing.put(None)

    def _retire(self, why: str) -> None:
        """Takes no more requests; the first reason there was for that is the one that is told."""
        with self._changing:
            self._unusable = self._unusable or why

    def _fail_calls(self) -> None:
        with self._changing:
            why, calls, self._calls = self._unusable or "", tuple(self._calls.values()), {}
        for call in calls:
            call.answer.set_exception(EngineDied(why, call.begun))


def _outcome(message: Message) -> tuple[Any, Optional[EngineFailure]]:
    """The result that an answer holds, or why there is none."""
    error = message.get("error")
    if "error" not in message and "result" in message:
        return message["result"], None
    if isinstance(error, dict) and "result" not in message:
        code, reason = error.get("code"), error.get("message")
        if type(code) is int and isinstance(reason, str):
            return None, EngineFailure(code, reason[: protocol.LONGEST_REASON])
    return None, misunderstood(protocol.shown(message))


def misunderstood(faulty: str) -> EngineFailure:
    """The failure of a call whose answer makes no sense.

    Args:
        faulty: What was answered, or what is wrong with it.
    """
    problem = f"The engine's answer cannot be understood: {faulty}. Try again, or restart QGIS."
    return EngineFailure(protocol.INTERNAL_ERROR, problem)


def _is_progress(params: Any) -> bool:
    """Whether it is what the worker tells of a request; Qt counts to LARGEST_COUNT."""
    return (
        isinstance(params, dict)
        and type(params.get("id")) is int
        and all(_is_count(params.get(name)) for name in ("done", "total"))
        and all(_is_text(params.get(name)) for name in ("stage", "message"))
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= protocol.LONGEST_REASON


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LARGEST_COUNT


def _is_log(params: Any) -> bool:
    return isinstance(params, dict) and all(
        isinstance(params.get(name), str) for name in ("level", "message")
    )


def _to_logging(level: str, message: str) -> None:
    _log.log(getattr(logging, level.upper(), logging.INFO), "%s", message)
