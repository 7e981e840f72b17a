"""The fine-tuning dialog: from layers to a model in the list, and what goes wrong on the way."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAbstractButton, QGroupBox, QLabel, QMessageBox, QWidget
from segment_by_text.plugin.engine.process import Engine
from segment_by_text.plugin.finetune import jobs
from segment_by_text.plugin.finetune.dialog import FinetuneDialog, Page
from segment_by_text.plugin.finetune.jobs import JobState
from segment_by_text.plugin.finetune.pages.layer_row import Meaning
from segment_by_text.plugin.finetune.session import Activity, Session
from segment_by_text.plugin.map import corrections
from segment_by_text.plugin.map.layers import source_of
from segment_by_text.plugin.settings import Settings

from tests.plugin.processes import engines
from tests.plugin.waiting import until

SQUARE = "POLYGON(({0} 2999990, {0} 2999994, {1} 2999994, {1} 2999990, {0} 2999990))"


def draw(project: QgsProject, *names: str | None) -> QgsVectorLayer:
    """A polygon layer with a square for each name."""
    layer = QgsVectorLayer("Polygon?crs=EPSG:32617&field=name:string", "ponds", "memory")
    for number, name in enumerate(names):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([name])
        west = 500000 + 4 * number
        feature.setGeometry(QgsGeometry.fromWkt(SQUARE.format(west, west + 3)))
        layer.dataProvider().addFeature(feature)
    project.addMapLayer(layer)
    return layer


@pytest.fixture
def polygons(project: QgsProject) -> QgsVectorLayer:
    return draw(project, "pond", "pond", None)


@pytest.fixture
def open_dialog(faulty_engine, raster: QgsRasterLayer) -> Iterator[Callable]:
    """Opens dialogs on engines of their own, as after a start of QGIS; ends them after the test."""
    opened = []

    def open_it() -> FinetuneDialog:
        engine = Engine(Settings())
        dialog = FinetuneDialog(Session(engine, Settings()), Settings())
        opened.append((dialog, engine))
        cards = engine.ask("models", {}, lambda _: None, lambda: False)
        dialog.show_models(cards)
        dialog.present()
        return dialog

    yield open_it
    for dialog, engine in opened:
        dialog.session.close()
        dialog.close()
        dialog.deleteLater()
        engine.close()


@pytest.fixture
def dialog(open_dialog: Callable, polygons: QgsVectorLayer) -> FinetuneDialog:
    return open_dialog()


@pytest.fixture
def confirmed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every question is answered with yes; what was asked."""
    asked: list[str] = []

    def answer(box: QMessageBox) -> object:
        asked.append(box.text())
        return QMessageBox.StandardButton.Yes

    monkeypatch.setattr(QMessageBox, "exec", answer)
    return asked


def click(button: QAbstractButton) -> None:
    until(button.isVisible)
    assert button.isEnabled(), button.text()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def idle(dialog: FinetuneDialog) -> bool:
    return dialog.session.activity is Activity.IDLE


def look(dialog: FinetuneDialog, problem: str = "") -> None:
    """Has the samples made."""
    click(dialog.samples_page.look)
    until(lambda: idle(dialog) and (dialog.next.isEnabled() or dialog.message_frame.text))
    assert problem in dialog.message_frame.text
    assert bool(problem) == bool(dialog.message_frame.text), dialog.message_frame.text


def name(dialog: FinetuneDialog, title: str) -> None:
    click(dialog.next)
    QTest.keyClicks(dialog.model_page.title, title)


def train(dialog: FinetuneDialog, title: str) -> None:
    """From the layers to a training at work."""
    look(dialog)
    name(dialog, title)
    until(lambda: idle(dialog))
    click(dialog.train)
    until(lambda: dialog.session.activity is not Activity.TRAINING or dialog.progress_page.job.step)


def job(title: str) -> jobs.Job:
    return jobs.read(jobs.jobs_folder(Settings()) / jobs.model_id(title))


# -- samples -------------------------------------------------------------------------------------


def test_nothing_can_be_trained_before_the_samples_were_looked_at(dialog) -> None:
    assert not dialog.next.isEnabled()
    assert dialog.samples_page.results.currentWidget() is dialog.samples_page.nothing


def test_samples_are_told_in_words_warnings_first_and_shown(dialog) -> None:
    look(dialog)
    text = dialog.samples_page.report.toPlainText()
    assert text.index("Few objects") < text.index("2 of 3 polygons")
    assert "no expression: 1 (ids 3)" in text
    assert dialog.samples_page.previews.count() == 2


def test_the_column_of_names_is_found_by_itself(dialog) -> None:
    (row,) = dialog.samples_page.layer_rows
    assert row.meaning.currentData() == (Meaning.FIELD, "name")
    assert not row.name.isVisible()


def test_one_name_for_all_asks_for_the_name(dialog) -> None:
    (row,) = dialog.samples_page.layer_rows
    row.meaning.setCurrentIndex(row.meaning.count() - 1)
    assert row.name.isVisible()
    click(dialog.samples_page.look)
    assert "what the polygons of “ponds” are" in dialog.message_frame.text
    QTest.keyClicks(row.name, "fish  pond ")
    look(dialog)
    assert "fish pond" in dialog.samples_page.report.toPlainText()


def asked(dialog: FinetuneDialog) -> dict:
    """What reached the engine."""
    return json.loads((dialog.session.samples / "asked.json").read_text())


def test_choices_under_more_reach_the_engine(dialog, polygons: QgsVectorLayer) -> None:
    page = dialog.samples_page
    polygons.selectByIds([1])
    page.complete.setChecked(False)
    page.variants.setChecked(True)
    page.onlySelected.setChecked(True)
    page.resolution.setValue(0.3)
    look(dialog)
    assert asked(dialog)["settings"] == {
        "resolution": 0.3,
        "finest": 0.1,
        "complete": False,
        "variants": True,
    }
    assert "1 of 1 polygons" in page.report.toPlainText()


def test_a_change_after_the_look_is_told(dialog) -> None:
    look(dialog)
    dialog.samples_page.variants.setChecked(True)
    assert "before your last change" in dialog.message_frame.text
    look(dialog)
    assert asked(dialog)["settings"]["variants"]


def test_several_layers_are_learned_from_together(dialog, project: QgsProject) -> None:
    other = draw(project, "lake")
    click(dialog.samples_page.addRow)
    first, second = dialog.samples_page.layer_rows
    second.polygons.setLayer(other)
    look(dialog)
    assert [len(asked(dialog)["layers"]), second.remove.isVisible()] == [2, True]
    click(second.remove)
    assert "before your last change" in dialog.message_frame.text
    look(dialog)
    assert len(asked(dialog)["layers"]) == 1
    assert not first.remove.isVisible()


def test_ticked_corrections_are_learned_from_and_can_be_deleted(
    open_dialog: Callable, raster: QgsRasterLayer, project: QgsProject, confirmed: list[str]
) -> None:
    drawn = draw(project, "x")
    for text in ("tank", "ship"):
        corrections.keep(drawn, text, source_of(raster), Settings())
    project.removeMapLayer(drawn)
    dialog = open_dialog()
    listed = dialog.samples_page.corrections
    assert [listed.item(row).text() for row in range(listed.count())] == [
        "ship (1), scene.tif",
        "tank (1), scene.tif",
    ]
    listed.item(0).setCheckState(Qt.CheckState.Unchecked)
    look(dialog)
    (layer,) = asked(dialog)["layers"]
    assert (layer["expression"], layer["raster"]["path"]) == ("tank", raster.source())
    listed.setCurrentRow(0)
    click(dialog.samples_page.removeCorrection)
    assert [each.expression for each in corrections.corrections(Settings())] == ["tank"]
    assert "Delete this correction" in confirmed[0]


def test_no_layer_and_no_polygons_are_told(open_dialog: Callable, polygons: QgsVectorLayer) -> None:
    polygons.dataProvider().deleteFeatures([1, 2, 3])
    dialog = open_dialog()
    look(dialog, "holds no polygons")
    QgsProject.instance().clear()
    look(dialog, "Choose a polygon layer")


def test_samples_can_be_cancelled_and_leave_nothing(
    open_dialog: Callable, project: QgsProject
) -> None:
    draw(project, "slow")
    dialog = open_dialog()
    click(dialog.samples_page.look)
    until(lambda: dialog.cancel.isVisible())
    click(dialog.cancel)
    until(lambda: idle(dialog))
    assert dialog.session.samples is None or not dialog.next.isEnabled()


def test_tiles_are_fetched_around_the_polygons(
    open_dialog: Callable, tiles: QgsRasterLayer, project: QgsProject
) -> None:
    layer = QgsVectorLayer("Polygon?crs=EPSG:3857&field=name:string", "ponds", "memory")
    feature = QgsFeature(layer.fields())
    feature.setAttributes(["pond"])
    feature.setGeometry(QgsGeometry.fromWkt("POLYGON((10 -20, 30 -20, 30 -40, 10 -40, 10 -20))"))
    layer.dataProvider().addFeature(feature)
    project.addMapLayer(layer)
    dialog = open_dialog()
    (row,) = dialog.samples_page.layer_rows
    row.raster.setLayer(tiles)
    row.polygons.setLayer(layer)
    look(dialog)
    assert "1 of 1 polygons" in dialog.samples_page.report.toPlainText()


# -- the model -----------------------------------------------------------------------------------


def test_presets_are_measured_and_what_does_not_fit_cannot_be_chosen(dialog) -> None:
    look(dialog)
    click(dialog.next)
    page = dialog.model_page
    until(lambda: page.quickCost.text())
    assert page.quickCost.text() == "about 2 min, 2.0 GB"
    assert page.balancedCost.text() == "about 30 min, 2.0 GB"
    assert page.thoroughCost.text() == "needs 90.0 GB of memory"
    assert page.balanced.isChecked()
    assert not page.thorough.isEnabled()


def test_only_models_that_can_be_taught_are_offered(dialog) -> None:
    start = dialog.model_page.start
    assert [start.itemText(row) for row in range(start.count())] == ["Fake model"]


@pytest.mark.parametrize(
    ("title", "model", "message"),
    [
        ("", "", "Give the model a name"),
        ("油罐", "", "cannot be a model's id"),
        ("Ponds", "No Id", "“No Id” cannot be a model's id"),
        ("Ponds", "nul", "“nul” cannot be a model's id"),
        ("Fake", "fake", "There is a model “fake” already"),
    ],
)
def test_a_name_that_cannot_be_used_is_told(dialog, title: str, model: str, message: str) -> None:
    look(dialog)
    click(dialog.next)
    dialog.model_page.title.setText(title)
    if model:
        dialog.model_page.identifier.clear()
        QTest.keyClicks(dialog.model_page.identifier, model)
    click(dialog.train)
    assert message in dialog.message_frame.text
    assert dialog.page is Page.MODEL


def test_a_training_need_not_wait_for_the_measurement(dialog) -> None:
    look(dialog)
    (dialog.session.samples.parent / "measure slowly").touch()
    name(dialog, "Fish ponds")
    until(lambda: dialog.session.activity is Activity.MEASURING and dialog.progress.maximum())
    click(dialog.train)
    until(lambda: dialog.page is Page.TRAINING and idle(dialog))
    assert job("Fish ponds").state is JobState.DONE


# -- training ------------------------------------------------------------------------------------


def test_a_training_ends_as_a_model_with_what_it_knows_before_and_after(dialog) -> None:
    used, changed = [], []
    dialog.use_wanted.connect(used.append)
    dialog.models_changed.connect(lambda: changed.append(True))
    train(dialog, "Fish ponds")
    assert dialog.page is Page.TRAINING
    until(lambda: idle(dialog))
    page = dialog.progress_page
    assert changed == [True]
    dialog.show_models(
        [{"id": "fish-ponds", "title": "Fish ponds", "installed": True, "teachable": True,
          "categories": ["pond"], "base": {"id": "fake"},
          "metrics": {"expressions": {"pond": {"n": 3, "before": 0.0, "after": 0.6}},
                      "mIoU known": 0.97}}]
    )  # fmt: skip
    assert "Done" in page.state.text()
    words = page.outcome.toPlainText()
    assert "pond 3 0.00 0.60 On what it knew before" in " ".join(words.split())
    assert "mean IoU 0.97" in words
    assert "0.8 after step 8" in page.score.description
    assert "2 after step 1" in page.loss.description
    assert page.notes.text() == "Step 2: The batch was halved."
    assert page.examples.count() == 1
    click(page.use)
    assert used == ["fish-ponds"]


def test_settings_are_those_of_the_contract(dialog) -> None:
    look(dialog)
    name(dialog, "Fish ponds")
    page = dialog.model_page
    page.quick.setChecked(True)
    page.steps.setValue(6)
    page.licence.setText("CC0")
    click(dialog.train)
    until(lambda: dialog.page is Page.TRAINING and idle(dialog))
    told = json.loads((job("Fish ponds").folder / "settings.json").read_text())
    assert told == {
        "id": "fish-ponds",
        "title": "Fish ponds",
        "about": "",
        "licence": "CC0",
        "base": "fake",
        "start": "",
        "preset": "quick",
        "steps": 6,
    }
    assert (job("Fish ponds").folder / "samples" / "annotations.jsonl").exists()


def test_a_paused_training_is_found_after_a_start_of_qgis_and_goes_on(
    dialog, open_dialog: Callable
) -> None:
    train(dialog, "slow ponds")
    click(dialog.progress_page.pause)
    until(lambda: idle(dialog))
    assert job("slow ponds").state is JobState.PAUSED
    assert "Paused at step" in dialog.progress_page.state.text()
    dialog.session.close()

    later = open_dialog()
    assert later.samples_page.unfinished.isVisible()
    assert later.samples_page.jobs.currentText().startswith("slow ponds, step")
    click(later.samples_page.showJob)
    click(later.progress_page.goOn)
    until(lambda: job("slow ponds").state is JobState.DONE)


def test_closing_qgis_saves_a_training(dialog) -> None:
    others = engines()
    train(dialog, "slow ponds")
    until(lambda: dialog.session.activity is Activity.TRAINING)
    dialog.session.close()
    assert job("slow ponds").state is JobState.PAUSED
    assert engines() <= others


def test_stop_and_keep_the_best_makes_a_model_of_what_there_is(dialog) -> None:
    train(dialog, "slow ponds")
    click(dialog.progress_page.keepBest)
    until(lambda: job("slow ponds").state is JobState.DONE and idle(dialog))
    assert "Done" in dialog.progress_page.state.text()


def test_a_killed_engine_is_told_and_the_training_goes_on(dialog) -> None:
    before = engines()
    train(dialog, "slow ponds")
    until(lambda: dialog.progress_page.job.step == 5)
    for process in before & engines():
        os.kill(process, signal.SIGKILL)
    until(lambda: idle(dialog))
    assert "The engine stopped" in dialog.message_frame.text
    assert "Interrupted at step 5 of 8" in dialog.progress_page.state.text()
    click(dialog.progress_page.goOn)
    until(lambda: job("slow ponds").state is JobState.DONE)


def test_a_training_that_fails_says_why_and_can_be_finished(dialog) -> None:
    train(dialog, "fail")
    until(lambda: idle(dialog))
    assert "The loss is not a number." in dialog.progress_page.state.text()
    click(dialog.progress_page.keepBest)
    until(lambda: job("fail").state is JobState.DONE)


def test_a_training_that_failed_goes_on_with_a_lower_learning_rate(dialog) -> None:
    train(dialog, "fail")
    until(lambda: idle(dialog))
    dialog.progress_page.rate.setValue(0.0001)
    click(dialog.progress_page.goOn)
    until(lambda: idle(dialog) and job("fail").state is JobState.DONE)
    told = json.loads((job("fail").folder / "settings.json").read_text())
    assert told["learning_rate"] == 0.0001
    assert not dialog.progress_page.rate.isVisible()


def test_a_training_that_is_refused_leaves_the_samples_for_another_attempt(dialog) -> None:
    train(dialog, "refuse")
    until(lambda: idle(dialog) and dialog.page is Page.MODEL)
    assert dialog.message_frame.text == "The training is refused."
    assert jobs.jobs(Settings()) == []
    dialog.model_page.title.setText("Fish ponds")
    click(dialog.train)
    until(lambda: dialog.page is Page.TRAINING and idle(dialog))
    assert job("Fish ponds").state is JobState.DONE


def test_a_deleted_training_is_gone(dialog, confirmed: list[str]) -> None:
    train(dialog, "slow ponds")
    click(dialog.progress_page.pause)
    until(lambda: idle(dialog))
    click(dialog.progress_page.discard)
    assert len(confirmed) == 1
    assert jobs.jobs(Settings()) == []
    assert dialog.page is Page.SAMPLES
    assert not dialog.samples_page.unfinished.isVisible()


def test_two_trainings_of_one_name_do_not_meet(dialog) -> None:
    train(dialog, "slow ponds")
    click(dialog.progress_page.pause)
    until(lambda: idle(dialog))
    click(dialog.another)
    look(dialog)
    click(dialog.next)
    until(lambda: idle(dialog))
    click(dialog.train)
    until(lambda: dialog.message_frame.text)
    assert "“slow-ponds” already" in dialog.message_frame.text
    assert job("slow ponds").state is JobState.PAUSED


def test_a_damaged_job_is_not_overwritten(dialog) -> None:
    folder = jobs.jobs_folder(Settings()) / "ponds"
    folder.mkdir(parents=True)
    (folder / "job.json").write_text("{")
    (folder / "precious").touch()
    train(dialog, "Ponds")
    assert f"It lies in {folder}" in dialog.message_frame.text
    assert (folder / "precious").exists()


def test_the_disk_that_cannot_be_written_is_named(dialog, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    Settings().training_folder = str(tmp_path / "file")
    look(dialog, str(tmp_path / "file"))
    assert "options" in dialog.message_frame.text


# -- access --------------------------------------------------------------------------------------


def visible_texts(root: QWidget) -> list[str]:
    kinds = (QLabel, QAbstractButton)
    return [each.text() for kind in kinds for each in root.findChildren(kind) if each.isVisible()]


def letters(root: QWidget) -> list[str]:
    texts = [text.replace("&nbsp;", "").replace("&rsaquo;", "") for text in visible_texts(root)]
    return [text[text.index("&") + 1].lower() for text in texts if "&" in text]


def test_no_page_has_a_key_twice(dialog, open_dialog: Callable) -> None:
    seen = {}
    dialog.samples_page.more.setCollapsed(False)
    dialog.model_page.more.setCollapsed(False)
    click(dialog.samples_page.addRow)
    look_at = dialog.samples_page.layer_rows[1]
    click(look_at.remove)
    seen["samples"] = letters(dialog)
    look(dialog)
    name(dialog, "slow ponds")
    until(lambda: idle(dialog))
    seen["model"] = letters(dialog)
    click(dialog.train)
    until(lambda: dialog.progress_page.job and dialog.progress_page.job.step == 5)
    seen["training"] = letters(dialog)
    click(dialog.progress_page.pause)
    until(lambda: idle(dialog))
    dialog.progress_page.changes.show()  # as after a problem
    seen["paused"] = letters(dialog)
    click(dialog.another)
    seen["samples again"] = letters(dialog)
    for page, keys in seen.items():
        assert len(keys) == len(set(keys)), (page, sorted(keys))
        assert len(keys) > 2, page


def test_every_field_has_a_name_for_screen_readers(dialog) -> None:
    named = QLabel, QAbstractButton, QGroupBox
    fields = [
        each
        for each in dialog.findChildren(QWidget)
        if each.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not isinstance(each, named)
        and each.objectName()
        and not each.objectName().startswith("qt_")
    ]
    assert len(fields) > 10
    assert [each.objectName() for each in fields if not each.accessibleName()] == []


def test_it_fits_a_small_screen(dialog) -> None:
    assert dialog.minimumSizeHint().width() <= 900
    assert dialog.minimumSizeHint().height() <= 600
