"""Whatever is written on a card, a layer or an error is shown as it is, within the panel's room."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from qgis.core import Qgis, QgsApplication, QgsProject, QgsRasterLayer, QgsSettings
from qgis.gui import QgsMessageLogViewer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import (
    QApplication,
    QComboBox,
    QFileDialog,
    QLabel,
    QListWidget,
    QMessageBox,
    QPlainTextEdit,
    QTextBrowser,
    QWidget,
)
from segment_by_text.plugin.engine.installation import CheckTask
from segment_by_text.plugin.engine.process import _log as engine_log
from segment_by_text.plugin.finetune.dialog import FinetuneDialog
from segment_by_text.plugin.finetune.session import Session
from segment_by_text.plugin.models.dialog import ModelsDialog
from segment_by_text.plugin.results import appearance
from segment_by_text.plugin.settings import Settings
from segment_by_text.plugin.text.log import log

from tests.plugin.fake_engine import CARD
from tests.plugin.rasters import write_scene
from tests.plugin.waiting import until

ROOT = Path(__file__).resolve().parents[3]
FORMS = sorted((ROOT / "plugin").rglob("*.ui"))
OWN_MARKUP = {"steps", "missingTitle", "nothingText"}
"""Labels that show rich text of the plugin's own."""

LONG = "C:\\" + "M" * 300
NARROW = 280
"""Pixels that the dock has to fit into."""


@pytest.fixture
def markup() -> str:
    """What a stranger may write: a picture that would be drawn a thousand pixels high."""
    return "<img src=':/images/icons/qgis_icon.svg' height=999>&amp;"


@pytest.fixture
def layer(project: QgsProject, tmp_path: Path, markup: str) -> QgsRasterLayer:
    layer = QgsRasterLayer(str(write_scene(tmp_path / "scene.tif")), markup)
    project.addMapLayer(layer)
    return layer


@pytest.fixture
def dock(open_dock: Callable, faulty_engine, tmp_path: Path, layer: QgsRasterLayer, markup: str):
    """A dock on an engine that knows a stranger's model."""
    texts = dict.fromkeys(("title", "about", "licence", "folder"), markup)
    card = {
        **CARD,
        **texts,
        "id": "stranger",
        "categories": [markup],
        "languages": [markup],
        "installed": True,
        "weights": [{"name": markup, "sha256": markup}],
        "metrics": {markup: markup, "expressions": {markup: {"before": 0, "after": 1, "n": 1}}},
        "base": {"id": "fake", "sha256": "0" * 64},
    }
    (tmp_path / "own.json").write_text(json.dumps([card]))
    dock = open_dock(faulty_engine)
    dock.form.layer.setLayer(layer)
    dock.form.extent.setCurrentIndex(1)
    dock.form.model.setCurrentIndex(dock.form.model.findData("stranger"))
    return dock


@pytest.fixture
def models(dock) -> Iterator[ModelsDialog]:
    dialog = ModelsDialog(dock.session)
    dialog.show()
    dialog.names.setCurrentRow(2)
    yield dialog
    dialog.close()
    dialog.deleteLater()


@pytest.fixture
def finetuning(dock, faulty_engine) -> Iterator[FinetuneDialog]:
    dialog = FinetuneDialog(Session(faulty_engine, Settings()), Settings())
    dialog.show_models(dock.session.cards)
    dialog.present()
    yield dialog
    dialog.session.close()
    dialog.close()
    dialog.deleteLater()


def shown_as_markup(widget: QWidget, foreign: str) -> list[str]:
    """What of a widget and all within it takes a foreign text for markup."""
    tag = foreign.partition(" ")[0]
    found = []
    for label in widget.findChildren(QLabel):
        plain = label.textFormat() == Qt.TextFormat.PlainText
        if tag in label.text() and not plain:
            found.append(f"label {label.objectName()}")
    for browser in widget.findChildren(QTextBrowser):
        if "<img" in browser.toHtml():
            found.append(f"text {browser.objectName()}")
    for each in [widget, *widget.findChildren(QWidget)]:
        if tag in each.toolTip():
            found.append(f"tooltip of {each.objectName()}")
    for kind in (QComboBox, QListWidget):
        for each in widget.findChildren(kind):
            items = [each.model().index(row, 0) for row in range(each.model().rowCount())]
            tips = [item.data(Qt.ItemDataRole.ToolTipRole) or "" for item in items]
            # The tips of layers are QGIS's own.
            if any(tag in tip for tip in tips) and not hasattr(each, "currentLayer"):
                found.append(f"tooltips in {each.objectName()}")
    return found


# -- shown as it is ------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_labels_that_change_are_plain(form: Path) -> None:
    code = "".join(file.read_text("utf-8") for file in (ROOT / "plugin").rglob("*.py"))
    for label in ET.parse(form).iter("widget"):
        name = label.get("name", "")
        if label.get("class") == "QLabel" and name not in OWN_MARKUP:
            assert f".{name}.setText(" not in code, f"{name} has to be a PlainLabel"


def test_every_text_of_the_dock_is_shown_as_it_is(dock, markup: str) -> None:
    until(lambda: markup in dock.form.hint.text())
    dock.session.progressed.emit(0, 1, markup)
    dock.session.told.emit(markup, Qgis.MessageLevel.Warning)
    dock.form.working.show()
    dock.installation.told.emit(markup, Qgis.MessageLevel.Critical)
    assert shown_as_markup(dock, markup) == []
    assert dock.form.stage.text() == markup
    assert dock.messages.text == markup
    assert dock.form.hint.height() < 500, "the picture is not drawn"


def test_no_room_writes_into_the_log_by_itself() -> None:
    rooms = (file for file in (ROOT / "plugin").rglob("*.py") if file.parent.name != "text")
    assert [file.name for file in rooms if "logMessage(" in file.read_text("utf-8")] == []


@pytest.mark.parametrize("write", [log, lambda text: engine_log("warning", text)])
def test_the_log_shows_texts_as_they_are(qgis_app, write: Callable, markup: str) -> None:
    viewer = QgsMessageLogViewer()
    write(markup)
    QApplication.processEvents()
    said = "".join(tab.toPlainText() for tab in viewer.findChildren(QPlainTextEdit))
    assert "img src" in said


def test_a_task_for_a_python_is_described_without_tags(qgis_app, markup: str) -> None:
    assert "<" not in CheckTask(Path(markup)).description()


def test_a_run_with_such_words_is_described_without_tags(
    dock, project: QgsProject, markup: str
) -> None:
    descriptions = []
    QgsApplication.taskManager().taskAdded.connect(
        lambda number: descriptions.append(QgsApplication.taskManager().task(number).description())
    )
    dock.form.expression.setCurrentText(markup)
    dock.segment()
    until(lambda: not dock.session.state.busy and dock.messages.text)
    assert any("img src" in text for text in descriptions)
    assert not any("<" in text for text in descriptions)
    groups = project.layerTreeRoot().children()
    for node in groups[0].findLayers():
        metadata = node.layer().metadata()
        assert "<" not in metadata.title() + metadata.abstract()
    assert groups[0].name() == appearance.shortened(markup)


def test_every_text_of_the_models_dialog_is_shown_as_it_is(
    models: ModelsDialog, monkeypatch: pytest.MonkeyPatch, markup: str
) -> None:
    assert shown_as_markup(models, markup) == []
    assert models.text.toPlainText().count(markup) >= 8
    missing = f"/nowhere/{markup}"
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (missing, ""))
    QTest.mouseClick(models.take, Qt.MouseButton.LeftButton)
    until(lambda: models.bar.currentItem() is not None)
    assert shown_as_markup(models, markup) == []
    said = models.bar.currentItem().findChild(QTextBrowser).toPlainText()
    assert markup in said


def test_a_bar_counts_nothing_into_a_name(models: ModelsDialog) -> None:
    models.stage.setRange(0, 4)
    models.stage.setValue(1)
    models._progress(1, 4, "Importing 100%p, %v of %m.zip")
    assert models.stage.text().replace("\N{WORD JOINER}", "") == "Importing 100%p, %v of %m.zip"


def test_a_question_is_plain_and_no_is_its_default(
    models: ModelsDialog, monkeypatch: pytest.MonkeyPatch, markup: str
) -> None:
    seen = []

    def answer(box: QMessageBox) -> object:
        seen.append((box.text(), box.textFormat(), box.standardButton(box.defaultButton())))
        return QMessageBox.StandardButton.No

    monkeypatch.setattr(QMessageBox, "exec", answer)
    QTest.mouseClick(models.remove, Qt.MouseButton.LeftButton)
    [(text, form, default)] = seen
    assert markup in text
    assert form == Qt.TextFormat.PlainText
    assert default == QMessageBox.StandardButton.No


def test_every_text_of_the_finetuning_dialog_is_shown_as_it_is(
    finetuning: FinetuneDialog, markup: str
) -> None:
    finetuning.model_page.start_from("stranger")
    finetuning.session.told.emit(markup, Qgis.MessageLevel.Warning)
    finetuning.session.progressed.emit(0, 1, markup)
    assert markup in finetuning.model_page.startAbout.text()
    assert shown_as_markup(finetuning, markup) == []


# -- within the room there is --------------------------------------------------------------------


def test_a_long_word_makes_nothing_wider_than_the_dock(
    dock, project: QgsProject, tmp_path: Path
) -> None:
    project.addMapLayer(QgsRasterLayer(str(write_scene(tmp_path / "other.tif")), LONG))
    for combo in dock.form.findChildren(QComboBox):
        if not hasattr(combo, "currentLayer"):
            combo.insertItem(0, LONG)
            combo.setCurrentIndex(0)
    for label in ("hint", "stage", "message", "missingText", "deviceLine"):
        getattr(dock.form, label).setText(LONG)
    for part in ("missing", "working", "messages"):
        getattr(dock.form, part).show()
    dock.form.more.setCollapsed(False)
    assert dock.form.contents.minimumSizeHint().width() <= NARROW


@pytest.mark.parametrize("part", ["missing", "working", "messages", "form"])
def test_buttons_stay_in_sight_below_a_long_word(dock, part: str) -> None:
    for each in ("missing", "working", "messages", "form"):
        getattr(dock.form, each).setVisible(each == part)
    for label in ("hint", "stage", "message", "missingText"):
        getattr(dock.form, label).setText(LONG)
    dock.form.hint.show()
    dock.form.resize(NARROW, 900)
    QApplication.processEvents()
    shown = [w for w in dock.form.contents.findChildren(QWidget) if w.isVisible()]
    right = [w.mapTo(dock.form, w.rect().topRight()).x() for w in shown]
    assert max(right) < NARROW


@pytest.mark.parametrize("name", ["hint", "stage", "message", "missingText"])
def test_a_long_word_is_read_to_its_end(dock, name: str) -> None:
    label = getattr(dock.form, name)
    label.setText("Ω")
    one = label.heightForWidth(200)
    label.setText(LONG)
    letters = label.fontMetrics().horizontalAdvance(LONG)
    assert label.heightForWidth(200) >= one * (letters // 200)
    label.setText("one line\nanother")
    assert label.heightForWidth(200) >= 2 * (one - 2)


def test_the_text_of_a_label_can_be_copied_whole(dock) -> None:
    dock.messages.tell(LONG, Qgis.MessageLevel.Critical)
    dock.form.message.setFocus()
    QTest.keyClick(dock.form.message, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == LONG


def test_a_history_of_long_sentences_is_no_wider(open_dock: Callable, engine) -> None:
    QgsSettings().setValue("segment_by_text/history", [LONG])
    dock = open_dock(engine)
    assert dock.form.contents.minimumSizeHint().width() <= NARROW
