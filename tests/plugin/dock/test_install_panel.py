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
