"""The page in QGIS's options: which Python is kept, and which is not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from qgis.core import QgsApplication
from qgis.PyQt.QtWidgets import QWidget
from segment_by_text.plugin.engine import environment
from segment_by_text.plugin.options import OptionsPage
from segment_by_text.plugin.settings import Settings

from tests.plugin.waiting import until

CHECKOUT = environment.python_in(Path(environment.__file__).resolve().parents[2] / ".venv")
"""A Python with the engine's requirements; that of these tests has none of them."""


@pytest.fixture
def page(qgis_app) -> OptionsPage:
    parent = QWidget()
    page = OptionsPage(Settings(), parent)
    page.parent_of_test = parent
    return page


@pytest.fixture
def log(qgis_app) -> list[str]:
    said: list[str] = []
    QgsApplication.messageLog().messageReceived.connect(lambda text, *_: said.append(text))
    return said


def test_a_python_that_can_run_the_engine_is_kept(page: OptionsPage) -> None:
    page.interpreter.setFilePath(str(CHECKOUT))
    until(lambda: page.verdict.text() == "It can run the engine.")
    assert Settings().interpreter == "", "not before it is applied"
    page.apply()
    assert Settings().interpreter == str(CHECKOUT)


def test_a_wrong_python_is_told_and_not_kept(page: OptionsPage, log: list[str]) -> None:
    page.interpreter.setFilePath(sys.executable)
    until(lambda: "torch, torchvision" in page.verdict.text())
    page.apply()
    assert Settings().interpreter == ""
    assert any("was not changed" in text for text in log)


def test_who_does_not_wait_gets_the_same(page: OptionsPage, log: list[str]) -> None:
    page.interpreter.setFilePath(sys.executable)
    page.apply()
    page.parent_of_test.deleteLater()
    until(lambda: any("was not changed" in text for text in log))
    assert Settings().interpreter == ""


def test_a_right_python_is_kept_although_the_page_is_closed(page: OptionsPage) -> None:
    page.interpreter.setFilePath(str(CHECKOUT))
    page.apply()
    assert Settings().interpreter == ""
    page.parent_of_test.deleteLater()
    until(lambda: Settings().interpreter == str(CHECKOUT))


def test_only_the_newest_choice_counts(page: OptionsPage) -> None:
    page.interpreter.setFilePath(str(CHECKOUT))
    page._look()
    page.interpreter.setFilePath(sys.executable)
    until(lambda: "torch, torchvision" in page.verdict.text())
    page.apply()
    assert Settings().interpreter == ""


def test_an_empty_field_takes_a_choice_back(page: OptionsPage) -> None:
    Settings().interpreter = "/no/such/python"
    page.interpreter.setFilePath("")
    page.apply()
    assert Settings().interpreter == ""


def test_a_long_path_makes_the_page_no_wider(page: OptionsPage) -> None:
    page.verdict.setText(f"/{'M' * 300} cannot run the engine.")
    assert page.minimumSizeHint().width() < 500
