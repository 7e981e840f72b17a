"""The layers of a result: another threshold, the analyst's changes, a project opened again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsLayerDefinition,
    QgsMapThemeCollection,
    QgsPalLayerSettings,
    QgsProject,
    QgsRasterLayer,
    QgsRasterRange,
    QgsVectorLayer,
    QgsVectorLayerJoinInfo,
    QgsVectorLayerSimpleLabeling,
)
from segment_by_text.plugin.results.groups import ResultGroup
from segment_by_text.plugin.results.marks import FACTS, ROLES
from segment_by_text.plugin.results.project import Results

from tests.plugin.engine_results import write_result
from tests.plugin.rasters import write_raster

UTM = QgsCoordinateReferenceSystem("EPSG:32617")
OTHER_CRS = QgsCoordinateReferenceSystem("EPSG:32618")

NORTH, SOUTH, EAST = (4, 4, 10, 10), (4, 40, 10, 10), (40, 4, 10, 10)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of a project, the results below it."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def group(home: Path, project: QgsProject) -> ResultGroup:
    """A result of three objects on the map."""
    run = home / "segment_by_text" / "run"
    group = ResultGroup(run, project)
    group.show(write_result(run, [NORTH, SOUTH, EAST]), UTM)
    return group


def names(project: QgsProject) -> list[str]:
    """What the layers in the tree are called, from top to bottom."""
    return [node.name().split(":")[0] for node in project.layerTreeRoot().findLayers()]


def chosen(layer: QgsVectorLayer) -> list[tuple[int, int]]:
    """Where the selected objects lie: metres east and south of the corner."""
    boxes = [feature.geometry().boundingBox() for feature in layer.selectedFeatures()]
    return sorted((round(b.xMinimum() - 500000), round(3000000 - b.yMaximum())) for b in boxes)


def select(layer: QgsVectorLayer, *boxes: tuple[int, int, int, int]) -> None:
    wanted = {(col / 2, row / 2) for col, row, _, _ in boxes}
    layer.selectByIds(
        [
            feature.id()
            for feature in layer.getFeatures()
            if (
                round(feature.geometry().boundingBox().xMinimum() - 500000, 1),
                round(3000000 - feature.geometry().boundingBox().yMaximum(), 1),
            )
            in wanted
        ]
    )


# -- what the analyst made of the layers ---------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_a_removed_layer_stays_away(group: ResultGroup, project: QgsProject, role: str) -> None:
    project.removeMapLayer(group.layer(role))
    for number in (2, 3):
        group.show(write_result(group.run, [NORTH], f"threshold-{number}"))
    assert names(project) == [each.capitalize() for each in ROLES if each != role]


def test_a_removed_group_stays_away(group: ResultGroup, project: QgsProject) -> None:
    root = project.layerTreeRoot()
    root.removeChildNode(root.children()[0])
    group.show(write_result(group.run, [NORTH], "threshold"))
    assert names(project) == []
    assert not group.present


def test_layers_that_were_moved_and_renamed_are_still_the_results(
    group: ResultGroup, project: QgsProject
) -> None:
    root = project.layerTreeRoot()
    polygons = group.layer("polygons")
    node = root.findLayer(polygons.id())
    root.insertChildNode(0, node.clone())
    node.parent().removeChildNode(node)
    polygons.setName("mine")
    group.show(write_result(group.run, [NORTH], "threshold"))
    assert names(project) == ["mine", "Mask", "Probability"]
    assert polygons.featureCount() == 1


@pytest.mark.parametrize("role", ROLES[:2])
def test_a_duplicated_layer_is_the_analysts(
    group: ResultGroup, project: QgsProject, role: str
) -> None:
    layer = group.layer(role)
    copy = layer.clone()
    project.addMapLayer(copy, False)
    node = project.layerTreeRoot().findLayer(layer.id())
    beside = node.parent().addLayer(copy)
    for key in node.customProperties():
        beside.setCustomProperty(key, node.customProperty(key))
    before = copy.source()
    group.show(write_result(group.run, [NORTH], "threshold"))
    assert group.layer(role) is layer
    assert "threshold" in layer.source()
    assert copy.source() == before


def test_a_pasted_group_is_the_analysts(
    group: ResultGroup, project: QgsProject, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)  # where QGIS goes by itself, and stays
    own = {layer.id() for layer in map(group.layer, ROLES)}
    file = str(home / "copy.qlr")
    QgsLayerDefinition.exportLayerDefinition(file, project.layerTreeRoot().children())
    QgsLayerDefinition.loadLayerDefinition(file, project, project.layerTreeRoot())
    copies = [layer for layer in project.mapLayers().values() if layer.id() not in own]
    before = {layer.source() for layer in copies}
    group.show(write_result(group.run, [NORTH], "threshold"))
    assert len(copies) == 3
    assert {layer.id() for layer in map(group.layer, ROLES)} == own
    assert {layer.source() for layer in copies} == before


def test_a_style_pasted_from_another_result_leaves_each_its_own(
    group: ResultGroup, project: QgsProject, home: Path
) -> None:
    other = ResultGroup(home / "segment_by_text" / "other", project)
    other.show(write_result(other.run, [SOUTH], expression="ship"), UTM)
    style = str(home / "style.qml")
    other.layer("polygons").saveNamedStyle(style)
    group.layer("polygons").loadNamedStyle(style)
    group.show(write_result(group.run, [NORTH, EAST], "threshold"))
    assert group.layer("polygons").featureCount() == 2
    assert other.layer("polygons").featureCount() == 1


@pytest.mark.parametrize(
    ("subset", "left"),
    [
        ('"score" > 0.75', 2),
        ("\"expression\" <> 'fid'", 3),
        ('"score" > 2', 0),
    ],
)
def test_a_filter_is_kept(group: ResultGroup, subset: str, left: int) -> None:
    layer = group.layer("polygons")
    assert layer.setSubsetString(subset)
    assert group.show(write_result(group.run, [NORTH, SOUTH, EAST], "threshold")) == []
    assert layer.subsetString() == subset
    assert layer.featureCount() == left


@pytest.mark.parametrize("subset", ['"fid" = 2', "fid IN (1, 2)", "FID > 1"])
def test_a_filter_by_number_is_removed_and_that_is_said(group: ResultGroup, subset: str) -> None:
    layer = group.layer("polygons")
    assert layer.setSubsetString(subset)
    (lost,) = group.show(write_result(group.run, [SOUTH, NORTH], "threshold"))
    assert "Polygons: storage tank" in lost
    assert "by number" in lost
    assert layer.subsetString() == ""
    assert layer.featureCount() == 2


@pytest.mark.parametrize(
    ("before", "after", "still"),
    [
        ([NORTH], [EAST, NORTH, SOUTH], [(2, 2)]),
        ([NORTH, EAST], [EAST, NORTH, SOUTH], [(2, 2), (20, 2)]),
        ([NORTH], [EAST, SOUTH], []),
        ([NORTH], [(6, 6, 2, 2), (10, 10, 2, 2), SOUTH], [(3, 3), (5, 5)]),
        ([NORTH], [(2, 2, 20, 20), SOUTH], [(1, 1)]),
        ([], [EAST, NORTH, SOUTH], []),
        ([NORTH], [(14, 4, 10, 10)], []),
        ([NORTH], [], []),
    ],
    ids=["renumbered", "two", "gone", "parts", "grown", "none", "beside", "nothing"],
)
def test_a_selection_stays_on_the_same_objects(
    group: ResultGroup, before: list, after: list, still: list
) -> None:
    layer = group.layer("polygons")
    select(layer, *before)
    assert len(chosen(layer)) == len(before)
    group.show(write_result(group.run, after, "threshold"))
    assert chosen(layer) == still


def test_an_object_that_joins_a_larger_one_takes_no_selection_along(
    home: Path, project: QgsProject
) -> None:
    speck, rest = (4, 4, 2, 2), (8, 4, 20, 20)
    run = home / "run"
    group = ResultGroup(run, project)
    group.show(write_result(run, [speck, rest]), UTM)
    select(group.layer("polygons"), speck)
    group.show(write_result(run, [(4, 4, 24, 20)], "threshold"))
    assert chosen(group.layer("polygons")) == []


def test_what_the_analyst_made_of_the_polygons_stays(
    group: ResultGroup, project: QgsProject
) -> None:
    layer = group.layer("polygons")
    table = QgsVectorLayer("NoGeometry?field=expression:string&field=owner:string", "t", "memory")
    project.addMapLayer(table)
    join = QgsVectorLayerJoinInfo()
    join.setJoinLayer(table)
    join.setJoinFieldName("expression")
    join.setTargetFieldName("expression")
    layer.addJoin(join)
    layer.setFieldAlias(layer.fields().lookupField("score"), "Mine")
    layer.renderer().symbol().setOpacity(0.5)
    layer.setLabeling(QgsVectorLayerSimpleLabeling(QgsPalLayerSettings()))
    layer.setLabelsEnabled(True)
    layer.setCrs(OTHER_CRS)
    layer.setName("Mine too")
    metadata = layer.metadata()
    metadata.setTitle("My title")
    metadata.setAbstract("My words")
    layer.setMetadata(metadata)
    project.layerTreeRoot().findLayer(layer.id()).setItemVisibilityChecked(False)
    themes: QgsMapThemeCollection = project.mapThemeCollection()
    record = QgsMapThemeCollection.MapThemeRecord()
    record.addLayerRecord(QgsMapThemeCollection.MapThemeLayerRecord(layer))
    themes.insert("mine", record)
    group.show(write_result(group.run, [NORTH], "threshold"))
    assert layer.vectorJoins()[0].joinLayerId() == table.id()
    assert "t_owner" in [field.name() for field in layer.fields()]
    assert layer.attributeAlias(layer.fields().lookupField("score")) == "Mine"
    assert layer.renderer().symbol().opacity() == 0.5
    assert layer.labelsEnabled()
    assert layer.crs() == OTHER_CRS
    assert layer.name() == "Mine too"
    assert (layer.metadata().title(), layer.metadata().abstract()) == ("My title", "My words")
    assert not project.layerTreeRoot().findLayer(layer.id()).itemVisibilityChecked()
    assert themes.mapThemeVisibleLayers("mine") == [layer]


def test_a_join_by_number_is_told(group: ResultGroup, project: QgsProject) -> None:
    layer = group.layer("polygons")
    table = QgsVectorLayer("NoGeometry?field=fid:integer&field=owner:string", "owners", "memory")
    project.addMapLayer(table)
    join = QgsVectorLayerJoinInfo()
    join.setJoinLayer(table)
    join.setJoinFieldName("fid")
    join.setTargetFieldName("fid")
    layer.addJoin(join)
    (lost,) = group.show(write_result(group.run, [NORTH], "threshold"))
    assert "joined with “owners” by the numbers" in lost
    assert [each.joinLayer() for each in layer.vectorJoins()] == [table]


def test_labels_moved_by_hand_are_told(group: ResultGroup, project: QgsProject) -> None:
    layer = group.layer("polygons")
    key = layer.fields().field("fid")
    layer.setAuxiliaryLayer(project.auxiliaryStorage().createAuxiliaryLayer(key, layer))
    (lost,) = group.show(write_result(group.run, [NORTH], "threshold"))
    assert "by the numbers of its objects" in lost


def test_what_the_analyst_made_of_the_mask_stays(group: ResultGroup) -> None:
    layer = group.layer("mask")
    layer.setOpacity(0.3)
    layer.setCrs(OTHER_CRS)
    layer.dataProvider().setUserNoDataValue(1, [QgsRasterRange(1, 1)])
    layer.dataProvider().setUseSourceNoDataValue(1, False)
    group.show(write_result(group.run, [NORTH], "threshold"))
    assert layer.opacity() == 0.3
    assert layer.crs() == OTHER_CRS
    assert [each.min() for each in layer.dataProvider().userNoDataValues(1)] == [1]
    assert not layer.dataProvider().useSourceNoDataValue(1)


def test_a_preview_leaves_the_style_of_the_probability(group: ResultGroup) -> None:
    layer = group.layer("probability")
    layer.renderer().setOpacity(0.25)
    group.preview(0.4)
    group.end_preview()
    assert layer.renderer().opacity() == 0.25


def test_a_file_that_cannot_be_opened_leaves_the_old_data(group: ResultGroup) -> None:
    layer = group.layer("polygons")
    result = write_result(group.run, [NORTH], "threshold")
    Path(result["polygons"]).write_text("no GeoPackage")
    with pytest.raises(Exception, match="cannot be opened"):
        group.show(result)
    assert layer.isValid()
    assert layer.featureCount() == 3


# -- a project that is opened again --------------------------------------------------------------


@pytest.fixture
def reopen(project: QgsProject) -> Callable[[Path], Results]:
    """Reads a project, and looks for the results in it."""

    def read(file: Path) -> Results:
        assert project.read(str(file))
        return Results(project)

    return read


@pytest.mark.parametrize("end", ["qgz", "qgs"])
def test_a_result_is_found_again(
    group: ResultGroup, project: QgsProject, home: Path, reopen: Callable, end: str
) -> None:
    scene = str(write_raster(home / "scene.tif"))
    group.looked_at({"path": scene, "extent": [0, 0, 1, 1]})
    project.write(str(home / f"map.{end}"))
    again = reopen(home / f"map.{end}").topmost()
    assert again is not group
    assert (again.expression, again.threshold, again.count) == ("storage tank", 0.5, 3)
    assert again.shape == {"minimum_area": 0.0, "simplify": 0.0, "right_angles": False}
    assert again.source == {"path": scene, "extent": [0, 0, 1, 1]}
    assert again.outputs == ("polygons", "mask")
    assert again.probability == str(group.run / "probability.tif")
    again.show(write_result(again.run, [NORTH], "threshold"))
    assert again.layer("polygons").featureCount() == 1
    assert again.layer("polygons").crs() == UTM


def test_a_result_is_found_again_where_the_project_was_moved_to(
    group: ResultGroup, project: QgsProject, home: Path, tmp_path: Path, reopen: Callable
) -> None:
    scene = str(write_raster(home / "scene.tif"))
    project.addMapLayer(QgsRasterLayer(scene, "scene"))
    group.looked_at({"path": scene, "extent": [0, 0, 1, 1]})
    group.show(write_result(group.run, [NORTH], "threshold"))
    project.write(str(home / "map.qgz"))
    project.clear()
    home.rename(tmp_path / "moved")
    again = reopen(tmp_path / "moved" / "map.qgz").topmost()
    assert again.source == {"path": str(tmp_path / "moved" / "scene.tif"), "extent": [0, 0, 1, 1]}
    assert again.run == tmp_path / "moved" / "segment_by_text" / "run"
    assert again.probability == str(again.run / "probability.tif")
    assert all(again.layer(role).isValid() for role in ROLES)


@pytest.mark.parametrize("gone", ROLES)
def test_a_result_is_found_again_by_the_layers_that_are_left(
    group: ResultGroup, project: QgsProject, home: Path, reopen: Callable, gone: str
) -> None:
    project.removeMapLayer(group.layer(gone))
    project.write(str(home / "map.qgz"))
    again = reopen(home / "map.qgz").topmost()
    assert again.probability == str(group.run / "probability.tif")
    again.show(write_result(again.run, [NORTH], "threshold"))
    assert again.layer(gone) is None


def test_a_raster_that_is_gone_is_not_spoken_of(
    group: ResultGroup, project: QgsProject, home: Path, reopen: Callable
) -> None:
    group.looked_at({"path": str(home / "gone.tif")})
    project.write(str(home / "map.qgz"))
    assert reopen(home / "map.qgz").topmost().source is None


def test_a_result_whose_probabilities_are_gone_says_so(
    group: ResultGroup, project: QgsProject, home: Path, reopen: Callable
) -> None:
    project.write(str(home / "map.qgz"))
    project.clear()
    (group.run / "probability.tif").unlink()
    again = reopen(home / "map.qgz").topmost()
    assert (again.expression, again.probability) == ("storage tank", None)


def test_each_of_two_results_is_found_by_its_layers_and_its_group(
    group: ResultGroup, project: QgsProject, home: Path, reopen: Callable
) -> None:
    other = ResultGroup(home / "segment_by_text" / "other", project)
    other.show(write_result(other.run, [SOUTH], expression="ship"), UTM)
    project.write(str(home / "map.qgz"))
    results = reopen(home / "map.qgz")
    nodes = project.layerTreeRoot().children()
    assert [results.at(node).expression for node in nodes] == ["ship", "storage tank"]
    for node in nodes:
        assert {results.at(each) for each in node.findLayers()} == {results.at(node)}
    assert results.at(project.layerTreeRoot()) is None
    assert results.of(None) is None


def test_polygons_edited_in_a_project_that_was_opened_again_stay(
    group: ResultGroup, project: QgsProject, home: Path, reopen: Callable
) -> None:
    project.write(str(home / "map.qgz"))
    again = reopen(home / "map.qgz").topmost()
    layer = again.layer("polygons")
    layer.startEditing()
    layer.deleteFeature(next(layer.getFeatures()).id())
    assert layer.commitChanges()
    again.show(write_result(again.run, [NORTH], "threshold"))
    assert names(project) == ["Polygons", "Polygons", "Mask", "Probability"]
    assert layer.name().endswith("(edited)")
    assert layer.featureCount() == 2
    assert again.layer("polygons").featureCount() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": float("nan")},
        {"threshold": 0},
        {"threshold": "x"},
        {"expression": None, "shape": None, "count": {}},
        {"count": "many"},
        {"count": 1e400},
        {"shape": {"minimum_area": -1, "simplify": 0, "right_angles": False}},
        {"shape": {"minimum_area": float("inf"), "simplify": 0, "right_angles": False}},
        {"shape": [1]},
        None,
    ],
)
def test_what_a_strange_project_says_of_a_result_is_checked(
    group: ResultGroup, project: QgsProject, change: object
) -> None:
    node = project.layerTreeRoot().findLayers()[0]
    facts = json.loads(node.customProperty(FACTS))
    text = "nonsense" if change is None else json.dumps({**facts, **change})
    for each in project.layerTreeRoot().findLayers():
        each.setCustomProperty(FACTS, text)
    assert Results(project).topmost() is None


def test_a_copied_project_shows_its_own_files(
    group: ResultGroup, project: QgsProject, home: Path, tmp_path: Path, reopen: Callable
) -> None:
    project.write(str(home / "map.qgz"))
    shutil.copytree(home, tmp_path / "copy")
    again = reopen(tmp_path / "copy" / "map.qgz").topmost()
    again.show(write_result(again.run, [NORTH], "threshold"))
    assert tmp_path / "copy" in again.run.parents
