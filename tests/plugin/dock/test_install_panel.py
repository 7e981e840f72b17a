"""The dock while there is no engine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from qgis.core import QgsProject
from qgis.PyQt.QtNetwork import QNetworkProxy
from segment_by_text.plugin.engine import environment, installation, programs
from segment_by_text.plugin.engine import process as engine_process
from segment_by_text.plugin.engine.process import Engine
from segment_by_text.plugin.settings import Settings

from tests.plugin.waiting import until


@pytest.fixture
def bare_dock(
    open_dock: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, project: QgsProject
):
    """A dock where no engine is installed."""
    monkeypatch.setattr(engine_process, "ROOT", tmp_path)
    engine = Engine(Settings())
    yield open_dock(engine)
    engine.close()


def test_missing_engine_is_a_panel_in_place_of_the_form(bare_dock) -> None:
    assert bare_dock.form.missing.isVisible()
    assert not bare_dock.form.form.isVisible()


def test_panel_says_how_much_goes_where(bare_dock, tmp_path: Path) -> None:
    text = bare_dock.form.missingText.text()
    assert f"{environment.SPACE / 1e9:.0f} GB" in text
    assert str(environment.default_location()) in text


def test_half_built_environment_is_no_engine(bare_dock) -> None:
    python = environment.python_in(environment.default_location())
    python.parent.mkdir(parents=True)
    python.touch()
    assert engine_process.interpreter(Settings()) is None
    (environment.default_location() / environment.STAMP).touch()
    assert engine_process.interpreter(Settings()) == python


def test_existing_python_ends_the_panel(bare_dock, faulty_engine) -> None:
    bare_dock.installation.use(Settings().interpreter)
    until(lambda: bare_dock.session.cards)
    assert bare_dock.form.form.isVisible()
    assert not bare_dock.form.missing.isVisible()


CHECKOUT = environment.python_in(Path(environment.__file__).resolve().parents[2] / ".venv")
"""A Python with the engine's requirements; that of these tests has none of them."""


def test_a_python_that_can_run_the_engine_is_taken(bare_dock) -> None:
    bare_dock.installation.choose(str(CHECKOUT))
    assert not bare_dock.form.missing.isEnabled()
    assert str(CHECKOUT) in bare_dock.form.stage.text()
    until(lambda: not bare_dock.installation.busy)
    assert Settings().interpreter == str(CHECKOUT)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (f'#!/bin/sh\nexec {sys.executable} "$@"\n', "torch, torchvision, transformers, sam2"),
        ("#!/bin/sh\necho 3 9\n", "is Python 3.9; the engine needs Python 3.11"),
        ("#!/bin/sh\nexit 1\n", "not a Python that runs"),
        ("a letter to my aunt", "cannot be started"),
    ],
)
def test_a_wrong_python_is_refused_with_what_is_missing(
    bare_dock, tmp_path: Path, script: str, words: str
) -> None:
    program = tmp_path / "chosen"
    program.write_text(script)
    program.chmod(0o755 if script.startswith("#!") else 0o644)
    bare_dock.installation.choose(str(program))
    until(lambda: bare_dock.messages.text)
    assert words in bare_dock.messages.text
    assert "Traceback" not in bare_dock.messages.text
    assert Settings().interpreter == ""
    assert bare_dock.form.missing.isVisible()
    assert bare_dock.form.install.isEnabled()
    assert bare_dock.form.chooseInterpreter.isEnabled()


def test_looking_at_a_python_can_be_cancelled(bare_dock, tmp_path: Path) -> None:
    program = tmp_path / "chosen"
    program.write_text("#!/bin/sh\nsleep 600\n")
    program.chmod(0o755)
    bare_dock.installation.choose(str(program))
    bare_dock.form.cancel.click()
    until(lambda: not bare_dock.form.working.isVisible())
    assert bare_dock.messages.text == "Cancelled."
    assert Settings().interpreter == ""


@pytest.fixture
def spoilt_dock(open_dock: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A dock whose Python had all requirements when it was chosen, and has lost them."""
    Settings().interpreter = sys.executable
    engine = Engine(Settings())
    dock = open_dock(engine, wait=False)
    until(lambda: dock.messages.text)
    yield dock
    engine.close()


def test_a_python_that_went_bad_is_told_with_a_way_out(spoilt_dock) -> None:
    form = spoilt_dock.form
    assert form.missing.isVisible()
    assert not form.form.isVisible()
    assert "cannot start" in form.missingTitle.text()
    for text in (form.missingText.text(), spoilt_dock.messages.text):
        assert f"{sys.executable} cannot run the engine. Not installed: torch" in text
        assert "Traceback" not in text
        assert "click again" not in text
    assert f"{environment.SPACE / 1e9:.0f} GB" in form.missingText.text()
    assert form.install.isEnabled()
    assert form.chooseInterpreter.isEnabled()


def test_choosing_another_ends_it(spoilt_dock) -> None:
    spoilt_dock.installation.choose(str(CHECKOUT))
    until(lambda: spoilt_dock.session.cards)
    assert spoilt_dock.form.form.isVisible()
    assert not spoilt_dock.form.missing.isVisible()


def test_installing_ends_it_and_takes_the_bad_choice_back(
    spoilt_dock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "build", lambda *_, **__: CHECKOUT)
    monkeypatch.setattr(environment, "check", lambda *_, **__: environment.EnvironmentReport())
    spoilt_dock.form.install.click()
    until(lambda: spoilt_dock.session.cards)
    assert Settings().interpreter == ""
    assert spoilt_dock.form.form.isVisible()


def test_an_installation_that_lost_files_is_installed_anew(
    bare_dock, faulty_engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    Settings().interpreter = ""
    asked = []

    def build(venv: Path, again: bool = False, **_) -> Path:
        asked.append(again)
        return environment.python_in(venv)

    def check(*_, **__) -> environment.EnvironmentReport:
        return environment.EnvironmentReport(problem="" if asked[-1] else "torch is gone")

    monkeypatch.setattr(environment, "build", build)
    monkeypatch.setattr(environment, "check", check)
    bare_dock.form.install.click()
    until(lambda: bare_dock.messages.text)
    assert asked == [False, True]
    assert "The engine is installed." in bare_dock.messages.text


def test_failed_installation_says_why_and_can_be_tried_again(
    bare_dock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_, **__):
        raise programs.EnvironmentFailure("The disk is full.")

    monkeypatch.setattr(environment, "build", fail)
    bare_dock.form.install.click()
    until(lambda: bare_dock.messages.text)
    assert bare_dock.messages.text == "The disk is full."
    assert bare_dock.form.install.isEnabled()


def test_installation_shows_its_progress_and_can_be_cancelled(
    bare_dock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(*_, progress, cancelled, **__):
        progress("Downloading torch")
        until_cancelled = iter(cancelled, True)
        for _ in until_cancelled:
            pass
        raise programs.BuildCancelled("cancelled")

    monkeypatch.setattr(environment, "build", build)
    bare_dock.form.install.click()
    until(lambda: bare_dock.form.stage.text() == "Downloading torch")
    assert not bare_dock.form.missing.isEnabled()
    bare_dock.form.cancel.click()
    until(lambda: not bare_dock.form.working.isVisible())
    assert "Cancelled" in bare_dock.messages.text


def test_finished_installation_starts_the_engine(
    bare_dock, faulty_engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Path(Settings().interpreter)
    Settings().interpreter = ""

    def build(venv: Path, **_) -> Path:
        python = environment.python_in(venv)
        python.parent.mkdir(parents=True)
        python.write_text(program.read_text("utf-8"), "utf-8")
        python.chmod(0o755)
        (venv / environment.STAMP).touch()
        return python

    monkeypatch.setattr(environment, "build", build)
    monkeypatch.setattr(environment, "check", lambda *_, **__: environment.EnvironmentReport())
    bare_dock.form.install.click()
    until(lambda: bare_dock.session.cards)
    assert bare_dock.form.form.isVisible()


def test_engine_that_does_not_import_is_told(bare_dock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "build", lambda *_, **__: Path(sys.executable))
    report = environment.EnvironmentReport(problem="torch cannot be imported")
    monkeypatch.setattr(environment, "check", lambda *_, **__: report)
    bare_dock.form.install.click()
    until(lambda: bare_dock.messages.text)
    assert "torch cannot be imported" in bare_dock.messages.text


@pytest.mark.parametrize(
    ("proxy", "url"),
    [
        ((QNetworkProxy.ProxyType.HttpProxy, "proxy", 8080), "http://proxy:8080"),
        (
            (QNetworkProxy.ProxyType.HttpProxy, "proxy", 8080, "me", "p@ss/word"),
            "http://me:p%40ss%2Fword@proxy:8080",
        ),
        ((QNetworkProxy.ProxyType.Socks5Proxy, "proxy", 1080), "socks5://proxy:1080"),
        ((QNetworkProxy.ProxyType.NoProxy,), None),
    ],
)
def test_proxy_of_qgis_is_the_proxy_of_the_installation(proxy: tuple, url: str) -> None:
    from qgis.core import QgsNetworkAccessManager

    manager = QgsNetworkAccessManager.instance()
    before, excludes, no = manager.fallbackProxy(), manager.excludeList(), manager.noProxyList()
    manager.setFallbackProxyAndExcludes(QNetworkProxy(*proxy), [], [])
    try:
        assert installation.proxy_variables().get("HTTPS_PROXY") == url
    finally:
        manager.setFallbackProxyAndExcludes(before, excludes, no)
