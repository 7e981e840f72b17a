"""What the threshold is about: which result, or the next run; and what stays of a saved project."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from qgis.core import QgsLayerTreeGroup, QgsLayerTreeModel, QgsMapLayer, QgsProject, QgsRasterLayer
from qgis.gui import QgsLayerTreeView
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from tests.plugin.waiting import until


@pytest.fixture
def tree(qgis_iface, project: QgsProject, monkeypatch: pytest.MonkeyPatch) -> Iterator:
    """The layer tree of QGIS's window."""
    view = QgsLayerTreeView()
    view.setModel(QgsLayerTreeModel(project.layerTreeRoot(), view))
    view.currentLayerChanged.connect(lambda layer: qgis_iface.currentLayerChanged.emit(layer))
    monkeypatch.setattr(qgis_iface, "layerTreeView", lambda: view, raising=False)
    yield view
    view.deleteLater()


@pytest.fixture
def dock(tree: QgsLayerTreeView, faulty_dock):
    """The dock on an engine that finds the middle of every raster, below a layer tree."""
    return faulty_dock


def type_in(dock, text: str) -> None:
    line = dock.form.expression.lineEdit()
    line.clear()
    QTest.keyClicks(line, text)


def run(dock, text: str) -> QgsLayerTreeGroup:
    """Segments, and gives the group of the result."""
    before = len(QgsProject.instance().layerTreeRoot().children())
    type_in(dock, text)
    QTest.keyClick(dock.form.expression.lineEdit(), Qt.Key.Key_Return)
    children = QgsProject.instance().layerTreeRoot().children
    until(lambda: len(children()) > before and not dock.session.state.busy)
    return children()[0]


def layer(group: QgsLayerTreeGroup, role: str) -> QgsMapLayer:
    return next(n.layer() for n in group.findLayers() if n.name().startswith(role))


def move(dock, group: QgsLayerTreeGroup, percent: int) -> None:
    """Sets the threshold, and waits until the group shows it."""
    dock.form.threshold.setValue(percent)
    text = f"threshold of {percent} %"
    until(lambda: text in layer(group, "Mask").metadata().abstract())


def select(tree: QgsLayerTreeView, node) -> None:
    index = tree.layerTreeModel().node2index(node)
    tree.setCurrentIndex(tree.proxyModel().mapFromSource(index))


def at_rest(dock) -> None:
    """Longer than a change of the threshold waits for the next one."""
    QTest.qWait(600)
    until(lambda: dock.session.refinement._task is None)


# -- which result --------------------------------------------------------------------------------


def test_without_a_result_nothing_is_said_of_one(dock) -> None:
    assert not dock.form.resultLine.isVisible()
    type_in(dock, "storage tank")
    assert not dock.form.resultLine.isVisible()


def test_the_dock_says_which_result_the_threshold_changes(dock) -> None:
    group = run(dock, "storage tank")
    assert dock.form.resultLine.text() == "Result: storage tank · objects: 1"
    move(dock, group, 100)
    until(lambda: dock.form.resultLine.text() == "Result: storage tank · objects: 0")
    for field in (dock.form.thresholdSlider, dock.form.threshold):
        assert field.accessibleDescription() == dock.form.resultLine.text()


def test_with_other_words_the_threshold_is_that_of_the_next_run(dock) -> None:
    first = run(dock, "storage tank")
    source = layer(first, "Mask").source()
    type_in(dock, "ship")
    assert dock.form.resultLine.text() == (
        "For the next run. The result “storage tank” stays as it is."
    )
    dock.form.threshold.setValue(90)
    dock.form.outlines.setCurrentIndex(1)
    at_rest(dock)
    assert layer(first, "Mask").source() == source
    assert dock.messages.text == ""
    second = run(dock, "ship")
    assert "threshold of 90 %" in layer(second, "Mask").metadata().abstract()
    assert dock.form.resultLine.text() == "Result: ship · objects: 0"


def test_looking_at_a_result_changes_nothing_of_the_next_run(dock, tree: QgsLayerTreeView) -> None:
    first = run(dock, "storage tank")
    type_in(dock, "ship")
    dock.form.threshold.setValue(90)
    dock.form.smallest.setValue(3)
    select(tree, first)
    assert (dock.form.threshold.value(), dock.form.smallest.value()) == (50, 0)
    type_in(dock, "boat")
    assert (dock.form.threshold.value(), dock.form.smallest.value()) == (90, 3)


def test_a_result_whose_files_went_meanwhile_is_said_to_be_gone(dock) -> None:
    group = run(dock, "storage tank")
    shutil.rmtree(Path(layer(group, "Mask").source()).parent)
    dock.form.threshold.setValue(90)
    assert "cannot be changed: its probability.tif is gone" in dock.form.resultLine.text()


@pytest.mark.parametrize("words", ["storage tank", "  Storage   TANK ", ""])
def test_with_the_words_of_the_result_it_is_that_of_the_result(dock, words: str) -> None:
    group = run(dock, "storage tank")
    type_in(dock, "ship")
    type_in(dock, words)
    assert dock.form.resultLine.text().startswith("Result: storage tank")
    move(dock, group, 90)


def test_a_count_that_comes_late_names_its_result(dock) -> None:
    run(dock, "storage tank")
    dock.form.threshold.setValue(90)
    type_in(dock, "ship")
    until(lambda: dock.messages.text)
    assert dock.messages.text.startswith("“storage tank”: ")


def test_words_typed_during_a_run_are_those_of_the_next(dock) -> None:
    type_in(dock, "busy tank")
    QTest.keyClick(dock.form.expression.lineEdit(), Qt.Key.Key_Return)
    type_in(dock, "ship")
    until(lambda: dock.messages.text and not dock.session.state.busy)
    assert dock.messages.text.startswith("“busy tank”: Objects found: 1")
    assert dock.form.resultLine.text().startswith("For the next run. The result “busy tank”")


@pytest.mark.parametrize("what", ["group", "Polygons", "Mask", "Probability"])
def test_it_follows_what_is_selected_in_the_layer_tree(
    dock, tree: QgsLayerTreeView, what: str
) -> None:
    first, second = run(dock, "storage tank"), run(dock, "ship")
    dock.form.smallest.setValue(7)
    move(dock, second, 60)
    nodes = {node.name().split(":")[0]: node for node in first.findLayers()}
    select(tree, {**nodes, "group": first}[what])
    assert dock.form.resultLine.text() == "Result: storage tank · objects: 1"
    assert (dock.form.threshold.value(), dock.form.smallest.value()) == (50, 0)
    assert dock.messages.text == ""
    source = layer(second, "Mask").source()
    move(dock, first, 80)
    assert layer(second, "Mask").source() == source
    select(tree, second)
    assert (dock.form.threshold.value(), dock.form.smallest.value()) == (60, 7)


def test_the_last_result_stays_chosen_while_other_layers_are_selected(
    dock, tree: QgsLayerTreeView, raster: QgsRasterLayer, project: QgsProject
) -> None:
    group = run(dock, "storage tank")
    select(tree, project.layerTreeRoot().findLayer(raster.id()))
    assert dock.form.layer.currentLayer() is raster
    move(dock, group, 90)


def test_a_layer_of_a_result_is_not_the_raster_to_segment(
    dock, tree: QgsLayerTreeView, raster: QgsRasterLayer
) -> None:
    group = run(dock, "storage tank")
    for node in group.findLayers():
        select(tree, node)
        assert dock.form.layer.currentLayer() is raster


def test_what_was_asked_of_a_result_is_made_though_another_is_chosen(
    dock, tree: QgsLayerTreeView
) -> None:
    first, second = run(dock, "storage tank"), run(dock, "ship")
    dock.form.threshold.setValue(90)
    select(tree, first)
    dock.form.threshold.setValue(80)
    for group, percent in ((first, 80), (second, 90)):
        text = f"threshold of {percent} %"
        mask = layer(group, "Mask")
        until(lambda mask=mask, text=text: text in mask.metadata().abstract())


def test_a_result_that_was_removed_is_no_longer_spoken_of(dock, project: QgsProject) -> None:
    group = run(dock, "storage tank")
    project.layerTreeRoot().removeChildNode(group)
    until(lambda: not dock.form.resultLine.isVisible())
    dock.form.threshold.setValue(90)
    at_rest(dock)
    assert len(project.layerTreeRoot().children()) == 1
    assert not dock.form.addToTraining.isVisible()


def test_a_layer_that_is_removed_meanwhile_changes_nothing_of_the_next_run(
    dock, project: QgsProject, raster: QgsRasterLayer
) -> None:
    group = run(dock, "storage tank")
    type_in(dock, "ship")
    project.removeMapLayer(layer(group, "Polygons"))
    project.removeMapLayer(raster)
    assert dock.form.resultLine.text().startswith("For the next run.")


def test_a_layer_that_was_removed_stays_away_and_is_not_made(dock, project: QgsProject) -> None:
    group = run(dock, "storage tank")
    project.removeMapLayer(layer(group, "Polygons"))
    until(lambda: dock.form.resultLine.text() == "Result: storage tank")
    move(dock, group, 90)
    assert [node.name().split(":")[0] for node in group.findLayers()] == ["Mask", "Probability"]
    assert "mask is written" in dock.messages.text


def test_a_result_without_polygons_and_mask_is_not_changed(dock, project: QgsProject) -> None:
    group = run(dock, "storage tank")
    for role in ("Polygons", "Mask"):
        project.removeMapLayer(layer(group, role))
    assert "neither polygons nor mask" in dock.form.resultLine.text()
    dock.form.threshold.setValue(90)
    at_rest(dock)
    assert dock.messages.text.startswith("Objects found"), "of the run"


def test_what_was_lost_is_said_beside_the_count(dock) -> None:
    group = run(dock, "storage tank")
    layer(group, "Polygons").setSubsetString("fid = 1")
    move(dock, group, 60)
    until(lambda: "was removed: it names objects by number" in dock.messages.text)
    assert "Objects found: 1" in dock.messages.text


def test_a_threshold_that_fails_leaves_nothing(dock, project: QgsProject) -> None:
    group = run(dock, "storage tank")
    folder = Path(layer(group, "Mask").source()).parent
    (folder / "meta.json").write_text("broken")
    dock.form.threshold.setValue(90)
    until(lambda: dock.session.refinement._task)
    at_rest(dock)
    assert list(folder.glob("threshold*")) == []
    assert dock.form.threshold.value() == 50


def test_polygons_under_edit_leave_the_threshold_where_it_was(dock) -> None:
    group = run(dock, "storage tank")
    polygons = layer(group, "Polygons")
    polygons.startEditing()
    dock.form.threshold.setValue(90)
    until(lambda: "being edited" in dock.messages.text)
    assert dock.form.threshold.value() == 50
    polygons.rollBack()


# -- another project -----------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["qgz", "qgs"])
def test_a_result_is_found_again_in_a_project_that_is_opened(
    dock, project: QgsProject, tmp_path: Path, end: str
) -> None:
    dock.form.smallest.setValue(2)
    group = run(dock, "storage tank")
    move(dock, group, 60)
    project.write(str(tmp_path / f"map.{end}"))
    type_in(dock, "")
    project.clear()
    assert not dock.form.resultLine.isVisible()
    dock.form.threshold.setValue(33)
    project.read(str(tmp_path / f"map.{end}"))
    assert dock.form.resultLine.text() == "Result: storage tank · objects: 1"
    assert (dock.form.threshold.value(), dock.form.smallest.value()) == (60, 2)
    assert dock.form.addToTraining.isVisible()
    move(dock, project.layerTreeRoot().children()[0], 90)


def test_a_dock_that_is_opened_later_finds_the_result(
    dock, project: QgsProject, open_dock: Callable, faulty_engine
) -> None:
    run(dock, "storage tank")
    later = open_dock(faulty_engine)
    assert later.form.resultLine.text() == "Result: storage tank · objects: 1"


def test_nothing_is_said_of_the_former_project(dock, project: QgsProject, tmp_path: Path) -> None:
    project.write(str(tmp_path / "other.qgz"))
    run(dock, "storage tank")
    assert "Objects found" in dock.messages.text
    project.read(str(tmp_path / "other.qgz"))
    assert dock.messages.text == ""
    assert not dock.form.resultLine.isVisible()
    run(dock, "storage tank")
    project.clear()
    assert dock.messages.text == ""
    assert not dock.form.resultLine.isVisible()


def test_probabilities_that_are_gone_are_said(dock, project: QgsProject, tmp_path: Path) -> None:
    group = run(dock, "storage tank")
    probability = Path(layer(group, "Probability").source())
    project.write(str(tmp_path / "map.qgz"))
    project.clear()
    probability.unlink()
    project.read(str(tmp_path / "map.qgz"))
    assert "its probability.tif is gone" in dock.form.resultLine.text()


# -- what a saved project uses -------------------------------------------------------------------


@pytest.mark.parametrize("end", ["qgz", "qgs"])
def test_moving_the_threshold_leaves_a_saved_project_whole(
    dock, project: QgsProject, tmp_path: Path, end: str
) -> None:
    group = run(dock, "storage tank")
    move(dock, group, 60)
    project.write(str(tmp_path / f"map.{end}"))
    assert not project.isDirty()
    for percent in (70, 80, 90):
        move(dock, group, percent)
    assert project.isDirty(), "there is something new to save"
    project.read(str(tmp_path / f"map.{end}"))
    assert len(project.mapLayers()) == 4
    assert all(each.isValid() for each in project.mapLayers().values())
    mask = layer(project.layerTreeRoot().children()[0], "Mask")
    assert "threshold of 60 %" in mask.metadata().abstract()


def test_a_threshold_that_comes_late_is_not_put_into_the_project_opened_again(
    dock, project: QgsProject, tmp_path: Path
) -> None:
    run(dock, "storage tank")
    project.write(str(tmp_path / "map.qgz"))
    dock.form.threshold.setValue(77)
    until(lambda: dock.session.refinement._task)
    project.read(str(tmp_path / "map.qgz"))
    at_rest(dock)
    mask = layer(project.layerTreeRoot().children()[0], "Mask")
    assert "threshold of 50 %" in mask.metadata().abstract()
    assert list(Path(mask.source()).parent.glob("threshold*")) == []
