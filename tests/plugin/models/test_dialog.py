"""Models of the user's own: exported, imported, deleted, taught further."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QTextDocumentFragment
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QFileDialog, QMessageBox
from segment_by_text.plugin.engine.process import Engine
from segment_by_text.plugin.finetune import jobs
from segment_by_text.plugin.models.dialog import ModelsDialog
from segment_by_text.plugin.settings import Settings

from tests.plugin.waiting import until


def click(button) -> None:
    assert button.isEnabled(), button.text()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.fixture
def dock(open_dock: Callable, faulty_engine: Engine):
    """A dock on the engine that injects faults, which has a model of the user's own."""
    folder = jobs.new_folder("ponds", Settings())
    (folder / "samples").mkdir()
    (folder / "samples" / "annotations.jsonl").write_text("{}")
    settings = {"id": "ponds", "title": "Ponds", "base": "fake", "start": "", "preset": "quick"}
    params = {"job": str(folder), "settings": settings}
    faulty_engine.ask("finetune", params, lambda _: None, lambda: False)
    return open_dock(faulty_engine)


@pytest.fixture
def dialog(dock) -> Iterator[ModelsDialog]:
    dialog = ModelsDialog(dock.session)
    dialog.show()
    yield dialog
    dialog.close()
    dialog.deleteLater()


def titles(dialog: ModelsDialog) -> list[str]:
    return [dialog.names.item(row).text() for row in range(dialog.names.count())]


def told(dialog: ModelsDialog) -> str:
    item = dialog.bar.currentItem()
    return "" if item is None else QTextDocumentFragment.fromHtml(item.text()).toPlainText()


def test_only_ones_own_models_can_be_exported_and_deleted(dialog: ModelsDialog) -> None:
    buttons = dialog.teach, dialog.give, dialog.take, dialog.remove
    seen = {}
    for row, title in enumerate(titles(dialog)):
        dialog.names.setCurrentRow(row)
        seen[title] = [button.isEnabled() for button in buttons]
    assert seen == {
        "Fake model": [True, False, True, False],
        "Open model": [False, False, True, False],
        "Ponds": [True, True, True, True],
    }


def test_a_model_survives_the_way_through_a_file(
    dialog: ModelsDialog, dock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(tmp_path / "ponds")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (file, ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (file + ".zip", ""))
    asked = []
    yes = QMessageBox.StandardButton.Yes
    monkeypatch.setattr(QMessageBox, "exec", lambda box: asked.append(box.text()) or yes)
    dialog.names.setCurrentRow(2)
    click(dialog.give)
    until(lambda: "is written" in told(dialog))
    until(dialog.remove.isEnabled)
    click(dialog.remove)
    until(lambda: titles(dialog) == ["Fake model", "Open model"])
    assert asked == ["Delete the model “Ponds” from this computer?"]
    assert dock.form.model.findData("ponds") < 0, "the dock knows it as well"
    click(dialog.take)
    until(lambda: titles(dialog) == ["Fake model", "Open model", "Ponds"])
    assert dialog.card["id"] == "ponds", "what has come is chosen"
    assert dock.form.model.findData("ponds") >= 0


def test_a_no_deletes_nothing(dialog: ModelsDialog, monkeypatch: pytest.MonkeyPatch) -> None:
    no = QMessageBox.StandardButton.No
    monkeypatch.setattr(QMessageBox, "exec", lambda _: no)
    dialog.names.setCurrentRow(2)
    click(dialog.remove)
    QTest.qWait(300)
    assert titles(dialog)[-1] == "Ponds"


def test_a_refusal_is_told(
    dialog: ModelsDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "holiday.zip"
    file.write_text("no model")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    click(dialog.take)
    until(lambda: "is no exported model" in told(dialog))
    until(dialog.take.isEnabled)


def test_an_import_is_cancelled(
    dialog: ModelsDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "slow.zip"
    file.write_text(json.dumps({**dialog.card, "id": "slow", "title": "slow"}))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    assert not dialog.stage.isVisible()
    assert not dialog.stop.isVisible()
    click(dialog.take)
    until(lambda: dialog.stage.text() == "Importing")
    assert (dialog.stage.value(), dialog.stage.maximum()) == (1, 2)
    assert not dialog.take.isEnabled()
    click(dialog.stop)
    until(lambda: told(dialog) == "Cancelled.")
    until(dialog.take.isEnabled)
    assert not dialog.stop.isVisible()
    assert titles(dialog) == ["Fake model", "Open model", "Ponds"]
    file.write_text(json.dumps({**dialog.card, "id": "quick", "title": "Quick"}))
    click(dialog.take)
    until(lambda: "Quick" in titles(dialog))


def test_a_damaged_model_is_listed_where_it_is_deleted_and_nowhere_else(
    dock, dialog: ModelsDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.json"
    strange = {"id": "strange", "title": "strange", "damaged": "Its <b>card</b> is damaged."}
    own.write_text(json.dumps([strange, *json.loads(own.read_text())]))
    dock.session.refresh()
    until(lambda: "strange (damaged)" in titles(dialog))
    assert titles(dialog)[-1] == "strange (damaged)", "the last of all"
    assert dock.form.model.findData("strange") < 0
    dialog.names.setCurrentRow(dialog.names.count() - 1)
    assert "Its <b>card</b> is damaged." in dialog.text.toPlainText()
    buttons = dialog.teach, dialog.give, dialog.take, dialog.remove
    assert [button.isEnabled() for button in buttons] == [False, False, True, True]
    monkeypatch.setattr(QMessageBox, "exec", lambda _: QMessageBox.StandardButton.Yes)
    click(dialog.remove)
    until(lambda: titles(dialog) == ["Fake model", "Open model", "Ponds"])


def test_a_model_is_taught_further(dialog: ModelsDialog) -> None:
    wanted = []
    dialog.teach_wanted.connect(wanted.append)
    dialog.names.setCurrentRow(2)
    click(dialog.teach)
    assert wanted == ["ponds"]
    assert not dialog.isVisible()


def test_the_dock_keeps_its_model_when_another_comes(dock) -> None:
    dock.form.model.setCurrentIndex(dock.form.model.findData("open"))
    dock.session.refresh()
    QTest.qWait(500)
    assert dock.form.model.currentData() == "open"
    dock.use("ponds")
    assert dock.form.model.currentData() == "ponds"
    dock.use("brand-new")
    QTest.qWait(500)
    assert dock.form.model.currentData() in ("open", "ponds", "fake")
