"""The dock: what the analyst types, clicks and reads, with the real engine behind it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsSettings,
    QgsVectorLayer,
)
from qgis.gui import QgsMapToolPan
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QLabel
from segment_by_text.plugin.map.corrections import corrections
from segment_by_text.plugin.settings import Settings

from tests.plugin.processes import engines, kill_engine
from tests.plugin.rasters import write_raster, write_tied_scene
from tests.plugin.tile_server import TileServer
from tests.plugin.waiting import until

SLOW = 77
"""The threshold in percent the faulty engine takes a second for."""


def type_in(dock, text: str) -> None:
    dock.form.expression.setFocus()
    line = dock.form.expression.lineEdit()
    line.clear()
    QTest.keyClicks(line, text)


def press_enter(dock) -> None:
    QTest.keyClick(dock.form.expression.lineEdit(), Qt.Key.Key_Return)


def click(button) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def idle(dock) -> bool:
    return not dock.session.state.busy


def entries(combo) -> list[str]:
    return [combo.itemText(index) for index in range(combo.count())]


def choose(combo, text: str) -> None:
    combo.setCurrentIndex(combo.findText(text))


@pytest.fixture
def ready(dock, raster: QgsRasterLayer):
    """The dock on the real engine, on the whole raster, at a threshold nearly all reaches."""
    dock.form.layer.setLayer(raster)
    choose(dock.form.extent, "Whole layer")
    dock.form.threshold.setValue(1)
    return dock


@pytest.fixture
def segmented(ready, project: QgsProject):
    """The dock after a run."""
    type_in(ready, "storage tank")
    press_enter(ready)
    until(lambda: idle(ready) and ready.messages.text)
    return ready


# -- running -------------------------------------------------------------------------------------


def test_enter_puts_the_result_on_the_map(segmented, project: QgsProject) -> None:
    group = project.layerTreeRoot().children()[0]
    assert group.name() == "storage tank"
    assert [node.layer().isValid() for node in group.findLayers()] == [True, True, True]
    assert "Objects found" in segmented.messages.text


def test_click_does_the_same(ready, project: QgsProject) -> None:
    type_in(ready, "airplane")
    click(ready.form.segment)
    until(lambda: project.layerTreeRoot().children()[0].name() == "airplane")


def test_second_run_is_a_second_group_on_top(segmented, project: QgsProject) -> None:
    type_in(segmented, "airplane")
    press_enter(segmented)
    until(lambda: len(project.layerTreeRoot().children()) == 3)
    assert [child.name() for child in project.layerTreeRoot().children()] == [
        "airplane",
        "storage tank",
        "scene",
    ]


def test_same_expression_twice_overwrites_nothing(segmented, project: QgsProject) -> None:
    press_enter(segmented)
    until(lambda: len(project.layerTreeRoot().children()) == 3)
    groups = project.layerTreeRoot().children()[:2]
    sources = {node.layer().source() for group in groups for node in group.findLayers()}
    assert len(sources) == 6


def test_only_the_mask_when_only_the_mask_is_asked_for(ready, project: QgsProject) -> None:
    choose(ready.form.outputs, "Mask")
    type_in(ready, "storage tank")
    press_enter(ready)
    until(lambda: idle(ready) and ready.messages.text)
    layers = project.layerTreeRoot().children()[0].findLayers()
    assert [node.name() for node in layers] == ["Mask: storage tank", "Probability: storage tank"]


def test_map_view_limits_the_result(ready, qgis_iface, project: QgsProject) -> None:
    canvas = qgis_iface.mapCanvas()
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:32617"))
    canvas.setExtent(QgsRectangle(500010, 2999980, 500020, 2999990))
    view = canvas.mapSettings().visibleExtent()
    choose(ready.form.extent, "Map view")
    type_in(ready, "storage tank")
    press_enter(ready)
    until(lambda: idle(ready) and ready.messages.text)
    nodes = project.layerTreeRoot().children()[0].findLayers()
    mask = next(node.layer() for node in nodes if "Mask" in node.name())
    shown = view.intersect(QgsRectangle(500000, 2999968, 500032, 3000000))
    assert mask.extent().xMinimum() == pytest.approx(shown.xMinimum(), abs=0.5)
    assert mask.extent().yMaximum() == pytest.approx(shown.yMaximum(), abs=0.5)
    assert mask.extent().area() < 0.9 * 32 * 32


def test_selected_polygons_limit_the_result(ready, project: QgsProject) -> None:
    fields = QgsVectorLayer("Polygon?crs=EPSG:32617", "fields", "memory")
    feature = QgsFeature()
    feature.setGeometry(
        QgsGeometry.fromWkt(
            "POLYGON((500004 2999980, 500020 2999980, 500004 2999996, 500004 2999980))"
        )
    )
    fields.dataProvider().addFeature(feature)
    project.addMapLayer(fields)
    fields.selectAll()
    choose(ready.form.extent, "Selected polygons")
    ready.form.areaLayer.setLayer(fields)
    type_in(ready, "storage tank")
    press_enter(ready)
    until(lambda: idle(ready) and ready.messages.text)
    nodes = project.layerTreeRoot().children()[0].findLayers()
    probability = next(node.layer() for node in nodes if "Probability" in node.name())
    stored = gdal.Open(probability.source())
    band = stored.GetRasterBand(1)
    known = int((band.ReadAsArray() != band.GetNoDataValue()).sum())
    area = known * probability.rasterUnitsPerPixelX() * probability.rasterUnitsPerPixelY()
    assert area == pytest.approx(128, rel=0.15), "of the triangle's 128 square metres, and no more"


def test_drawn_rectangle_limits_the_result(ready, qgis_iface, project: QgsProject) -> None:
    canvas = qgis_iface.mapCanvas()
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:32617"))
    canvas.resize(400, 400)
    canvas.setExtent(QgsRectangle(500000, 2999968, 500032, 3000000))
    before = QgsMapToolPan(canvas)
    canvas.setMapTool(before)
    choose(ready.form.extent, "Drawn rectangle")
    assert canvas.mapTool() is not before
    pixel = canvas.getCoordinateTransform()
    first, last = (
        pixel.transform(QgsPointXY(x, y)).toQPointF().toPoint()
        for x, y in ((500004, 2999996), (500012, 2999980))
    )
    QTest.mousePress(canvas.viewport(), Qt.MouseButton.LeftButton, pos=first)
    QTest.mouseMove(canvas.viewport(), last)
    QTest.mouseRelease(canvas.viewport(), Qt.MouseButton.LeftButton, pos=last)
    assert canvas.mapTool() is before
    type_in(ready, "storage tank")
    press_enter(ready)
    until(lambda: idle(ready) and ready.messages.text)
    nodes = project.layerTreeRoot().children()[0].findLayers()
    mask = next(node.layer() for node in nodes if "Mask" in node.name())
    assert mask.extent().width() == pytest.approx(8, abs=1.1)
    assert mask.extent().height() == pytest.approx(16, abs=1.1)


def test_chosen_resolution_is_the_one_of_the_result(ready, project: QgsProject) -> None:
    ready.form.resolution.setValue(1.0)
    type_in(ready, "storage tank")
    press_enter(ready)
    until(lambda: idle(ready) and ready.messages.text)
    nodes = project.layerTreeRoot().children()[0].findLayers()
    mask = next(node.layer() for node in nodes if "Mask" in node.name())
    assert mask.rasterUnitsPerPixelX() == pytest.approx(1.0)


# -- the form ------------------------------------------------------------------------------------


def test_active_raster_layer_is_the_one_to_segment(
    dock, qgis_iface, raster: QgsRasterLayer, project: QgsProject, tmp_path: Path
) -> None:
    other = QgsRasterLayer(str(write_raster(tmp_path / "other.tif")), "other")
    points = QgsVectorLayer("Point?crs=EPSG:32617", "points", "memory")
    project.addMapLayers([other, points])
    for layer in (raster, other):
        qgis_iface.currentLayerChanged.emit(layer)
        assert dock.form.layer.currentLayer() is layer
    qgis_iface.currentLayerChanged.emit(points)
    assert dock.form.layer.currentLayer() is other


def test_only_rasters_can_be_chosen(dock, raster: QgsRasterLayer, project: QgsProject) -> None:
    project.addMapLayer(QgsVectorLayer("Point?crs=EPSG:32617", "points", "memory"))
    form = dock.form
    assert [form.layer.itemText(i) for i in range(form.layer.count())] == ["scene"]


@pytest.mark.parametrize("text", ["", "   "])
def test_empty_expression_asks_for_one(ready, text: str, project: QgsProject) -> None:
    type_in(ready, text)
    press_enter(ready)
    assert "Type what to find" in ready.messages.text
    assert idle(ready)


def test_too_long_expression_tells_the_limit(ready, project: QgsProject) -> None:
    type_in(ready, "storage tank")
    ready.form.expression.lineEdit().setText("storage tank " * 40)
    press_enter(ready)
    until(lambda: idle(ready) and ready.messages.text)
    assert "at most 300" in ready.messages.text
    assert len(project.layerTreeRoot().children()) == 1


def test_no_raster_layer_asks_for_one(dock) -> None:
    choose(dock.form.extent, "Whole layer")
    type_in(dock, "storage tank")
    press_enter(dock)
    assert "no raster layer" in dock.messages.text


def test_rectangle_that_was_never_drawn_is_asked_for(ready) -> None:
    choose(ready.form.extent, "Drawn rectangle")
    type_in(ready, "storage tank")
    press_enter(ready)
    assert "Draw a rectangle" in ready.messages.text


def test_expressions_used_before_are_offered_latest_first(segmented, open_dock, engine) -> None:
    type_in(segmented, "airplane")
    press_enter(segmented)
    until(lambda: idle(segmented) and segmented.messages.text)
    combo = open_dock(engine).form.expression
    assert [combo.itemText(i) for i in range(combo.count())] == ["airplane", "storage tank"]
    assert combo.currentText() == ""


def test_choices_of_the_last_run_are_kept(segmented, open_dock, engine) -> None:
    form = open_dock(engine).form
    assert form.threshold.value() == 1
    assert form.outputs.currentText() == "Polygons and mask"
    assert form.model.currentData() == "rsrefseg2-compact"


def test_bundled_model_is_the_first_choice_and_missing_ones_cannot_be_chosen(dock) -> None:
    model = dock.form.model
    assert model.currentData() == "rsrefseg2-compact"
    missing = [i for i, card in enumerate(dock.session.cards) if not card["installed"]]
    enabled = [bool(model.model().item(i).flags() & Qt.ItemFlag.ItemIsEnabled) for i in missing]
    assert not any(enabled)


def test_what_only_points_place_is_warped_when_asked(
    ready, project: QgsProject, tmp_path: Path
) -> None:
    layer = QgsRasterLayer(str(write_tied_scene(tmp_path / "tied.tif")), "tied")
    project.addMapLayer(layer)
    ready.form.layer.setLayer(layer)
    type_in(ready, "storage tank")
    press_enter(ready)
    until(lambda: idle(ready) and ready.messages.text)
    assert "Warp (under More in the panel)" in ready.messages.text
    ready.form.warp.setChecked(True)
    press_enter(ready)
    until(lambda: idle(ready) and len(project.mapLayers()) > 2)
    (mask,) = [each for each in project.mapLayers().values() if each.name().startswith("Mask")]
    assert mask.extent().toString(9) == layer.extent().toString(9)


def test_bands_are_listed_by_number_and_name(dock, project: QgsProject, tmp_path: Path) -> None:
    path = write_raster(tmp_path / "many.tif", bands=12)
    raster = gdal.Open(str(path), gdal.GA_Update)
    raster.GetRasterBand(8).SetDescription("nir")
    raster.GetRasterBand(12).SetDescription("a name that is far longer than the panel is wide")
    raster = None
    layer = QgsRasterLayer(str(path), "many")
    project.addMapLayer(layer)
    dock.form.layer.setLayer(layer)
    choose(dock.form.bands, "Chosen below")
    boxes = (dock.form.red, dock.form.green, dock.form.blue)
    assert [box.currentBand() for box in boxes] == [1, 2, 3]
    (nir,) = [text for text in entries(dock.form.red) if "nir" in text]
    assert "08" in nir
    dock.form.red.showPopup()
    shown = dock.form.red.view()
    assert shown.viewport().width() >= shown.sizeHintForColumn(0)
    dock.form.red.hidePopup()


def test_the_bands_chosen_are_those_that_are_seen(
    ready, project: QgsProject, tmp_path: Path
) -> None:
    layer = QgsRasterLayer(str(write_raster(tmp_path / "four.tif", bands=4)), "four")
    project.addMapLayer(layer)
    ready.form.layer.setLayer(layer)
    choose(ready.form.bands, "Chosen below")
    ready.form.red.setBand(4)
    ready.form.green.setBand(3)
    ready.form.blue.setBand(1)
    type_in(ready, "storage tank")
    press_enter(ready)
    until(lambda: idle(ready) and ready.session.refinement.shown)
    probability = gdal.Open(ready.session.refinement.shown.probability)
    assert "band 4/3/1" in probability.GetMetadata("SEGMENT_BY_TEXT")["stretch"]


def test_a_grey_raster_has_one_band_to_choose(dock, project: QgsProject, tmp_path: Path) -> None:
    layer = QgsRasterLayer(str(write_raster(tmp_path / "grey.tif", bands=1)), "grey")
    project.addMapLayer(layer)
    dock.form.layer.setLayer(layer)
    choose(dock.form.bands, "Chosen below")
    assert [dock.form.red.count(), dock.form.green.count(), dock.form.blue.count()] == [1, 1, 1]


# -- what the model knows ------------------------------------------------------------------------


def test_hint_lists_what_the_model_knows_before_anything_is_typed(dock) -> None:
    dock.form.expression.lineEdit().clear()
    assert "airplane, ship, storage tank" in dock.form.hint.text()


def test_typing_a_known_word_is_understood(ready) -> None:
    type_in(ready, "the white storage tank at the lower left")
    until(lambda: ready.form.hint.text() == "Understood: storage tank")


def test_typing_an_unknown_word_is_doubted_before_running(ready) -> None:
    type_in(ready, "unicorn")
    until(lambda: "“unicorn” names nothing this model knows" in ready.form.hint.text())
    assert ready.messages.text == ""


def test_unknown_expression_runs_only_at_the_second_click(ready, project: QgsProject) -> None:
    type_in(ready, "unicorn")
    click(ready.form.segment)
    until(lambda: "none of these words" in ready.messages.text)
    assert "“unicorn”" in ready.form.hint.text()
    assert idle(ready)
    assert len(project.layerTreeRoot().children()) == 1
    assert "anyway" in ready.form.segment.text()
    click(ready.form.segment)
    until(lambda: len(project.layerTreeRoot().children()) == 2)


def test_doubt_ends_with_another_expression(ready, project: QgsProject) -> None:
    type_in(ready, "unicorn")
    click(ready.form.segment)
    until(lambda: "anyway" in ready.form.segment.text())
    type_in(ready, "dragon")
    assert "anyway" not in ready.form.segment.text()
    click(ready.form.segment)
    until(lambda: "none of these words" in ready.messages.text)
    assert len(project.layerTreeRoot().children()) == 1


# -- the threshold -------------------------------------------------------------------------------


def test_threshold_replaces_the_result_without_the_model(segmented, project: QgsProject) -> None:
    group = project.layerTreeRoot().children()[0]
    mask = next(node.layer() for node in group.findLayers() if "Mask" in node.name())
    before = mask.source()
    segmented.form.threshold.setValue(100)
    until(lambda: mask.source() != before)
    assert gdal.Open(mask.source()).ReadAsArray().max() != 1
    assert len(project.layerTreeRoot().children()) == 2
    assert "Nothing reaches the threshold" in segmented.messages.text


def test_polygons_are_drawn_otherwise_without_the_model(segmented, project: QgsProject) -> None:
    group = project.layerTreeRoot().children()[0]
    layer = next(n.layer() for n in group.findLayers() if "Polygons" in n.name())

    def corners() -> int:
        return sum(f.geometry().constGet().nCoordinates() for f in layer.getFeatures())

    def areas() -> list[float]:
        return sorted(f["area_m2"] for f in layer.getFeatures())

    segmented.form.threshold.setValue(40)
    exact_source = layer.source()
    until(lambda: layer.source() != exact_source)
    exact, sizes, source = corners(), areas(), layer.source()
    assert sizes
    outlines = segmented.form.outlines
    outlines.setCurrentIndex(outlines.findText("Straight lines"))
    until(lambda: layer.source() != source)
    assert 0 < corners() < exact / 2

    source = layer.source()
    segmented.form.smallest.setValue(sizes[-1] + 1)
    until(lambda: layer.source() != source)
    assert layer.featureCount() == 0


def test_newest_threshold_wins(segmented, project: QgsProject) -> None:
    group = project.layerTreeRoot().children()[0]
    mask = next(node.layer() for node in group.findLayers() if "Mask" in node.name())
    for percent in (90, 70, 40, 2):
        segmented.form.threshold.setValue(percent)
        QTest.qWait(60)
    until(lambda: "threshold of 2 %" in mask.metadata().abstract())


def test_threshold_moved_while_another_is_made_wins(faulty_dock, project: QgsProject) -> None:
    type_in(faulty_dock, "storage tank")
    press_enter(faulty_dock)
    until(lambda: idle(faulty_dock) and faulty_dock.messages.text)
    group = project.layerTreeRoot().children()[0]
    mask = next(node.layer() for node in group.findLayers() if "Mask" in node.name())
    faulty_dock.form.threshold.setValue(SLOW)
    until(lambda: list(Path(mask.source()).parent.glob("threshold")))
    faulty_dock.form.threshold.setValue(30)
    until(lambda: "threshold of 30 %" in mask.metadata().abstract())


def test_threshold_that_comes_late_is_not_put_into_another_project(
    faulty_dock, project: QgsProject
) -> None:
    type_in(faulty_dock, "storage tank")
    press_enter(faulty_dock)
    until(lambda: idle(faulty_dock) and faulty_dock.messages.text)
    group = project.layerTreeRoot().children()[0]
    run = Path(group.findLayers()[0].layer().source()).parent
    faulty_dock.form.threshold.setValue(SLOW)
    until(lambda: list(run.glob("threshold")))
    project.clear()
    until(lambda: not list(run.glob("threshold")))
    assert project.mapLayers() == {}


def test_dragging_previews_and_letting_go_refines(segmented, project: QgsProject) -> None:
    nodes = {
        n.name().split(":")[0].lower(): n
        for n in project.layerTreeRoot().children()[0].findLayers()
    }
    before = nodes["mask"].layer().source()
    slider = segmented.form.thresholdSlider
    slider.setSliderDown(True)
    slider.setSliderPosition(60)
    assert nodes["probability"].isVisible()
    assert not nodes["polygons"].isVisible()
    assert nodes["mask"].layer().source() == before
    slider.setSliderDown(False)
    until(lambda: nodes["mask"].layer().source() != before)
    assert nodes["polygons"].isVisible()
    assert not nodes["probability"].isVisible()


def test_another_project_is_not_touched_by_the_slider(segmented, project: QgsProject) -> None:
    project.clear()
    segmented.form.threshold.setValue(70)
    QTest.qWait(800)
    assert project.mapLayers() == {}


# -- corrections ---------------------------------------------------------------------------------


def test_a_corrected_result_is_added_to_the_training_set(segmented, project: QgsProject) -> None:
    group = project.layerTreeRoot().children()[0]
    polygons = next(n.layer() for n in group.findLayers() if "Polygons" in n.name())
    polygons.startEditing()
    first = next(polygons.getFeatures())
    polygons.deleteFeatures([f.id() for f in polygons.getFeatures() if f.id() != first.id()])
    click(segmented.form.addToTraining)
    assert "Added to the training set: “storage tank”, polygons: 1" in segmented.messages.text
    (kept,) = corrections(Settings())
    assert (kept.expression, kept.count) == ("storage tank", 1)
    scene = next(layer for layer in project.mapLayers().values() if layer.name() == "scene")
    assert kept.raster["path"] == scene.source()
    assert polygons.isEditable()
    polygons.rollBack()


def test_there_is_nothing_to_add_before_a_result_and_after_the_project(
    ready, project: QgsProject
) -> None:
    assert not ready.form.addToTraining.isVisible()
    type_in(ready, "storage tank")
    press_enter(ready)
    until(lambda: idle(ready) and ready.messages.text)
    assert ready.form.addToTraining.isVisible()
    project.clear()
    assert not ready.form.addToTraining.isVisible()


def test_a_result_of_tiles_is_not_added_and_says_what_to_do(over_tiles) -> None:
    press_enter(over_tiles)
    until(lambda: idle(over_tiles) and over_tiles.messages.text)
    click(over_tiles.form.addToTraining)
    assert "has no file that a training could read later" in over_tiles.messages.text


# -- faults --------------------------------------------------------------------------------------


def test_cancel_ends_the_run_and_leaves_nothing(
    faulty_dock, project: QgsProject, tmp_path: Path
) -> None:
    type_in(faulty_dock, "slow")
    press_enter(faulty_dock)
    until(lambda: "Window" in faulty_dock.form.stage.text())
    assert not faulty_dock.form.segment.isEnabled()
    click(faulty_dock.form.cancel)
    assert faulty_dock.session.state.value == "cancelling"
    until(lambda: idle(faulty_dock))
    assert faulty_dock.messages.text == "Cancelled."
    assert len(project.layerTreeRoot().children()) == 1
    assert list((tmp_path / "results").iterdir()) == []
    assert faulty_dock.form.segment.isEnabled()


def test_a_silent_engine_is_said_to_be_and_can_be_ended(faulty_dock, project: QgsProject) -> None:
    engine, form = faulty_dock.session.engine, faulty_dock.form
    engine.silence, engine.patience = 0.3, 0.3
    before = engines()
    type_in(faulty_dock, "deaf")
    press_enter(faulty_dock)
    until(lambda: "Window" in form.stage.text())
    assert engines() == before
    assert form.cancel.text() == "Ca&ncel"
    until(lambda: "said nothing for a minute" in form.stage.text())
    assert form.cancel.text() == "E&nd it"
    click(form.cancel)
    until(lambda: idle(faulty_dock))
    assert engines() < before
    type_in(faulty_dock, "storage tank")
    press_enter(faulty_dock)
    assert form.cancel.text() == "Ca&ncel"
    until(lambda: len(project.layerTreeRoot().children()) == 2)


def test_an_engine_that_falls_silent_over_a_threshold_can_be_ended(
    faulty_dock, project: QgsProject
) -> None:
    engine, form = faulty_dock.session.engine, faulty_dock.form
    type_in(faulty_dock, "storage tank")
    press_enter(faulty_dock)
    until(lambda: len(project.layerTreeRoot().children()) == 2)
    engine.silence, engine.patience = 0.2, 0.1
    before = engines(Settings().interpreter)
    form.threshold.setValue(SLOW)
    until(lambda: form.cancel.text() == "E&nd it" and form.working.isVisible())
    assert "said nothing for a minute" in form.stage.text()
    click(form.cancel)
    until(lambda: not form.working.isVisible())
    assert engines(Settings().interpreter).isdisjoint(before)
    assert form.threshold.value() == 50, "the result stays as it was"
    assert form.cancel.text() == "Ca&ncel"
    engine.silence = 60
    form.threshold.setValue(60)
    until(lambda: faulty_dock.session.refinement.shown.threshold == 0.6)


def test_an_engine_that_speaks_again_is_no_longer_said_to_be_silent(
    faulty_dock, project: QgsProject
) -> None:
    form = faulty_dock.form
    faulty_dock.session.engine.silence = 0.3
    seen = []
    faulty_dock.session.progressed.connect(
        lambda done, total, text: seen.append((text, form.cancel.text()))
    )
    type_in(faulty_dock, "quiet tank")
    press_enter(faulty_dock)
    until(lambda: form.cancel.text() == "E&nd it")
    until(lambda: len(project.layerTreeRoot().children()) == 2)
    first = next(at for at, (text, _) in enumerate(seen) if "said nothing" in text)
    assert any("Window" in text and button == "Ca&ncel" for text, button in seen[first:])
    assert form.cancel.text() == "Ca&ncel"


def test_idle_engine_that_died_is_started_by_the_next_click(
    faulty_dock, project: QgsProject
) -> None:
    kill_engine(Settings().interpreter)
    type_in(faulty_dock, "storage tank")
    press_enter(faulty_dock)
    until(lambda: not faulty_dock.session.state.busy and faulty_dock.messages.text)
    assert "Objects found" in faulty_dock.messages.text
    assert len(project.layerTreeRoot().children()) == 2


def test_engine_that_does_not_listen_is_killed_and_the_next_click_works(
    faulty_dock, project: QgsProject
) -> None:
    faulty_dock.session.engine.patience = 0.5
    type_in(faulty_dock, "deaf")
    press_enter(faulty_dock)
    until(lambda: "Window" in faulty_dock.form.stage.text())
    click(faulty_dock.form.cancel)
    until(lambda: idle(faulty_dock))
    type_in(faulty_dock, "storage tank")
    press_enter(faulty_dock)
    until(lambda: len(project.layerTreeRoot().children()) == 2)


def test_engine_that_never_starts_can_be_cancelled(
    open_dock: Callable, raster: QgsRasterLayer, tmp_path: Path
) -> None:
    from segment_by_text.plugin.dock.widget import Dock
    from segment_by_text.plugin.engine.process import Engine
    from segment_by_text.plugin.settings import Settings

    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nsleep 1000\n")
    program.chmod(0o755)
    others = engines()
    Settings().interpreter = str(program)
    engine = Engine(Settings())
    dock: Dock = open_dock(engine, wait=False)
    until(lambda: engines() - others)
    assert dock.session.state.value == "starting"
    click(dock.form.cancel)
    until(lambda: idle(dock))
    assert dock.messages.text == "Cancelled."
    assert "Start" in dock.form.segment.text()
    assert engines() <= others


def test_engine_that_dies_is_a_message_and_the_next_click_works(
    faulty_dock, project: QgsProject
) -> None:
    type_in(faulty_dock, "die")
    press_enter(faulty_dock)
    until(lambda: faulty_dock.session.state.value == "failed")
    assert "The engine stopped" in faulty_dock.messages.text
    assert "untouched" in faulty_dock.messages.text
    assert len(project.layerTreeRoot().children()) == 1
    type_in(faulty_dock, "storage tank")
    press_enter(faulty_dock)
    until(lambda: len(project.layerTreeRoot().children()) == 2)


def test_refusal_of_the_engine_is_shown_as_it_stands(faulty_dock) -> None:
    type_in(faulty_dock, "refuse")
    press_enter(faulty_dock)
    until(lambda: faulty_dock.session.state.value == "failed")
    assert faulty_dock.messages.text == "The expression is refused."


def test_killed_real_engine_is_a_message_and_the_next_click_works(
    open_dock: Callable, raster: QgsRasterLayer, project: QgsProject
) -> None:
    from segment_by_text.plugin.engine.process import Engine
    from segment_by_text.plugin.settings import Settings

    others = engines()
    engine = Engine(Settings())
    dock = open_dock(engine)
    dock.form.layer.setLayer(raster)
    choose(dock.form.extent, "Whole layer")
    type_in(dock, "storage tank")
    press_enter(dock)
    until(lambda: "Loading" in dock.form.stage.text())
    (process,) = engines() - others
    os.kill(process, signal.SIGKILL)
    until(lambda: dock.session.state.value == "failed")
    assert "The engine stopped" in dock.messages.text
    press_enter(dock)
    until(lambda: len(project.layerTreeRoot().children()) == 2)
    engine.close()


def test_results_folder_that_cannot_be_written_is_named(ready, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    QgsSettings().setValue("segment_by_text/results_folder", str(tmp_path / "file" / "in"))
    type_in(ready, "storage tank")
    press_enter(ready)
    until(lambda: ready.session.state.value == "failed")
    assert str(tmp_path / "file") in ready.messages.text


def test_new_project_stops_the_run_of_the_old_one(faulty_dock, project: QgsProject) -> None:
    type_in(faulty_dock, "slow")
    press_enter(faulty_dock)
    until(lambda: "Window" in faulty_dock.form.stage.text())
    project.clear()
    until(lambda: idle(faulty_dock))
    assert project.mapLayers() == {}


def test_each_raster_goes_on_with_its_own_run(
    faulty_dock, project: QgsProject, tmp_path: Path
) -> None:
    def ended(layer: QgsRasterLayer) -> Path:
        faulty_dock.form.layer.setLayer(layer)
        press_enter(faulty_dock)
        until(lambda: "Window" in faulty_dock.form.stage.text())
        folder = faulty_dock.session._run.folder
        kill_engine(Settings().interpreter)
        until(lambda: idle(faulty_dock))
        faulty_dock.form.stage.clear()
        return folder

    first = next(iter(project.mapLayers().values()))
    second = QgsRasterLayer(str(write_raster(tmp_path / "second.tif")), "second")
    project.addMapLayer(second)
    type_in(faulty_dock, "slow tank")
    folders = [ended(layer) for layer in (first, second)]
    assert len(set(folders)) == 2
    assert [ended(layer) for layer in (first, second)] == folders


# -- access --------------------------------------------------------------------------------------


def test_every_field_has_a_name_for_screen_readers(dock) -> None:
    chain, widget = [], dock.form.expression
    while widget.nextInFocusChain() is not dock.form.expression:
        widget = widget.nextInFocusChain()
        chain.append(widget)
    names = ("layer", "extent", "draw", "areaLayer", "model", "aboutModels", "outputs")
    names += ("thresholdSlider", "threshold", "resolution", "bands", "red", "device", "options")
    assert [name for name in names if not getattr(dock.form, name).accessibleName()] == []


def test_tab_goes_through_the_form_from_top_to_bottom(dock) -> None:
    wanted = ["expression", "layer", "extent", "model", "outputs", "thresholdSlider", "threshold"]
    wanted += ["resolution", "bands", "device", "segment", "cancel", "options"]
    order, widget = [], dock.form.expression
    for _ in range(200):
        if widget.objectName() in wanted and widget.objectName() not in order:
            order.append(widget.objectName())
        widget = widget.nextInFocusChain()
    assert order == wanted


def test_mnemonics_clash_neither_with_each_other_nor_with_the_menus_of_qgis(dock) -> None:
    labels = [label.text() for label in dock.form.findChildren(QLabel)]
    labels += [dock.form.segment.text(), dock.form.cancel.text()]
    letters = [text[text.index("&") + 1].lower() for text in labels if "&" in text]
    assert len(letters) == len(set(letters)) > 6
    menus = set("jevlsporwdmch")
    assert menus.isdisjoint(letters)


def test_dock_fits_into_280_pixels(dock) -> None:
    dock.form.more.setCollapsed(False)
    choose(dock.form.bands, "Chosen below")
    choose(dock.form.extent, "Selected polygons")
    assert dock.form.contents.minimumSizeHint().width() <= 280


# -- layers without a file -----------------------------------------------------------------------


@pytest.fixture
def over_tiles(faulty_dock, tiles: QgsRasterLayer, qgis_iface):
    """The dock on a layer of tiles, the map on some 300 m of it."""
    canvas = qgis_iface.mapCanvas()
    canvas.setDestinationCrs(tiles.crs())
    canvas.setExtent(QgsRectangle(10, -300, 300, -10))
    faulty_dock.form.layer.setLayer(tiles)
    choose(faulty_dock.form.extent, "Map view")
    faulty_dock.form.resolution.setValue(1.2)
    type_in(faulty_dock, "storage tank")
    return faulty_dock


def test_tiles_are_fetched_and_segmented(
    over_tiles, server: TileServer, qgis_iface, project: QgsProject
) -> None:
    press_enter(over_tiles)
    until(lambda: idle(over_tiles) and over_tiles.messages.text)
    assert "Objects found" in over_tiles.messages.text
    mask = next(
        node.layer()
        for node in project.layerTreeRoot().children()[0].findLayers()
        if "Mask" in node.name()
    )
    view = qgis_iface.mapCanvas().mapSettings().visibleExtent()
    assert mask.extent().contains(view.buffered(-0.01))
    assert mask.extent().width() == pytest.approx(view.width(), abs=1.3)
    assert mask.crs().authid() == "EPSG:3857"


def test_missing_tile_is_told_and_nothing_is_left(
    over_tiles, server: TileServer, tmp_path: Path
) -> None:
    server.faults[(2**16, 2**16)] = "404"
    press_enter(over_tiles)
    until(lambda: idle(over_tiles) and over_tiles.messages.text)
    assert "could not be fetched whole" in over_tiles.messages.text
    assert not any((tmp_path / "results").iterdir())


def test_cancel_stops_a_fetch(over_tiles, server: TileServer, tmp_path: Path) -> None:
    server.faults[(2**16, 2**16)] = "slow"
    press_enter(over_tiles)
    until(server.waiting.is_set)
    click(over_tiles.form.cancel)
    until(lambda: idle(over_tiles) and over_tiles.messages.text)
    assert over_tiles.messages.text == "Cancelled."
    assert not any((tmp_path / "results").iterdir())
