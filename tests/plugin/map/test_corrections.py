"""What an analyst has put right is kept for the next training."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsRasterLayer, QgsVectorLayer
from segment_by_text.plugin.map import corrections
from segment_by_text.plugin.map.extents import Refusal, rectangle
from segment_by_text.plugin.map.layers import source_of
from segment_by_text.plugin.settings import Settings

SQUARE = "POLYGON((500004 2999980, 500020 2999980, 500004 2999996, 500004 2999980))"


@pytest.fixture
def polygons(project: QgsProject) -> QgsVectorLayer:
    layer = QgsVectorLayer("Polygon?crs=EPSG:32617&field=score:double", "found", "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromWkt(SQUARE))
    layer.dataProvider().addFeature(feature)
    project.addMapLayer(layer)
    return layer


def test_a_correction_holds_the_edited_polygons_and_where_they_were_looked_for(
    polygons: QgsVectorLayer, raster: QgsRasterLayer
) -> None:
    view = polygons.extent().buffered(2)
    source = source_of(raster, rectangle(view, raster.crs()))
    polygons.startEditing()
    polygons.addFeature(QgsFeature(next(polygons.getFeatures())))
    kept = corrections.keep(polygons, "the tank", source, Settings())
    assert polygons.isEditable(), "the analyst goes on editing"
    assert (kept.expression, kept.count) == ("the tank", 2)
    labelled = json.loads(json.dumps(kept.labelled))
    assert labelled["raster"]["path"] == raster.source()
    assert labelled["raster"]["extent"] == pytest.approx([500002, 2999978, 500022, 2999998])
    assert labelled["expression"] == "the tank"
    copy = QgsVectorLayer(f"{labelled['polygons']}|layername={labelled['layer']}", "", "ogr")
    assert copy.featureCount() == 2
    polygons.rollBack()


def test_corrections_are_listed_latest_first_until_they_are_removed(
    polygons: QgsVectorLayer, raster: QgsRasterLayer
) -> None:
    source = source_of(raster)
    first, second = (corrections.keep(polygons, t, source, Settings()) for t in ("a", "b"))
    assert corrections.corrections(Settings()) == [second, first]
    corrections.remove(first)
    assert corrections.corrections(Settings()) == [second]
    assert not first.folder.exists()


def test_a_damaged_correction_is_left_out(polygons: QgsVectorLayer, raster: QgsRasterLayer) -> None:
    whole, damaged = (
        corrections.keep(polygons, t, source_of(raster), Settings()) for t in ("a", "b")
    )
    (damaged.folder / corrections.FACTS).write_text('{"format": 1, "exp')
    assert corrections.corrections(Settings()) == [whole]


def test_a_layer_without_a_file_is_refused_with_advice(
    polygons: QgsVectorLayer, tiles: QgsRasterLayer
) -> None:
    source = source_of(tiles, rectangle(tiles.extent().buffered(-2e7), tiles.crs()), None, 60.0)
    with pytest.raises(Refusal, match=r"“tiles” has no file.*Save As"):
        corrections.keep(polygons, "tank", source, Settings())
    assert corrections.corrections(Settings()) == []


def test_nothing_half_written_is_left(
    polygons: QgsVectorLayer, raster: QgsRasterLayer, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    settings = Settings()
    settings.training_folder = str(tmp_path / "file")
    with pytest.raises(Refusal, match="cannot be written"):
        corrections.keep(polygons, "tank", source_of(raster), settings)
