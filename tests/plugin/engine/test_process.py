"""The one engine process: started when it is needed, and never twice."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from segment_by_text.engine.service.client import EngineDied
from segment_by_text.plugin.engine import process as engine_process
from segment_by_text.plugin.engine.process import SILENT, Engine, EngineMissing
from segment_by_text.plugin.settings import Settings

from tests.plugin.processes import engines
from tests.plugin.waiting import until


def models(engine: Engine) -> list:
    return engine.ask("models", {}, lambda _: None, lambda: False)


@pytest.fixture
def others() -> set[int]:
    return engines()


@pytest.fixture
def own(others: set[int]) -> Iterator[Engine]:
    engine = Engine(Settings())
    yield engine
    engine.close()


def test_nothing_runs_before_the_first_request(own: Engine, others: set[int]) -> None:
    assert engines() == others
    assert not own.running
    assert models(own)
    assert own.running
    assert own.facts["device"] in ("cpu", "cuda")


def test_requests_of_several_threads_share_one_process(own: Engine, others: set[int]) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(models, [own] * 4))
    assert answers == [answers[0]] * 4
    assert len(engines() - others) == 1


def test_killed_process_is_replaced_at_the_next_request(own: Engine, others: set[int]) -> None:
    models(own)
    (first,) = engines() - others
    os.kill(first, signal.SIGKILL)
    until(lambda: not own.running)
    assert models(own)
    assert len(engines() - others) == 1
    assert engines() - others != {first}


def test_an_idle_engine_that_is_dying_is_replaced_without_a_word(
    own: Engine, others: set[int]
) -> None:
    for _ in range(2):
        models(own)
        (process,) = engines() - others
        os.kill(process, signal.SIGKILL)
        assert models(own), "whatever of its death is known by now"


def test_an_engine_that_dies_of_a_request_is_not_asked_the_same_again(
    faulty_engine, tmp_path: Path
) -> None:
    models(faulty_engine)
    out = str(tmp_path)
    params = {"expression": "die", "model": "fake", "source": {}, "out": out, "outputs": []}
    with pytest.raises(EngineDied, match="stopped unexpectedly"):
        faulty_engine.ask("segment", params, lambda _: None, lambda: False)
    assert not faulty_engine.running


def test_an_engine_that_stands_still_is_told_and_goes_on_telling(
    faulty_engine, others: set[int], raster, tmp_path: Path
) -> None:
    models(faulty_engine)
    (process,) = engines() - others
    faulty_engine.silence = 0.3
    heard: list[dict] = []

    def listen(news: dict) -> None:
        if news["message"] == "Window 1 of 3":
            os.kill(process, signal.SIGSTOP)
        elif news["stage"] == SILENT:
            os.kill(process, signal.SIGCONT)
        heard.append(news)

    params = {"expression": "busy", "model": "fake", "source": {"path": raster.source()}}
    params.update(out=str(tmp_path), threshold=0.5, outputs=["mask"])
    faulty_engine.ask("segment", params, listen, lambda: False)
    stages = [news["stage"] for news in heard]
    assert stages.count(SILENT) >= 1
    silent = heard[stages.index(SILENT)]
    assert "said nothing for a minute" in silent["message"]
    assert (silent["done"], silent["total"]) == (0, 3), "the bar stays where it was"
    told = [news["message"] for news in heard[stages.index(SILENT) :]]
    assert "Window 3 of 3" in told


def test_an_engine_that_takes_long_to_start_is_told(tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nsleep 600\n")
    program.chmod(0o755)
    Settings().interpreter = str(program)
    engine = Engine(Settings())
    engine.silence = 0.3
    heard: list[dict] = []
    with pytest.raises(EngineDied):
        engine.ask("models", {}, heard.append, lambda: bool(heard))
    assert [news["stage"] for news in heard] == [SILENT]
    engine.close()


def test_an_engine_that_was_ended_says_so_to_whoever_waited(
    faulty_engine, others: set[int]
) -> None:
    models(faulty_engine)
    (process,) = engines() - others
    os.kill(process, signal.SIGSTOP)
    faulty_engine.patience = 0.2
    with pytest.raises(EngineDied, match="did not stop within 0 seconds and was ended") as death:
        faulty_engine.ask("models", {}, lambda _: None, lambda: True)
    assert "memory" not in death.value.message
    assert models(faulty_engine)


def test_closed_engine_starts_no_process_any_more(own: Engine, others: set[int]) -> None:
    own.close()
    with pytest.raises(EngineDied):
        models(own)
    assert engines() <= others


def test_progress_arrives_in_the_thread_that_asks(faulty_engine, raster, tmp_path: Path) -> None:
    heard = []
    out = tmp_path / "out"
    out.mkdir()
    params = {
        "source": {"path": raster.source()},
        "expression": "busy tank",
        "model": "fake",
        "out": str(out),
        "threshold": 0.5,
        "outputs": ["mask"],
    }
    faulty_engine.ask(
        "segment", params, lambda _: heard.append(threading.current_thread()), lambda: False
    )
    assert set(heard) == {threading.current_thread()}


def test_without_an_interpreter_the_panel_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(engine_process, "ROOT", tmp_path)
    with pytest.raises(EngineMissing, match="Segment by Text panel"):
        models(Engine(Settings()))


def test_chosen_interpreter_comes_first(tmp_path: Path) -> None:
    (tmp_path / "python").touch()
    Settings().interpreter = str(tmp_path / "python")
    assert engine_process.interpreter(Settings()) == tmp_path / "python"


def test_chosen_interpreter_that_is_gone_is_passed_over(tmp_path: Path) -> None:
    Settings().interpreter = str(tmp_path / "gone")
    assert engine_process.interpreter(Settings()) != tmp_path / "gone"
