"""The worker as its client meets it: a process, and lines of bytes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import InputError, OutOfMemory
from engine.service import protocol
from engine.service.worker import explain
from tests.engine.service.toy_worker import UNSENDABLE

ROOT = Path(__file__).resolve().parents[3]


class Wire:
    """Both ends of a worker's pipes."""

    def __init__(self, stderr: Path) -> None:
        self.stderr = stderr
        with stderr.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.engine.service.toy_worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=ROOT,
            )

    def send(self, line: bytes) -> None:
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def request(self, number: int, method: str, **params: object) -> None:
        self.send(protocol.encode(protocol.request(number, method, params)))

    def cancel(self, number: int) -> None:
        self.send(protocol.encode(protocol.notification("cancel", {"id": number})))

    def receive(self) -> protocol.Message:
        """The next message, whatever it is; fails where there is something else on the wire."""
        return protocol.decode(self.process.stdout.readline())

    def answer(self) -> protocol.Message:
        """The next message that is no notification."""
        while "method" in (message := self.receive()):
            pass
        return message

    def ask(self, number: int, method: str, **params: object) -> protocol.Message:
        self.request(number, method, **params)
        return self.answer()


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    wire = Wire(tmp_path / "stderr")
    with wire.process:
        yield wire
        wire.process.kill()


@pytest.fixture
def ready(wire: Wire) -> Wire:
    wire.ask(0, "initialize", protocol=protocol.VERSION)
    return wire


def test_a_handshake_tells_versions_and_facts(wire):
    answer = wire.ask(1, "initialize", protocol=protocol.VERSION)

    assert answer["result"]["protocol"] == protocol.VERSION
    assert answer["result"]["device"] == "toy"


@pytest.mark.parametrize(("step", "older"), [(1, "engine"), (-1, "plugin")])
def test_another_protocol_version_is_refused_and_the_older_side_named(wire, step, older):
    error = wire.ask(1, "initialize", protocol=protocol.VERSION + step)["error"]

    assert error["code"] == protocol.VERSION_MISMATCH
    assert f"update the {older}" in error["message"]
    assert wire.ask(2, "echo", value="x")["error"]["code"] == protocol.INVALID_REQUEST


def test_nothing_is_served_before_the_handshake(wire):
    assert wire.ask(1, "echo", value="x")["error"]["code"] == protocol.INVALID_REQUEST
    wire.ask(2, "initialize", protocol=protocol.VERSION)
    assert wire.ask(3, "echo", value="x")["result"] == "x"


def test_what_others_print_never_reaches_the_wire(ready):
    assert ready.ask(1, "noise")["result"] == ""  # it found standard input empty
    assert ready.ask(2, "echo", value="x")["result"] == "x"
    printed = ready.stderr.read_text().splitlines()
    assert {
        "from a stray print",
        "from the file descriptor",
        "from a library in C",
        "from a child process",
    } <= set(printed)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"segment the tanks, please", protocol.PARSE_ERROR),
        (b"\xff\xfe\x00", protocol.PARSE_ERROR),
        (b"", protocol.PARSE_ERROR),
        (b"[" * 100_000, protocol.PARSE_ERROR),
        (b"9" * 10_000, protocol.PARSE_ERROR),
        (b"[]", protocol.INVALID_REQUEST),
        (b"{}", protocol.INVALID_REQUEST),
        (b"x" * 50_000_000, protocol.INVALID_REQUEST),
        (b'{"jsonrpc": "2.0", "id": "a", "method": "echo"}', protocol.INVALID_REQUEST),
        (b'{"jsonrpc": "2.0", "id": null, "method": "echo"}', protocol.INVALID_REQUEST),
        (b'{"jsonrpc": "2.0", "id": true, "method": "echo"}', protocol.INVALID_REQUEST),
    ],
    ids=lambda value: value[:20] if isinstance(value, bytes) else "",
)
def test_a_line_that_is_no_request_gets_an_error_and_the_worker_lives(ready, line, code):
    ready.send(line + b"\n")

    answer = ready.answer()
    assert (answer["id"], answer["error"]["code"]) == (None, code)
    assert ready.ask(1, "echo", value="x")["result"] == "x"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"method": "echo", "params": {}}, protocol.INVALID_PARAMS),
        ({"method": "echo", "params": {"value": 3}}, protocol.INVALID_PARAMS),
        ({"method": "echo", "params": {"value": "x", "more": 1}}, protocol.INVALID_PARAMS),
        ({"method": "echo", "params": {"value": "x", "request": 1}}, protocol.INVALID_PARAMS),
        ({"method": "echo", "params": ["x"]}, protocol.INVALID_PARAMS),
        ({"method": "paint", "params": {}}, protocol.METHOD_NOT_FOUND),
        ({"method": 5}, protocol.INVALID_REQUEST),
        ({}, protocol.INVALID_REQUEST),
    ],
)
def test_a_request_that_cannot_be_served_is_told_so_under_its_id(ready, request_, code):
    ready.send(protocol.encode({"jsonrpc": "2.0", "id": 4, **request_}))

    answer = ready.answer()
    assert (answer["id"], answer["error"]["code"]) == (4, code)


def test_notifications_nobody_knows_are_not_answered(ready):
    ready.send(protocol.encode(protocol.notification("paint", {})))
    ready.cancel(77)
    ready.send(b'{"jsonrpc": "2.0", "method": "cancel", "params": [7]}\n')

    assert ready.ask(1, "echo", value="x") == protocol.result(1, "x")


def test_a_running_request_is_cancelled(ready):
    ready.request(1, "fall_silent")
    ready.receive()
    ready.cancel(1)

    assert ready.answer()["error"]["code"] == protocol.CANCELLED
    assert ready.ask(2, "echo", value="x")["result"] == "x"


def test_a_waiting_request_is_cancelled_at_once_and_never_runs(ready):
    ready.request(1, "fall_silent")
    ready.request(2, "die", code=1)
    ready.cancel(2)

    first = ready.answer()
    assert (first["id"], first["error"]["code"]) == (2, protocol.CANCELLED)
    ready.cancel(1)
    assert ready.answer()["id"] == 1
    assert ready.ask(3, "echo", value="x")["result"] == "x"


def test_an_id_in_use_is_refused_and_free_again_after_the_answer(ready):
    ready.request(1, "fall_silent")
    ready.request(1, "echo", value="second")

    refused = ready.answer()
    assert (refused["id"], refused["error"]["code"]) == (None, protocol.INVALID_REQUEST)
    ready.cancel(1)
    assert ready.answer()["error"]["code"] == protocol.CANCELLED
    assert ready.ask(1, "echo", value="third")["result"] == "third"


def test_progress_is_thinned_out_in_order_and_ends_with_the_last(ready):
    ready.request(1, "count", to=10_000)
    messages = [ready.receive()]
    while "method" in messages[-1]:
        messages.append(ready.receive())

    *progress, answer = messages
    done = [message["params"]["done"] for message in progress]
    assert answer == protocol.result(1, 10_000)
    assert done == sorted(done)
    assert done[-1] == 10_000
    assert len(done) < 1_000
    assert all(message["params"]["id"] == 1 for message in progress)


def test_the_newest_progress_arrives_although_none_follows(ready):
    ready.request(1, "fall_silent")

    while ready.receive()["params"]["done"] != 3:
        pass


@pytest.mark.parametrize(
    ("how", "code", "words"),
    [
        ("input", InputError.code, "The expression is empty: type what to find."),
        ("memory", OutOfMemory.code, "smaller extent"),
        ("processor memory", OutOfMemory.code, "smaller extent"),
        ("unforeseen", protocol.INTERNAL_ERROR, "division by zero"),
        ("exit", protocol.INTERNAL_ERROR, "SystemExit"),
    ],
)
def test_a_failure_has_its_code_and_its_words_and_the_worker_lives(ready, how, code, words):
    error = ready.ask(1, "fail", how=how)["error"]

    assert error["code"] == code
    assert words in error["message"]
    assert ready.ask(2, "echo", value="x")["result"] == "x"


def test_the_graphics_card_out_of_memory_is_told_as_such():
    torch = pytest.importorskip("torch")

    code, message = explain(torch.cuda.OutOfMemoryError("CUDA out of memory."))

    assert code == OutOfMemory.code
    assert "smaller extent" in message


def test_the_traceback_of_an_unforeseen_failure_goes_to_the_log_and_to_standard_error(ready):
    ready.request(1, "fail", how="unforeseen")

    log = ready.receive()
    assert (log["method"], log["params"]["level"]) == ("log", "error")
    assert "raise FAILURES[how]\nZeroDivisionError" in log["params"]["message"]
    assert "Traceback" not in ready.answer()["error"]["message"]
    assert "ZeroDivisionError" in ready.stderr.read_text()


@pytest.mark.parametrize("how", UNSENDABLE)
def test_a_result_that_cannot_be_sent_is_an_error(ready, how):
    assert ready.ask(1, "unsendable", how=how)["error"]["code"] == protocol.INTERNAL_ERROR
    assert ready.ask(2, "echo", value="still here")["result"] == "still here"


def test_a_result_that_is_longer_than_the_other_side_reads_is_an_error(ready):
    error = ready.ask(1, "long")["error"]

    assert "longer than" in error["message"]
    assert ready.ask(2, "echo", value="x")["result"] == "x"


@pytest.mark.parametrize("how", ["at length", "unforeseen and at length"])
def test_a_failure_is_told_in_as_many_words_as_can_be_read(ready, how):
    error = ready.ask(1, "fail", how=how)["error"]

    assert "xxx" in error["message"]
    assert len(error["message"]) <= protocol.LONGEST_REASON + 1
    assert ready.ask(2, "echo", value="x")["result"] == "x"


@pytest.mark.parametrize(("method", "code"), [("fall_silent", 0), ("deaf", 1)])
def test_the_end_of_input_ends_the_worker_whatever_runs(ready, method, code):
    ready.request(1, method)
    ready.receive()
    ready.request(2, "die", code=9)
    ready.process.stdin.close()

    assert ready.process.wait() == code
