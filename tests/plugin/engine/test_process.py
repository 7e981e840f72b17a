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
from segment_by_text.plugin.engine.process import Engine, EngineMissing
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
