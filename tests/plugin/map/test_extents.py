"""A place on the map becomes the right part of the raster, whatever the two CRS are."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsMapSettings,
    QgsPointXY,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from segment_by_text.plugin.map.extents import (
    Place,
    Refusal,
    clip,
    map_view,
    rectangle,
    selected_polygons,
)

from tests.plugin.rasters import write_raster

UTM = QgsCoordinateReferenceSystem("EPSG:32617")
WGS84 = QgsCoordinateReferenceSystem("EPSG:4326")
MERCATOR = QgsCoordinateReferenceSystem("EPSG:3857")


def test_rectangle_in_the_same_crs_is_its_own_bounds(raster: QgsRasterLayer) -> None:
    place = rectangle(QgsRectangle(500004, 2999980, 500020, 2999990), UTM)
    assert clip(place, raster) == ((500004, 2999980, 500020, 2999990), None)


def test_part_outside_of_the_layer_is_cut_off(raster: QgsRasterLayer) -> None:
    place = rectangle(QgsRectangle(499000, 2999990, 500010, 3001000), UTM)
    assert clip(place, raster) == ((500000, 2999990, 500010, 3000000), None)


def test_place_beside_the_layer_is_refused_by_its_name(raster: QgsRasterLayer) -> None:
    with pytest.raises(Refusal, match="scene"):
        clip(rectangle(QgsRectangle(0, 0, 10, 10), UTM), raster)


def test_touching_edge_is_no_extent(raster: QgsRasterLayer) -> None:
    with pytest.raises(Refusal, match="does not meet"):
        clip(rectangle(QgsRectangle(499990, 2999980, 500000, 3000000), UTM), raster)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("crs", [WGS84, MERCATOR], ids=["geographic", "mercator"])
def test_exactly_what_is_inside_the_place_is_inside_the_area(
    raster: QgsRasterLayer, crs: QgsCoordinateReferenceSystem, seed: int
) -> None:
    chance = random.Random(seed)
    whole = QgsCoordinateTransform(raster.crs(), crs, QgsProject.instance()).transform(
        raster.extent()
    )
    xs = sorted(chance.uniform(whole.xMinimum(), whole.xMaximum()) for _ in range(2))
    ys = sorted(chance.uniform(whole.yMinimum(), whole.yMaximum()) for _ in range(2))
    drawn = QgsRectangle(xs[0], ys[0], xs[1], ys[1])
    bounds, wkt = clip(rectangle(drawn, crs), raster)
    area = QgsGeometry.fromWkt(wkt) if wkt else QgsGeometry.fromRect(QgsRectangle(*bounds))
    back = QgsCoordinateTransform(raster.crs(), crs, QgsProject.instance())
    near = 1e-3 * math.hypot(drawn.width(), drawn.height())
    for _ in range(50):
        point = QgsPointXY(chance.uniform(500000, 500032), chance.uniform(2999968, 3000000))
        on_map = QgsGeometry.fromPointXY(back.transform(point))
        edge = QgsGeometry.fromRect(drawn).convertToType(1).distance(on_map)
        if edge > near:
            inside = drawn.contains(on_map.asPoint())
            assert area.contains(point) == inside
            assert not inside or QgsRectangle(*bounds).contains(point)


def test_turned_map_view_is_an_area_inside_its_bounds(raster: QgsRasterLayer) -> None:
    settings = QgsMapSettings()
    settings.setOutputSize(QSize(100, 100))
    settings.setDestinationCrs(UTM)
    settings.setExtent(QgsRectangle(500012, 2999980, 500020, 2999988))
    settings.setRotation(45)
    bounds, wkt = clip(map_view(settings), raster)
    area = QgsGeometry.fromWkt(wkt)
    assert area.area() == pytest.approx(64, rel=1e-6)
    assert QgsRectangle(*bounds).area() == pytest.approx(128, rel=1e-6)


def test_map_view_of_a_map_in_another_crs_lies_over_the_layer(raster: QgsRasterLayer) -> None:
    settings = QgsMapSettings()
    settings.setOutputSize(QSize(300, 200))
    settings.setDestinationCrs(WGS84)
    back = QgsCoordinateTransform(raster.crs(), WGS84, QgsProject.instance())
    settings.setExtent(back.transformBoundingBox(QgsRectangle(500008, 2999976, 500024, 2999992)))
    bounds, _ = clip(map_view(settings), raster)
    centre = QgsRectangle(*bounds).center()
    assert centre.distance(QgsPointXY(500016, 2999984)) < 0.5


@pytest.mark.parametrize("turn", [0, 45, 200])
@pytest.mark.parametrize(
    ("crs", "width"), [(MERCATOR, 1.6e7), (MERCATOR, 8e7), (WGS84, 72), (WGS84, 720)]
)
def test_map_view_of_a_continent_holds_the_whole_layer(
    raster: QgsRasterLayer, crs: QgsCoordinateReferenceSystem, width: float, turn: float
) -> None:
    there = QgsCoordinateTransform(raster.crs(), crs, QgsProject.instance())
    middle = there.transform(raster.extent().center())
    settings = QgsMapSettings()
    settings.setOutputSize(QSize(300, 200))
    settings.setDestinationCrs(crs)
    settings.setExtent(QgsRectangle.fromCenterAndSize(middle, width, width / 1.5))
    settings.setRotation(turn)
    whole = raster.extent()
    bounds, area = clip(map_view(settings), raster)
    assert QgsRectangle(*bounds) == whole
    assert area is None


def test_layer_in_degrees_gets_its_extent_in_degrees(project: QgsProject, tmp_path: Path) -> None:
    path = write_raster(tmp_path / "degrees.tif", 4326, (10.0, 1e-5, 0, 50.0, 0, -1e-5))
    layer = QgsRasterLayer(str(path), "degrees")
    mercator = QgsCoordinateTransform(WGS84, MERCATOR, project)
    drawn = mercator.transformBoundingBox(QgsRectangle(10.0001, 49.9995, 10.0003, 49.9998))
    bounds, _ = clip(rectangle(drawn, MERCATOR), layer)
    assert bounds == pytest.approx((10.0001, 49.9995, 10.0003, 49.9998), abs=1e-8)


def test_layer_without_a_crs_takes_map_coordinates_as_its_own(
    project: QgsProject, tmp_path: Path
) -> None:
    layer = QgsRasterLayer(str(write_raster(tmp_path / "nowhere.tif", epsg=0)), "nowhere")
    layer.setCrs(QgsCoordinateReferenceSystem())
    place = rectangle(QgsRectangle(500004, 2999980, 500020, 2999990), UTM)
    assert clip(place, layer) == ((500004, 2999980, 500020, 2999990), None)


def test_turned_raster_is_met_where_it_lies(project: QgsProject, tmp_path: Path) -> None:
    turn = math.cos(math.pi / 6) * 0.5, math.sin(math.pi / 6) * 0.5
    transform = (500000.0, turn[0], turn[1], 3000000.0, turn[1], -turn[0])
    layer = QgsRasterLayer(str(write_raster(tmp_path / "turned.tif", 32617, transform)), "turned")
    middle = QgsPointXY(500000 + 32 * sum(turn), 3000000 + 32 * (turn[1] - turn[0]))
    place = rectangle(QgsRectangle.fromCenterAndSize(middle, 4, 4), UTM)
    bounds, wkt = clip(place, layer)
    assert wkt is None
    assert bounds == pytest.approx((middle.x() - 2, middle.y() - 2, middle.x() + 2, middle.y() + 2))


def test_long_edges_bend_with_the_projection(project: QgsProject, tmp_path: Path) -> None:
    transform = (300000.0, 6000.0, 0, 6400000.0, 0, -6000.0)
    layer = QgsRasterLayer(str(write_raster(tmp_path / "wide.tif", 32633, transform)), "wide")
    drawn = QgsRectangle(14, 55, 18, 57)
    _, wkt = clip(rectangle(drawn, WGS84), layer)
    middle = QgsCoordinateTransform(WGS84, layer.crs(), project).transform(QgsPointXY(16, 57))
    edge = QgsGeometry.fromWkt(wkt).convertToType(1)
    assert edge.distance(QgsGeometry.fromPointXY(middle)) < 20


def test_selected_polygons_become_one_area(raster: QgsRasterLayer, project: QgsProject) -> None:
    layer = QgsVectorLayer("Polygon?crs=EPSG:32617", "fields", "memory")
    for x in (500002, 500012, 500022):
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(x, 2999980, x + 4, 2999984)))
        layer.dataProvider().addFeature(feature)
    layer.select([feature.id() for feature in layer.getFeatures()][:2])
    bounds, wkt = clip(selected_polygons(layer), raster)
    assert bounds == (500002, 2999980, 500016, 2999984)
    assert QgsGeometry.fromWkt(wkt).area() == pytest.approx(32)


def test_no_selection_is_refused_by_the_name_of_the_layer(project: QgsProject) -> None:
    layer = QgsVectorLayer("Polygon?crs=EPSG:32617", "fields", "memory")
    with pytest.raises(Refusal, match="fields"):
        selected_polygons(layer)


@pytest.mark.parametrize("layer", [None, "Point?crs=EPSG:32617"])
def test_only_polygons_can_be_an_extent(project: QgsProject, layer) -> None:
    with pytest.raises(Refusal, match="polygon layer"):
        selected_polygons(layer and QgsVectorLayer(layer, "points", "memory"))


def test_place_that_cannot_be_transformed_says_so(raster: QgsRasterLayer) -> None:
    nowhere = QgsGeometry.fromRect(QgsRectangle(1e30, 1e30, 2e30, 2e30))
    with pytest.raises(Refusal):
        clip(Place(nowhere, MERCATOR), raster)
