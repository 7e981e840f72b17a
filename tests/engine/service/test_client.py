"""The client with real processes: what QGIS may rely on."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from engine.service import protocol
from engine.service.client import EngineClient, EngineDied, EngineFailure, clean_environment

ROOT = Path(__file__).resolve().parents[3]
TOY = (sys.executable, "-m", "tests.engine.service.toy_worker")


def started(log: list | None = None) -> EngineClient:
    on_log = None if log is None else lambda level, message: log.append((level, message))
    client = EngineClient(TOY, clean_environment(os.environ), ROOT, on_log)
    client.start()
    return client


def speaking(script: str, log: list) -> EngineClient:
    """A client of a process that shakes hands and then runs `script`."""
    shake = 'print(\'{"jsonrpc": "2.0", "id": 1, "result": {}}\', flush=True)'
    command = (sys.executable, "-c", f"import sys, time\ninput()\n{shake}\n{script}")
    return EngineClient(command, on_log=lambda level, message: log.append(message))


@pytest.fixture
def client() -> Iterator[EngineClient]:
    client = started()
    yield client
    client.close()


def process_of(client: EngineClient, tmp_path: Path) -> Path:
    """A pipe that ends when nothing is left of the client's process group."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    client.request("spawn", {"fifo": str(fifo)})
    return fifo


def test_a_request_is_answered_and_tells_its_progress(client):
    seen = []

    assert client.request("count", {"to": 5, "pause": 0.05}, seen.append).result() == 5
    assert [(step["done"], step["total"]) for step in seen][-1] == (5, 5)
    assert {step["stage"] for step in seen} == {"counting"}


def test_a_cancelled_request_says_so_and_the_engine_goes_on(client):
    running = Event()
    call = client.request("fall_silent", on_progress=lambda step: running.set())
    running.wait()
    call.cancel()

    with pytest.raises(EngineFailure) as failure:
        call.result()
    assert failure.value.cancelled
    assert client.request("echo", {"value": "x"}).result() == "x"


def test_cancelling_what_is_done_changes_nothing(client):
    call = client.request("echo", {"value": "x"})
    call.result()
    call.cancel()

    assert call.result() == "x"
    assert client.request("echo", {"value": "y"}).result() == "y"


def test_a_failure_carries_the_engines_code_and_words(client):
    with pytest.raises(EngineFailure, match="type what to find") as failure:
        client.request("fail", {"how": "input"}).result()
    assert failure.value.code == -32001
    assert not failure.value.cancelled


def test_no_answer_yet_is_a_timeout_and_the_answer_still_comes(client):
    before = client.request("fall_silent")
    call = client.request("echo", {"value": "x"})  # waits for its turn

    with pytest.raises(TimeoutError):
        call.result(timeout=0.01)
    before.cancel()
    assert call.result() == "x"


def test_requests_of_many_threads_get_their_own_answers(client):
    def ask(number: int) -> int:
        call = client.request("echo", {"value": f"value {number}"})
        assert call.result() == f"value {number}"
        return call.id

    with ThreadPoolExecutor(16) as threads:
        ids = list(threads.map(ask, range(300)))
    assert len(set(ids)) == 300


def test_a_killed_engine_fails_every_call_and_a_new_one_works():
    client = started()
    pid = client.request("pid").result()
    running = Event()
    calls = [
        client.request("noise"),
        client.request("deaf", on_progress=lambda step: running.set()),
        client.request("echo", {"value": "never"}),
    ]
    running.wait()
    os.kill(pid, signal.SIGKILL)

    for call in calls[1:]:
        with pytest.raises(EngineDied, match=r"signal 9(.|\n)*from a stray print"):
            call.result()
    assert not client.alive
    with pytest.raises(EngineDied, match="signal 9"):
        client.request("echo", {"value": "x"})
    client.close()
    with_new_process = started()
    assert with_new_process.request("echo", {"value": "x"}).result() == "x"
    with_new_process.close()


def test_an_exit_code_and_the_last_words_are_told(client):
    with pytest.raises(EngineDied, match=r"exit code 3(.|\n)*these are my last words"):
        client.request("die", {"code": 3}).result()


@pytest.mark.parametrize("end", [lambda client: client.close(), lambda client: client.kill()])
def test_ending_the_engine_ends_what_it_started_and_fails_open_calls(tmp_path, end):
    client = started()
    fifo = process_of(client, tmp_path)
    call = client.request("echo", {"value": "never"})
    with fifo.open("rb") as pipe:
        end(client)
        assert pipe.read() == b""
    with pytest.raises(EngineDied, match=r"closed|stopped"):
        call.result()
    client.close()


def test_an_engine_that_dies_takes_what_it_started_with_it(tmp_path):
    client = started()
    pid = client.request("pid").result()
    fifo = process_of(client, tmp_path)
    with fifo.open("rb") as pipe:
        os.kill(pid, signal.SIGKILL)
        assert pipe.read() == b""
    client.close()


def test_an_engine_that_does_not_listen_is_killed_after_the_grace():
    client = started()
    running = Event()
    call = client.request("deaf", on_progress=lambda step: running.set())
    running.wait()
    client.close(grace=0.1)

    with pytest.raises(EngineDied, match="closed"):
        call.result(timeout=0)


def test_closing_twice_or_unstarted_does_nothing(client):
    client.close()
    client.close()
    EngineClient(TOY).close()


def test_nothing_can_be_asked_of_an_engine_that_was_not_started():
    with pytest.raises(EngineDied, match="not started"):
        EngineClient(TOY).request("echo", {"value": "x"})


def test_a_missing_interpreter_is_named():
    with pytest.raises(EngineDied, match="/no/such/python"):
        EngineClient(["/no/such/python", "-m", "engine"]).start()


def test_an_engine_that_cannot_start_shows_its_own_words():
    client = EngineClient([sys.executable, "-c", "import no_such_library"])

    with pytest.raises(EngineDied, match=r"exit code 1(.|\n)*No module named 'no_such_library'"):
        client.start()


def test_an_engine_that_never_gets_ready_is_given_up_and_ended():
    client = EngineClient([sys.executable, "-c", "import time; time.sleep(600)"])

    with pytest.raises(EngineDied, match="not ready"):
        client.start(timeout=0.5)
    assert client._process.wait(60)


def test_an_engine_of_another_version_is_refused_and_ended(monkeypatch):
    monkeypatch.setattr(protocol, "VERSION", protocol.VERSION + 1)
    client = EngineClient(TOY, cwd=ROOT)

    with pytest.raises(EngineFailure, match="update the engine") as failure:
        client.start()
    assert failure.value.code == protocol.VERSION_MISMATCH
    assert client._process.wait(60)


def test_what_nobody_asked_for_is_logged_and_ignored():
    log = []
    answers = (
        "garbage",
        '{"jsonrpc": "2.0", "id": 99, "result": 1}',
        "[]",
        '{"jsonrpc": "2.0", "id": null, "error": {"code": 1, "message": "lost"}}',
    )
    prints = "\n".join(f"print({answer!r}, flush=True)" for answer in answers)
    client = speaking(
        f'{prints}\ninput()\nprint(\'{{"jsonrpc": "2.0", "id": 2, "result": 5}}\')', log
    )
    client.start()

    assert client.request("anything").result() == 5
    assert sum("unreadable" in message for message in log) == 2
    assert sum("nobody asked" in message for message in log) == 2
    client.close()


def test_a_faulty_listener_does_not_cost_the_answer(client):
    def listen(step: dict) -> None:
        raise RuntimeError("the listener is broken")

    assert client.request("count", {"to": 3}, listen).result() == 3


def test_what_the_engine_logs_reaches_the_plugin():
    log = []
    client = started(log)
    with pytest.raises(EngineFailure):
        client.request("fail", {"how": "unforeseen"}).result()

    assert any(level == "error" and "ZeroDivisionError" in text for level, text in log)
    client.close()


def test_a_process_that_fills_standard_error_is_not_blocked():
    script = "sys.stderr.write('x' * 10_000_000)\nsys.stderr.write('\\nlast line\\n')\nsys.exit(4)"
    client = speaking(script, [])
    client.start()

    with pytest.raises(EngineDied, match=r"exit code 4(.|\n)*last line") as failure:
        client.request("anything").result()
    assert len(failure.value.message) < 200_000


def test_the_engines_environment_has_nothing_of_qgis_and_all_of_the_system():
    of_qgis = {
        "PYTHONHOME": "C:/QGIS/apps/Python312",
        "PYTHONPATH": "/usr/share/qgis/python",
        "GDAL_DATA": "/usr/share/gdal",
        "GDAL_DRIVER_PATH": "C:/QGIS/apps/gdal",
        "PROJ_LIB": "/usr/share/proj",
        "PROJ_DATA": "/usr/share/proj",
        "LD_LIBRARY_PATH": "/usr/lib/qgis",
        "DYLD_FRAMEWORK_PATH": "/Applications/QGIS.app",
        "QT_PLUGIN_PATH": "C:/QGIS/apps/qt5/plugins",
        "QGIS_PREFIX_PATH": "/usr",
        "VIRTUAL_ENV": "/home/a/venv",
        "CONDA_PREFIX": "/opt/conda",
        "Python_Path": "x",
    }
    of_the_system = {
        "PATH": "/usr/bin",
        "HOME": "/home/a",
        "TEMP": "C:/Temp",
        "SYSTEMROOT": "C:/Windows",
        "https_proxy": "http://proxy:3128",
        "NO_PROXY": "localhost",
        "CURL_CA_BUNDLE": "/etc/ssl/own.pem",
        "SSL_CERT_FILE": "/etc/ssl/own.pem",
        "GDAL_HTTP_PROXY": "proxy:3128",
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".tif",
        "CUDA_VISIBLE_DEVICES": "1",
        "HF_HOME": "/data/hub",
    }

    assert clean_environment({**of_qgis, **of_the_system}) == of_the_system
