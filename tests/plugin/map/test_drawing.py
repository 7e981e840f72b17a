"""What is drawn reaches the engine as it is now: edited, filtered, selected, in memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from qgis.core import (
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProject,
    QgsRasterBlockFeedback,
    QgsVectorLayer,
)
from segment_by_text.plugin.engine.written import written
from segment_by_text.plugin.map.drawing import Drawing, drawing_of
from segment_by_text.plugin.map.extents import Refusal

SQUARE = "POLYGON(({0} 0, {0} 1, {1} 1, {1} 0, {0} 0))"


@pytest.fixture
def layer(project: QgsProject) -> QgsVectorLayer:
    """Three squares with names and numbers, in memory."""
    layer = QgsVectorLayer(
        "Polygon?crs=EPSG:32617&field=name:string&field=code:double", "ponds", "memory"
    )
    for number, name in enumerate(("pond", "lake", None)):
        layer.dataProvider().addFeature(square(layer, number, [name, float(number)]))
    project.addMapLayer(layer)
    return layer


def square(layer: QgsVectorLayer, number: int, attributes: list) -> QgsFeature:
    feature = QgsFeature(layer.fields())
    feature.setAttributes(attributes)
    feature.setGeometry(QgsGeometry.fromWkt(SQUARE.format(2 * number, 2 * number + 1)))
    return feature


def copied(drawing: Drawing, path: Path) -> dict:
    """Expression and western edge by id, of the file."""
    drawing.write(path)
    copy = QgsVectorLayer(f"{path}|layername=polygons", "copy", "ogr")
    assert copy.crs() == drawing.crs
    return {
        feature.id(): (feature["expression"] or None, feature.geometry().boundingBox().xMinimum())
        for feature in copy.getFeatures()
    }


def test_polygons_keep_their_ids_and_names(layer: QgsVectorLayer, tmp_path: Path) -> None:
    layer.dataProvider().deleteFeatures([1])
    found = copied(drawing_of(layer, "name"), tmp_path / "p.gpkg")
    assert found == {2: ("lake", 2), 3: (None, 4)}


def test_whole_numbers_are_written_without_a_point(layer: QgsVectorLayer, tmp_path: Path) -> None:
    found = copied(drawing_of(layer, "code"), tmp_path / "p.gpkg")
    assert [text for text, _ in found.values()] == ["0", "1", "2"]


def test_edits_that_are_not_saved_are_taken(layer: QgsVectorLayer, tmp_path: Path) -> None:
    layer.startEditing()
    layer.deleteFeature(1)
    layer.addFeature(square(layer, 5, ["pool", 0.0]))
    layer.changeGeometry(2, QgsGeometry.fromWkt(SQUARE.format(20, 30)))
    found = copied(drawing_of(layer, "name"), tmp_path / "p.gpkg")
    assert sorted(found.values(), key=str) == [("lake", 20), ("pool", 10), (None, 4)]
    assert {2, 3} < set(found), "what had an id keeps it"
    layer.rollBack()


def test_only_the_selected_ones_where_only_they_are_meant(
    layer: QgsVectorLayer, tmp_path: Path
) -> None:
    with pytest.raises(Refusal, match="Nothing is selected"):
        drawing_of(layer, "name", only_selected=True)
    layer.selectByIds([2])
    assert copied(drawing_of(layer, "name", only_selected=True), tmp_path / "p.gpkg") == {
        2: ("lake", 2)
    }


def test_a_filter_holds(layer: QgsVectorLayer, tmp_path: Path) -> None:
    layer.setSubsetString("name = 'pond'")
    assert len(copied(drawing_of(layer), tmp_path / "p.gpkg")) == 1


def test_an_empty_layer_and_no_layer_are_refused(layer: QgsVectorLayer) -> None:
    layer.dataProvider().deleteFeatures([1, 2, 3])
    with pytest.raises(Refusal, match="“ponds” holds no polygons"):
        drawing_of(layer)
    with pytest.raises(Refusal, match="polygon layer"):
        drawing_of(None)


def test_a_disk_that_cannot_be_written_is_told(layer: QgsVectorLayer, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="“ponds” cannot be copied"):
        drawing_of(layer).write(tmp_path / "nowhere" / "p.gpkg")


def test_files_of_a_request_are_there_until_it_ends(layer: QgsVectorLayer) -> None:
    params = {"layers": [{"polygons": drawing_of(layer), "field": ""}], "out": "here"}
    with written(params, QgsRasterBlockFeedback(), lambda *_: None) as ready:
        assert ready["out"] == "here"
        path = Path(ready["layers"][0]["polygons"])
        assert QgsVectorLayer(str(path), "copy", "ogr").featureCount() == 3
    assert not path.exists()


def test_curves_become_edges(project: QgsProject, tmp_path: Path) -> None:
    layer = QgsVectorLayer("CurvePolygon?crs=EPSG:32617", "round", "memory")
    feature = QgsFeature()
    feature.setGeometry(
        QgsGeometry.fromWkt("CurvePolygon(CircularString(0 0, 5 5, 10 0, 5 -5, 0 0))")
    )
    layer.dataProvider().addFeature(feature)
    path = tmp_path / "p.gpkg"
    drawing_of(layer).write(path)
    copy = QgsVectorLayer(str(path), "copy", "ogr")
    (found,) = copy.getFeatures(QgsFeatureRequest())
    assert found.geometry().area() == pytest.approx(78.5, abs=0.2)
