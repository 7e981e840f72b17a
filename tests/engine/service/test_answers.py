"""Answers that no engine should give: each ends the call whose id it has, and no other."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import sys
import threading
from collections.abc import Iterator

import pytest

from engine.service import protocol
from engine.service.client import EngineClient, EngineDied, EngineFailure
from tests.engine.service.puppet import puppet

NESTED = b"[" * 100_000 + b"]" * 100_000

NO_ANSWERS = {
    "no result": b'{"jsonrpc": "2.0", "id": 1}',
    "rubbish instead": b'{"jsonrpc": "2.0", "id": 1, "reslut": 5}',
    "result and error": b'{"jsonrpc": "2.0", "id": 1, "result": 5, "error": {"code": 1}}',
    "result and no error": b'{"jsonrpc": "2.0", "id": 1, "result": 5, "error": null}',
    "error null": b'{"jsonrpc": "2.0", "id": 1, "error": null}',
    "error text": b'{"jsonrpc": "2.0", "id": 1, "error": "it failed"}',
    "error list": b'{"jsonrpc": "2.0", "id": 1, "error": [1, "it failed"]}',
    "error empty": b'{"jsonrpc": "2.0", "id": 1, "error": {}}',
    "no code": b'{"jsonrpc": "2.0", "id": 1, "error": {"message": "it failed"}}',
    "no message": b'{"jsonrpc": "2.0", "id": 1, "error": {"code": 1}}',
    "code text": b'{"jsonrpc": "2.0", "id": 1, "error": {"code": "1", "message": "it failed"}}',
    "code fraction": b'{"jsonrpc": "2.0", "id": 1, "error": {"code": 1.5, "message": "it failed"}}',
    "code true": b'{"jsonrpc": "2.0", "id": 1, "error": {"code": true, "message": "it failed"}}',
    "message number": b'{"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": 5}}',
    "message list": b'{"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": ["failed"]}}',
    "a method as well": b'{"jsonrpc": "2.0", "id": 1, "method": "progress", "params": {"id": 1}}',
    "no version": b'{"id": 1, "result": 5}',
    "another version": b'{"jsonrpc": "1.0", "id": 1, "result": 5}',
    "version last": b'{"id": 1, "result": 5, "jsonrpc": 2}',
    "not a number": b'{"jsonrpc": "2.0", "id": 1, "result": NaN}',
    "not a number first": b'{"result": [NaN], "jsonrpc": "2.0", "id": 1}',
    "infinite": b'{"jsonrpc": "2.0", "id": 1, "result": -Infinity}',
    "too large": b'{"jsonrpc": "2.0", "id": 1, "result": 1e999}',
    "cut off": b'{"jsonrpc": "2.0", "id": 1, "result": {"count',
    "not UTF-8": b'{"jsonrpc": "2.0", "id": 1, "result": "caf\xe9"}',
    "nested": b'{"jsonrpc": "2.0", "id": 1, "result": ' + NESTED + b"}",
    "nested in the error": b'{"jsonrpc": "2.0", "id": 1, "error": ' + NESTED + b"}",
    "too long": b'{"jsonrpc": "2.0", "id": 1, "result": "' + b"x" * protocol.LONGEST_LINE + b'"}',
}

NOT_ITS_ID = {
    "text": b'{"jsonrpc": "2.0", "id": "1", "result": 5}',
    "fraction": b'{"jsonrpc": "2.0", "id": 1.0, "result": 5}',
    "true": b'{"jsonrpc": "2.0", "id": true, "result": 5}',
    "null": b'{"jsonrpc": "2.0", "id": null, "error": {"code": 1, "message": "lost"}}',
    "list": b'{"jsonrpc": "2.0", "id": [1], "result": 5}',
    "object": b'{"jsonrpc": "2.0", "id": {"id": 1}, "result": 5}',
    "another": b'{"jsonrpc": "2.0", "id": 2, "result": 5}',
    "enormous": b'{"jsonrpc": "2.0", "id": ' + b"1" * 4000 + b', "result": 5}',
    "none": b'{"jsonrpc": "2.0", "result": 5}',
    "garbage": b"Traceback (most recent call last):",
}

NO_NEWS = {
    "no parameters": {"method": "progress"},
    "a list": {"method": "progress", "params": [1, 2]},
    "no id": {"method": "progress", "params": {"done": 1, "total": 2, "stage": "", "message": ""}},
    "nothing else": {"method": "progress", "params": {"id": 1}},
    "a log of nothing": {"method": "log"},
    "a log of numbers": {"method": "log", "params": {"level": 5, "message": 6}},
    "another method": {"method": "paint", "params": {"id": 1}},
    "no method": {"params": {"id": 1}},
    **{
        f"{name} {value!r}"[:40]: {
            "method": "progress",
            "params": {"id": 1, "done": 1, "total": 2, "stage": "", "message": "", name: value},
        }
        for name, values in {
            "id": ("1", [1], None, True),
            "done": ("1", None, 1.5, -1, 2**31, True),
            "total": ("2", None, 1.5, -1, 2**31, []),
            "stage": (None, 5),
            "message": (None, 5, ["x"], "x" * 1_000_000),
        }.items()
        for value in values
    },
}


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, log: list[str]) -> Iterator[tuple]:
    client, process = puppet(monkeypatch, log)
    yield client, process
    client.kill()


@pytest.mark.parametrize("line", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_an_answer_that_makes_no_sense_is_the_failure_of_its_call(stage, line) -> None:
    client, process = stage
    call, other = client.request("anything"), client.request("anything else")
    process.say([line + b"\n"])

    with pytest.raises(EngineFailure, match="answer cannot be understood") as failure:
        call.result(60)
    assert not isinstance(failure.value, EngineDied)
    assert len(failure.value.message) < 1_000
    process.say([protocol.encode(protocol.result(other.id, "right"))])
    assert other.result(60) == "right"


@pytest.mark.parametrize("line", NOT_ITS_ID.values(), ids=NOT_ITS_ID)
def test_an_answer_with_another_id_is_logged_and_the_call_waits_for_its_own(
    stage, log, line
) -> None:
    client, process = stage
    call = client.request("anything")
    process.say([line + b"\n", protocol.encode(protocol.result(1, "right"))])

    assert call.result(60) == "right"
    assert len(log) == 1
    assert len(log[0]) < 1_000


@pytest.mark.parametrize("news", NO_NEWS.values(), ids=NO_NEWS)
def test_news_of_the_wrong_shape_are_logged_and_reach_nobody(stage, log, news) -> None:
    client, process = stage
    heard: list = []
    call = client.request("anything", on_progress=heard.append)
    right = {"id": 1, "done": 1, "total": 2, "stage": "model", "message": "Loading"}
    process.say(
        [
            protocol.encode({"jsonrpc": "2.0", **news}),
            protocol.encode(protocol.notification("progress", right)),
            protocol.encode(protocol.result(1, "right")),
        ]
    )

    assert call.result(60) == "right"
    assert heard == [right]
    assert len(log) == 1
    assert len(log[0]) < 1_000


def test_a_faulty_log_costs_no_call_its_answer(monkeypatch) -> None:
    client, process = puppet(monkeypatch, [])
    monkeypatch.setattr(client, "_on_log", lambda level, message: 1 / 0)
    call, other = client.request("anything"), client.request("anything else")
    process.say(
        [b'rubbish\n{"jsonrpc": "2.0", "id": 9, "result": 1}\n{"jsonrpc": "2.0", "id": 1\n']
    )
    process.say([protocol.encode(protocol.result(2, "right"))])

    assert other.result(60) == "right"
    client.kill()
    assert call.done()


def test_the_reason_of_a_failure_is_cut_to_what_can_be_read(stage) -> None:
    client, process = stage
    call = client.request("anything")
    process.say(
        [b'{"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": "%s"}}\n' % (b"x" * 10**6)]
    )

    with pytest.raises(EngineFailure) as failure:
        call.result(60)
    assert len(failure.value.message) <= protocol.LONGEST_REASON


def test_a_request_that_is_too_long_is_refused_and_not_sent(stage) -> None:
    client, process = stage
    with pytest.raises(EngineFailure, match="Choose fewer polygons"):
        client.request("segment", {"area": "x" * protocol.LONGEST_LINE})
    call = client.request("anything")
    process.say([protocol.encode(protocol.result(call.id, "right"))])
    assert call.result(60) == "right"


# -- fuzzed ----------------------------------------------------------------------------------------

ROUNDS, CALLS, LINES = 50, 20, 2_000


def value(chance: random.Random, depth: int = 0) -> object:
    """Any value of JSON, and some that are none."""
    if depth < 3 and chance.random() < 0.3:
        inner = [value(chance, depth + 1) for _ in range(chance.randrange(4))]
        return inner if chance.random() < 0.5 else {str(each)[:9]: each for each in inner}
    plain = (None, True, -1, 0, 1.5, 1e308, float("nan"), float("inf"), "", "x", "\ud800\n", 2**70)
    return chance.choice(plain)


def fuzzed(chance: random.Random, ids: list[int]) -> bytes:
    """A line like an answer or news of one of these calls, with anything wrong or right in it."""
    own = chance.choice(ids)
    names = ("jsonrpc", "id", "result", "error", "method", "params")
    message = {name: value(chance) for name in names if chance.random() < 0.4}
    if chance.random() < 0.8:
        message["jsonrpc"] = "2.0"
    if chance.random() < 0.5:
        message["id"] = chance.choice((own, own, own, str(own), float(own), [own], -own, own + 0.5))
    if chance.random() < 0.2:
        message["method"] = chance.choice(("progress", "log"))
        message["params"] = {
            "id": own,
            **{name: value(chance) for name in ("done", "total", "stage", "message", "level")},
        }
    if chance.random() < 0.2:
        message["error"] = {"code": value(chance), "message": value(chance)}
    line = json.dumps(dict(chance.sample(list(message.items()), len(message)))).encode()
    spoilt = chance.random()
    if spoilt < 0.1:
        return line[: chance.randrange(len(line) + 1)]
    if spoilt < 0.2:
        spot = chance.randrange(len(line) + 1)
        return line[:spot] + bytes([chance.choice(b'\x00\xff"{}[],:9')]) + line[spot:]
    return line


def answered(line: bytes) -> int | None:
    """The call that a line is an answer to, where it can be told at all."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    found = message.get("id") if isinstance(message, dict) else None
    return found if type(found) is int else None


def test_100_000_fuzzed_lines_end_every_call_they_answer_and_no_other(monkeypatch) -> None:
    chance = random.Random(12)
    outcomes = {"result": 0, "failure": 0, "death": 0}
    for _ in range(ROUNDS):
        client, process = puppet(monkeypatch, [])
        calls = [client.request("anything", on_progress=dict) for _ in range(CALLS)]
        ids = [call.id for call in calls]
        # Half of the calls are told about now and then, the other half always.
        lines = [fuzzed(chance, ids[: chance.choice((CALLS // 2, 1))]) for _ in range(LINES)]
        process.say(line + b"\n" for line in lines)
        process.end()
        told = {answered(line) for line in lines}
        for call in calls:
            try:
                call.result(60)
                ended = "result"
            except EngineDied:
                ended = "death"
            except EngineFailure:
                ended = "failure"
            outcomes[ended] += 1
            if call.id in told:
                assert ended != "death", call.id
            elif call.id > CALLS // 2:
                assert ended == "death", call.id
    assert min(outcomes.values()) > 0


# -- whatever the process does, cancel and kill end a call -----------------------------------------

STOPPED = "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"


def test_a_process_that_takes_nothing_holds_up_neither_request_nor_cancel_nor_kill() -> None:
    client = EngineClient([sys.executable, "-c", STOPPED])
    client._launch()
    calls = [client.request("segment", {"area": "x" * 1_000_000}) for _ in range(3)]
    for call in calls:
        call.cancel()
    client.kill("It was ended.")

    for call in calls:
        with pytest.raises(EngineDied, match="It was ended"):
            call.result(60)
    assert client._process.wait(60)


def test_a_process_that_outlives_its_kill_keeps_no_call_waiting(stage, monkeypatch) -> None:
    client, process = stage
    monkeypatch.setattr(process, "kill", lambda: None)
    call = client.request("anything")
    client.kill()

    with pytest.raises(EngineDied):
        call.result(0)
    process.end()


def test_an_answer_and_a_kill_at_once_end_a_call_once(monkeypatch) -> None:
    for _ in range(200):
        client, process = puppet(monkeypatch, [])
        call = client.request("anything")
        killer = threading.Thread(target=client.kill)
        killer.start()
        with contextlib.suppress(ValueError):  # it was killed first
            process.say([protocol.encode(protocol.result(1, "right"))])
        killer.join()
        try:
            assert call.result(60) == "right"
        except EngineDied:
            assert not client.alive


def test_an_engine_that_was_ended_because_it_fell_silent_is_not_said_to_lack_memory() -> None:
    client = EngineClient([sys.executable, "-c", "import os, time; os.close(1); time.sleep(600)"])
    client._launch()
    call = client.request("anything")

    with pytest.raises(EngineDied, match="could not be heard any more and was ended") as death:
        call.result(60)
    assert str(signal.SIGKILL.value) not in death.value.message
    assert "memory" not in death.value.message
