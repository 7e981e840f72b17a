"""Layers into sources, results into layers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsLayerTreeGroup,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorLayerUtils,
)
from qgis.PyQt.QtGui import qAlpha
from segment_by_text.engine.service.client import EngineFailure
from segment_by_text.plugin.map.extents import Refusal, rectangle
from segment_by_text.plugin.map.layers import source_of
from segment_by_text.plugin.results.groups import ResultGroup, add
from segment_by_text.plugin.results.runs import next_version

from tests.plugin.conftest import ROOT
from tests.plugin.rasters import write_raster, write_tied_scene

UTM = QgsCoordinateReferenceSystem("EPSG:32617")
UTM_32 = QgsCoordinateReferenceSystem("EPSG:32632")
REAL = ROOT.parent / "shared" / "data" / "rasters" / "real" / "rio_tiler" / "cog_gcps.tif"


def nodes(group: QgsLayerTreeGroup) -> dict[str, bool]:
    """Name and visibility of the layers in a group, from top to bottom."""
    return {node.name().split(":")[0].lower(): node.isVisible() for node in group.findLayers()}


@pytest.fixture
def segment(engine, raster: QgsRasterLayer, tmp_path: Path) -> Callable:
    """Segments the raster layer with the real engine; nearly everything is selected."""

    def run(expression: str = "storage tank", **options) -> tuple[dict, Path]:
        out = tmp_path / "run"
        params = {
            "source": source_of(raster),
            "expression": expression,
            "model": "rsrefseg2-compact",
            "out": str(out),
            "threshold": 0.01,
            **options,
        }
        return engine.ask("segment", params, lambda _: None, lambda: False), out

    return run


@pytest.fixture
def refine(engine) -> Callable:
    """Asks the real engine for another threshold of a result."""

    def run(result: dict, group: ResultGroup, threshold: float) -> dict:
        params = {
            "probability": result["probability"],
            "out": str(next_version(group.run)),
            "threshold": threshold,
        }
        return engine.ask("rethreshold", params, lambda _: None, lambda: False)

    return run


# -- sources -------------------------------------------------------------------------------------


def test_whole_layer_is_its_path_alone(raster: QgsRasterLayer, tmp_path: Path) -> None:
    assert source_of(raster) == {
        "path": str(tmp_path / "scene.tif"),
        "extent": None,
        "bands": None,
        "resolution": None,
        "area": None,
        "warp": False,
    }


def test_place_bands_and_resolution_are_handed_on(raster: QgsRasterLayer) -> None:
    place = rectangle(QgsRectangle(500004, 2999980, 500020, 2999990), UTM)
    source = source_of(raster, place, [3, 2, 1], 0.6)
    assert source["extent"] == [500004, 2999980, 500020, 2999990]
    assert source["bands"] == [3, 2, 1]
    assert source["resolution"] == 0.6


def test_raster_in_a_zip_keeps_its_vsi_path(project: QgsProject, tmp_path: Path) -> None:
    import zipfile

    write_raster(tmp_path / "inside.tif")
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.write(tmp_path / "inside.tif", "inside.tif")
    path = f"/vsizip/{tmp_path}/archive.zip/inside.tif"
    source = source_of(QgsRasterLayer(path, "zipped"))
    assert gdal.Open(source["path"]).RasterXSize == 64


def test_raster_in_a_geopackage_keeps_its_table(project: QgsProject, tmp_path: Path) -> None:
    for number, size in enumerate((16, 32)):
        gdal.Translate(
            str(tmp_path / "tables.gpkg"),
            str(write_raster(tmp_path / f"{size}.tif", size=size)),
            creationOptions=[
                f"RASTER_TABLE=t{size}",
                f"APPEND_SUBDATASET={'YES' if number else 'NO'}",
            ],
        )
    layer = QgsRasterLayer(f"GPKG:{tmp_path}/tables.gpkg:t32", "table")
    assert gdal.Open(source_of(layer)["path"]).RasterXSize == 32


@pytest.mark.parametrize("layer", [None, "vector"])
def test_no_raster_layer_is_refused(project: QgsProject, layer) -> None:
    with pytest.raises(Refusal, match="no raster layer"):
        source_of(layer and QgsVectorLayer("Point?crs=EPSG:32617", "points", "memory"))


def test_layer_whose_file_is_gone_is_to_be_repaired(project: QgsProject, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"“gone”.*not available"):
        source_of(QgsRasterLayer(str(tmp_path / "gone.tif"), "gone"))


# -- results -------------------------------------------------------------------------------------


def test_result_is_a_group_on_top(
    segment: Callable, raster: QgsRasterLayer, project: QgsProject
) -> None:
    add(*segment("storage tank"), raster.crs(), project)
    group, scene = project.layerTreeRoot().children()
    assert (group.name(), scene.name()) == ("storage tank", "scene")
    assert nodes(group) == {"polygons": True, "mask": True, "probability": False}


def test_group_has_only_what_was_asked_for(
    segment: Callable, raster: QgsRasterLayer, project: QgsProject
) -> None:
    add(*segment(outputs=["mask"]), raster.crs(), project)
    assert list(nodes(project.layerTreeRoot().children()[0])) == ["mask", "probability"]


def test_polygons_are_outlined_and_see_through(
    segment: Callable, raster: QgsRasterLayer, project: QgsProject
) -> None:
    symbol = add(*segment(), raster.crs(), project).layer("polygons").renderer().symbol()
    fill, casing, line = symbol.symbolLayers()
    assert 0 < fill.fillColor().alpha() < 128
    assert casing.width() > line.width() > 0
    assert casing.color().lightness() < line.color().lightness()


def test_mask_hides_what_is_not_selected(
    segment: Callable, raster: QgsRasterLayer, project: QgsProject
) -> None:
    renderer = add(*segment(), raster.crs(), project).layer("mask").renderer()
    alpha = {entry.value: entry.color.alpha() for entry in renderer.classes()}
    assert alpha[0] == 0
    assert 0 < alpha[1] < 255


def test_attributes_have_readable_names_with_units(
    segment: Callable, raster: QgsRasterLayer, project: QgsProject
) -> None:
    layer = add(*segment(), raster.crs(), project).layer("polygons")
    names = {field.name(): layer.attributeDisplayName(i) for i, field in enumerate(layer.fields())}
    assert names["area_m2"] == "Area (m²)"
    assert names["resolution"] == "Ground resolution (m per pixel)"
    own = {name for name, shown in names.items() if name == shown}
    assert own == {"fid"}


def test_layers_tell_where_they_come_from(
    segment: Callable, raster: QgsRasterLayer, project: QgsProject
) -> None:
    result, run = segment()
    metadata = add(result, run, raster.crs(), project).layer("polygons").metadata()
    assert metadata.title() == "storage tank"
    assert result["weights_sha256"] in metadata.abstract()
    assert raster.source() in metadata.abstract()


def test_result_of_a_raster_without_crs_gets_the_one_of_its_layer(
    engine, project: QgsProject, tmp_path: Path
) -> None:
    layer = QgsRasterLayer(str(write_raster(tmp_path / "nowhere.tif", epsg=0)), "nowhere")
    layer.setCrs(UTM)
    params = {
        "source": source_of(layer),
        "expression": "storage tank",
        "model": "rsrefseg2-compact",
        "out": str(tmp_path / "out"),
    }
    result = engine.ask("segment", params, lambda _: None, lambda: False)
    group = add(result, tmp_path / "out", layer.crs(), project)
    assert {group.layer(role).crs().authid() for role in ("polygons", "mask")} == {"EPSG:32617"}


# -- rasters without a transform -----------------------------------------------------------------


def test_what_points_place_is_found_where_qgis_shows_it(
    segment: Callable, project: QgsProject, tmp_path: Path
) -> None:
    layer = QgsRasterLayer(str(write_tied_scene(tmp_path / "tied.tif")), "tied")
    beside = str(tmp_path / "warped.tif")
    gdal.Warp(beside, layer.source(), resampleAlg="bilinear", dstAlpha=True)
    result, run = segment(source=source_of(layer, warp=True), threshold=0.5)
    mask = add(result, run, layer.crs(), project).layer("mask")
    assert mask.crs() == layer.crs()
    assert (mask.width(), mask.height()) == (layer.width(), layer.height())
    assert mask.extent().toString(9) == layer.extent().toString(9)
    found = gdal.Open(result["mask"]).ReadAsArray()
    expected, _ = segment(source=source_of(QgsRasterLayer(beside, "warped")), threshold=0.5)
    same = found == gdal.Open(expected["mask"]).ReadAsArray()
    assert (found == 1).sum() > 1000
    assert same.mean() > 0.99


def test_the_place_on_what_points_place_is_in_the_crs_of_the_map(
    segment: Callable, project: QgsProject, tmp_path: Path
) -> None:
    layer = QgsRasterLayer(str(write_tied_scene(tmp_path / "tied.tif")), "tied")
    middle = layer.extent().center()
    part = QgsRectangle(middle.x(), middle.y(), middle.x() + 2e-4, middle.y() + 2e-4)
    to_utm = QgsCoordinateTransform(layer.crs(), UTM_32, project)
    place = rectangle(to_utm.transformBoundingBox(part), UTM_32)
    result, run = segment(source=source_of(layer, place, warp=True), outputs=["mask"])
    found = add(result, run, layer.crs(), project).layer("mask").extent()
    assert found.contains(part)
    assert found.width() < 1.2 * part.width()


@pytest.mark.skipif(not REAL.exists(), reason="the real rasters are not here")
def test_a_real_radar_image_is_warped_as_qgis_warps_it(
    segment: Callable, project: QgsProject
) -> None:
    layer = QgsRasterLayer(str(REAL), "radar")
    result, run = segment(source=source_of(layer, warp=True), outputs=["mask"])
    mask = add(result, run, layer.crs(), project).layer("mask")
    assert mask.crs() == layer.crs()
    assert mask.extent().toString(6) == layer.extent().toString(6)


def test_points_alone_are_refused_with_the_way_out(
    segment: Callable, project: QgsProject, tmp_path: Path
) -> None:
    layer = QgsRasterLayer(str(write_tied_scene(tmp_path / "tied.tif")), "tied")
    with pytest.raises(EngineFailure, match=r"control points only.*Warp \(under More.*, WARP"):
        segment(source=source_of(layer))


def test_long_expression_is_one_short_line_in_the_tree(
    segment: Callable, raster: QgsRasterLayer, project: QgsProject
) -> None:
    add(*segment("storage tank " * 20), raster.crs(), project)
    name = project.layerTreeRoot().children()[0].name()
    assert len(name) == 60
    assert name.startswith("storage tank storage tank")


# -- another threshold ---------------------------------------------------------------------------


def test_another_threshold_is_new_data_in_the_same_layers(
    segment: Callable, refine: Callable, raster: QgsRasterLayer, project: QgsProject
) -> None:
    result, run = segment()
    group = add(result, run, raster.crs(), project)
    polygons = group.layer("polygons")
    polygons.renderer().symbol().setOpacity(0.5)
    before = {layer.id() for layer in project.mapLayers().values()}
    assert polygons.featureCount() > 0
    again = refine(result, group, 1.0)
    group.show(again, raster.crs())
    assert {layer.id() for layer in project.mapLayers().values()} == before
    assert group.layer("polygons") is polygons
    assert polygons.featureCount() == again["count"] == 0
    assert polygons.renderer().symbol().opacity() == 0.5
    assert polygons.attributeDisplayName(polygons.fields().lookupField("area_m2")) == "Area (m²)"


def test_layer_the_analyst_pointed_elsewhere_keeps_its_file(
    segment: Callable, refine: Callable, raster: QgsRasterLayer, project: QgsProject, tmp_path: Path
) -> None:
    result, run = segment()
    group = add(result, run, raster.crs(), project)
    own = write_raster(tmp_path / "own.tif")
    group.layer("mask").setDataSource(str(own), "mine", "gdal")
    group.show(refine(result, group, 0.9), raster.crs())
    assert own.is_file()
    assert "mask" not in group.outputs
    assert str(own) in {layer.source() for layer in project.mapLayers().values()}


def test_polygons_under_edit_are_not_touched(
    segment: Callable, refine: Callable, raster: QgsRasterLayer, project: QgsProject
) -> None:
    result, run = segment()
    group = add(result, run, raster.crs(), project)
    polygons = group.layer("polygons")
    source = polygons.source()
    polygons.startEditing()
    with pytest.raises(Refusal, match="being edited"):
        group.show(refine(result, group, 0.9), raster.crs())
    assert polygons.source() == source
    polygons.rollBack()


def test_polygons_the_analyst_edited_stay_theirs(
    segment: Callable, refine: Callable, raster: QgsRasterLayer, project: QgsProject
) -> None:
    result, run = segment()
    group = add(result, run, raster.crs(), project)
    polygons = group.layer("polygons")
    count = polygons.featureCount()
    polygons.startEditing()
    shape = next(polygons.getFeatures()).geometry()
    polygons.addFeature(QgsVectorLayerUtils.createFeature(polygons, shape))
    assert polygons.commitChanges()
    group.show(refine(result, group, 1.0), raster.crs())
    assert polygons.isValid()
    assert polygons.featureCount() == count + 1
    assert polygons.name().endswith("(edited)")
    assert group.layer("polygons").featureCount() == 0


# -- preview -------------------------------------------------------------------------------------


@pytest.mark.parametrize("beyond", [0.0, 0.2, 0.8])
def test_preview_paints_exactly_what_the_mask_will_hold(
    segment: Callable, refine: Callable, raster: QgsRasterLayer, project: QgsProject, beyond: float
) -> None:
    result, run = segment()
    group = add(result, run, raster.crs(), project)
    stored = gdal.Open(result["probability"]).ReadAsArray()
    likely = sorted(value for value in stored.ravel() if value > 0)
    threshold = (likely[len(likely) // 2] + beyond) / 254
    group.preview(threshold)
    layer = group.layer("probability")
    block = layer.renderer().block(1, layer.extent(), layer.width(), layer.height())
    painted = [qAlpha(block.color(i)) > 0 for i in range(layer.width() * layer.height())]
    mask = gdal.Open(refine(result, group, threshold)["mask"]).ReadAsArray()
    assert painted == [bool(value) for value in (mask == 1).ravel()]


def test_preview_shows_the_probability_and_its_end_what_was_shown(
    segment: Callable, raster: QgsRasterLayer, project: QgsProject
) -> None:
    group = add(*segment(), raster.crs(), project)
    node = project.layerTreeRoot().children()[0]
    project.layerTreeRoot().findLayer(group.layer("mask").id()).setItemVisibilityChecked(False)
    group.preview(0.4)
    assert nodes(node) == {"polygons": False, "mask": False, "probability": True}
    group.end_preview()
    assert nodes(node) == {"polygons": True, "mask": False, "probability": False}
