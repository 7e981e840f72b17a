"""The engine as a process: JSON-RPC requests in, answers out, until the input ends."""

from __future__ import annotations

import io
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

from pydantic import ConfigDict, ValidationError, validate_call

from engine import __version__
from engine.compute.failure import explained
from engine.errors import Cancelled
from engine.service import protocol
from engine.service.protocol import VERSION, VERSION_MISMATCH, Message, ProtocolError

if TYPE_CHECKING:
    from engine.progress import Progress

PROGRESS_INTERVAL = 0.1
"""Seconds between two progress notifications of one request."""

LONGEST_RECORD = 100_000
"""Characters of a record of the log; what a traceback ends with is what it is about."""

LAST_SECONDS = 3.0
"""How long a running request may take to notice that the input has ended."""

Method = Callable[..., Any]
"""`method(request, **params)`: its annotations say which parameters a request must have."""

log = logging.getLogger(__name__)


class Request:
    """What a method sees of the request it serves."""

    def __init__(self, request_id: int, method: str, params: Any, progress: Throttle) -> None:
        self.id = request_id
        self.method = method
        self.params = params
        self.started = False
        self._cancelled = threading.Event()
        self._progress = progress

    def cancel(self) -> None:
        """Asks the method to stop."""
        self._cancelled.set()

    def cancelled(self) -> bool:
        """Whether the analyst wants no answer any more."""
        return self._cancelled.is_set()

    def progress(self, progress: Progress) -> None:
        """Tells how far the request is."""
        params = {"id": self.id, "done": progress.done, "total": progress.total}
        self._progress({**params, "stage": progress.stage, "message": progress.message})

    def close(self) -> None:
        """Tells the last progress; none comes after it."""
        self._progress.close()


class Throttle:
    """Passes at most one value an interval on to `send`: always the newest, and always the last."""

    def __init__(self, send: Callable[[Message], None], interval: float) -> None:
        self._send = send
        self._interval = interval
        self._lock = threading.Lock()
        self._newest: Message | None = None
        self._timer: threading.Timer | None = None

    def __call__(self, value: Message) -> None:
        """Passes the value on, now or at the end of the interval if no newer one comes."""
        with self._lock:
            self._newest = value
            if self._timer is None:
                self._pass_on()

    def close(self) -> None:
        """Passes on what is still held."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            if self._newest is not None:
                self._send(self._newest)
                self._newest = None

    def _pass_on(self) -> None:
        value, self._newest = self._newest, None
        if value is None:
            self._timer = None
            return
        self._send(value)
        self._timer = threading.Timer(self._interval, self._tick)
        self._timer.daemon = True
        self._timer.start()

    def _tick(self) -> None:
        with self._lock:
            self._pass_on()


class Worker:
    """Answers requests, one after another in the thread that calls `run`.

    Args:
        methods: What can be asked for, by name. `initialize(request)` gives what the client should
            know of the engine besides the versions, and fails where the engine cannot work.
        source: Where the messages come from.
        sink: Where the answers go; nothing else may write there.
    """

    def __init__(self, methods: Mapping[str, Method], source: BinaryIO, sink: BinaryIO) -> None:
        checked = validate_call(config=ConfigDict(arbitrary_types_allowed=True, extra="forbid"))
        self._facts = methods["initialize"]
        named = {**methods, "initialize": self._initialize}
        self._methods = {name: checked(method) for name, method in named.items()}
        self._source = source
        self._sink = sink
        self._sending = threading.Lock()
        self._initialized = False
        self._requests: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._active: dict[int, Request] = {}
        self._changing = threading.Lock()

    def run(self) -> None:
        """Serves until the input ends; then what runs is cancelled."""
        threading.Thread(target=self._read, name="reader", daemon=True).start()
        while (request := self._requests.get()) is not None:
            self._serve(request)

    def notify(self, method: str, params: Message) -> None:
        """Tells the client something it did not ask for."""
        self._send(protocol.encode(protocol.notification(method, params)))

    def _read(self) -> None:
        try:
            while self._read_one():
                pass
        finally:
            # A request that does not look whether it is cancelled must not keep the process alive.
            last = threading.Timer(LAST_SECONDS, os._exit, (1,))
            last.daemon = True
            last.start()
            for request in tuple(self._active.values()):
                request.cancel()
            self._requests.put(None)

    def _read_one(self) -> bool:
        try:
            message = protocol.read(self._source)
            if message is not None:
                self._receive(message)
        except ProtocolError as cause:
            self._refuse(None, cause.code, str(cause))
            return True
        return message is not None

    def _receive(self, message: Message) -> None:
        method, params = message.get("method"), message.get("params", {})
        if "id" not in message:
            if method == "cancel" and isinstance(params, dict):
                self._cancel(params.get("id"))
            else:
                log.warning("A notification %r means nothing to the engine.", method)
            return
        request_id = message["id"]
        if not isinstance(request_id, int) or isinstance(request_id, bool):
            raise ProtocolError(protocol.INVALID_REQUEST, "the id of a request is not an integer")
        if not isinstance(method, str):
            self._refuse(request_id, protocol.INVALID_REQUEST, "a request has no method")
            return
        progress = Throttle(lambda value: self.notify("progress", value), PROGRESS_INTERVAL)
        request = Request(request_id, method, params, progress)
        with self._changing:
            if request_id in self._active:
                # Its id would say that the first one failed.
                problem = f"a request with the id {request_id} is not answered yet"
                raise ProtocolError(protocol.INVALID_REQUEST, problem)
            self._active[request_id] = request
        self._requests.put(request)

    def _cancel(self, request_id: Any) -> None:
        with self._changing:
            request = self._active.get(request_id) if isinstance(request_id, int) else None
            if request is None:
                return
            request.cancel()
            if request.started:
                return
            del self._active[request_id]
        self._refuse(request_id, *explain(Cancelled("Cancelled.")))

    def _serve(self, request: Request) -> None:
        with self._changing:
            if request.cancelled():
                return
            request.started = True
        try:
            answer = protocol.encode(protocol.result(request.id, self._call(request)))
        except (Exception, SystemExit) as cause:
            answer = protocol.encode(protocol.error(request.id, *explain(cause)))
        request.close()
        with self._changing:
            del self._active[request.id]
        self._send(answer)

    def _call(self, request: Request) -> Any:
        if not self._initialized and request.method != "initialize":
            raise ProtocolError(protocol.INVALID_REQUEST, "the first request must be initialize")
        method = self._methods.get(request.method)
        if method is None:
            problem = f"the engine has no method {request.method!r}; update the engine"
            raise ProtocolError(protocol.METHOD_NOT_FOUND, problem)
        if not isinstance(request.params, dict):
            raise ProtocolError(protocol.INVALID_PARAMS, "the parameters have no names")
        return method(request, **request.params)

    def _initialize(self, request: Request, protocol: int) -> Message:
        if protocol != VERSION:
            older = "plugin" if protocol < VERSION else "engine"
            raise ProtocolError(
                VERSION_MISMATCH,
                f"The plugin speaks version {protocol} of the protocol and the engine version "
                f"{VERSION}: update the {older}, then restart QGIS.",
            )
        facts = self._facts(request)
        self._initialized = True
        return {"protocol": VERSION, "engine": __version__, **facts}

    def _refuse(self, request_id: int | None, code: int, message: str) -> None:
        self._send(protocol.encode(protocol.error(request_id, code, message)))

    def _send(self, line: bytes) -> None:
        with self._sending:
            self._sink.write(line)
            self._sink.flush()


def explain(cause: BaseException) -> tuple[int, str]:
    """The error code and the message for the analyst."""
    if isinstance(cause, ProtocolError):
        return cause.code, str(cause)
    if isinstance(cause, ValidationError):
        problems = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in cause.errors())
        return protocol.INVALID_PARAMS, "; ".join(problems)
    error = explained(cause)
    return error.code, str(error)


class Notifier(logging.Handler):
    """Tells the client what is worth a line in the log."""

    def __init__(self, worker: Worker) -> None:
        super().__init__()
        self._worker = worker

    def emit(self, record: logging.LogRecord) -> None:
        """Sends the record as a `log` notification."""
        message = self.format(record)[-LONGEST_RECORD:]
        params = {"level": record.levelname.lower(), "message": message}
        self._worker.notify("log", params)


def serve(load: Callable[[], Mapping[str, Method]]) -> None:
    """Serves what `load` gives over this process's standard input and output.

    They are for messages alone from here on. Whatever else reads standard input finds it empty,
    and what a stray print or a library in C writes to standard output goes to standard error. Ends
    the process.
    """
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    sys.stdout = sys.stderr
    worker = Worker(load(), source, sink)
    logging.basicConfig(handlers=[logging.StreamHandler(), Notifier(worker)], level=logging.WARNING)
    logging.getLogger("engine").setLevel(logging.INFO)
    worker.run()
    sys.stderr.flush()
    # Python would take PyTorch down object by object, for seconds, while QGIS waits to close.
    os._exit(0)
