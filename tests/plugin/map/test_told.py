"""What an analyst tells QGIS of a layer reaches the engine, and nothing else does."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import (
    QgsContrastEnhancement,
    QgsCoordinateReferenceSystem,
    QgsDistanceArea,
    QgsGeometry,
    QgsMultiBandColorRenderer,
    QgsProject,
    QgsRasterBlockFeedback,
    QgsRasterLayer,
    QgsRasterMinMaxOrigin,
    QgsRasterRange,
    QgsSingleBandGrayRenderer,
    QgsSingleBandPseudoColorRenderer,
    QgsVectorLayer,
)
from segment_by_text.plugin.map.layers import source_of

from tests.plugin.rasters import write_raster, write_scene

CUSTOM = "+proj=tmerc +lat_0=27 +lon_0=-81 +k=0.9998 +x_0=5e5 +y_0=1e4 +ellps=bessel +units=m"
CRS = {
    "another": QgsCoordinateReferenceSystem("EPSG:32633"),
    "one not true to scale": QgsCoordinateReferenceSystem("EPSG:3857"),
    "one of the analyst's own": QgsCoordinateReferenceSystem.fromProj(CUSTOM),
}
BESSEL = "EPSG:7004"
LARGEST = sys.float_info.max


def told(layer: QgsRasterLayer, *args: object) -> dict:
    """What the source has beside what every source has, after a way through JSON."""
    source = json.loads(json.dumps(source_of(layer, *args), allow_nan=False))
    return {k: v for k, v in source.items() if k not in ("path", "extent", "area", "warp")}


NOTHING = {"bands": None, "resolution": None}


@pytest.fixture
def layer(project: QgsProject, tmp_path: Path) -> Callable[..., QgsRasterLayer]:
    """A layer of values 0 to 2390 in steps of 10, a band of a file."""

    def make(bands: int = 1, scale: float = 1.0, offset: float = 0.0) -> QgsRasterLayer:
        path = str(tmp_path / "numbers.tif")
        raster = gdal.GetDriverByName("GTiff").Create(path, 20, 12, bands, gdal.GDT_UInt16)
        raster.SetGeoTransform((500000, 0.5, 0, 3000000, 0, -0.5))
        raster.SetProjection(QgsCoordinateReferenceSystem("EPSG:32617").toWkt())
        for number in range(1, bands + 1):
            band = raster.GetRasterBand(number)
            band.WriteArray(10 * np.arange(240, dtype=np.uint16).reshape(12, 20))
            band.SetScale(scale)
            band.SetOffset(offset)
        del raster, band
        return QgsRasterLayer(path, "numbers")

    return make


@pytest.fixture
def segment(engine, tmp_path: Path) -> Callable[..., dict]:
    """Segments a layer with the real engine."""

    def run(layer: QgsRasterLayer, *args: object, **more: object) -> dict:
        params = {
            "source": source_of(layer, *args),
            "expression": "storage tank",
            "model": "rsrefseg2-compact",
            "out": str(tmp_path / "out"),
            **more,
        }
        return engine.ask("segment", params, lambda _: None, lambda: False)

    return run


@pytest.mark.parametrize("bands", [1, 2, 3, 4])
@pytest.mark.parametrize("scale", [1.0, 0.01])
def test_of_a_layer_as_it_was_opened_nothing_is_told(layer: Callable, bands, scale) -> None:
    assert told(layer(bands, scale)) == NOTHING


# -- the CRS -------------------------------------------------------------------------------------


@pytest.mark.parametrize("epsg", [0, 32617])
@pytest.mark.parametrize("crs", CRS.values(), ids=CRS)
def test_a_crs_that_is_not_the_files_is_everywhere(
    segment: Callable, tmp_path: Path, crs: QgsCoordinateReferenceSystem, epsg: int
) -> None:
    path = write_scene(tmp_path / "scene.tif")
    if not epsg:
        raster = gdal.Open(str(path), gdal.GA_Update)
        raster.SetProjection("")
        del raster
    layer = QgsRasterLayer(str(path), "scene")
    assert layer.crs().isValid() == bool(epsg)
    layer.setCrs(crs)
    result = segment(layer, threshold=0.01)

    ruler = QgsDistanceArea()
    ruler.setSourceCrs(crs, QgsProject.instance().transformContext())
    ruler.setEllipsoid(crs.ellipsoidAcronym() if crs.authid() else BESSEL)
    polygons = QgsVectorLayer(result["polygons"], "polygons", "ogr")
    assert polygons.featureCount() > 0
    for polygon in polygons.getFeatures():
        measured = ruler.measureArea(polygon.geometry())
        assert polygon["area_m2"] == pytest.approx(measured, rel=1e-3)
    square = result["resolution"] ** 2
    whole = ruler.measureArea(QgsGeometry.fromRect(layer.extent()))
    grid = QgsRasterLayer(result["probability"], "probability")
    assert square == pytest.approx(whole / (grid.width() * grid.height()), rel=0.02)
    for each in (polygons, grid, QgsRasterLayer(result["mask"], "mask")):
        assert each.crs().isGeographic() == crs.isGeographic()
        if crs.authid():
            assert each.crs() == crs
        else:
            assert "Bessel" in each.crs().toWkt()
            assert 'central_meridian",-81' in each.crs().toWkt()


def test_the_files_own_crs_is_not_told(raster: QgsRasterLayer) -> None:
    raster.setCrs(QgsCoordinateReferenceSystem("EPSG:32617"))
    assert "crs" not in source_of(raster)


# -- nodata --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([QgsRasterRange(100, 100)], [[100, 100]]),
        ([QgsRasterRange(100, 100), QgsRasterRange(2000, 2390)], [[100, 100], [2000, 2390]]),
        ([QgsRasterRange(float("nan"), 90)], [[-LARGEST, 90]]),
        ([QgsRasterRange(2000, float("inf"))], [[2000, LARGEST]]),
    ],
)
def test_additional_nodata_is_told(layer: Callable, segment: Callable, given, expected) -> None:
    numbers = layer(3)
    for band in (1, 2, 3):
        numbers.dataProvider().setUserNoDataValue(band, given)
    assert told(numbers) == {**NOTHING, "nodata": expected}
    probability = gdal.Open(segment(numbers)["probability"]).ReadAsArray()
    block = numbers.dataProvider().block(1, numbers.extent(), 20, 12)
    none = [[block.isNoData(row, col) for col in range(20)] for row in range(12)]
    assert np.array_equal(probability == 255, np.array(none))
    assert 0 < np.array(none).sum() < 240


def test_bounds_that_are_left_out_stay_values(layer: Callable, segment: Callable) -> None:
    numbers = layer()
    range_ = QgsRasterRange(100, 200, QgsRasterRange.BoundsType.Exclusive)
    numbers.dataProvider().setUserNoDataValue(1, [range_])
    assert (gdal.Open(segment(numbers)["probability"]).ReadAsArray() == 255).sum() == 9


def test_nodata_of_one_band_is_told_of_that_band(layer: Callable) -> None:
    numbers = layer(3)
    numbers.dataProvider().setUserNoDataValue(2, [QgsRasterRange(100, 200)])
    assert told(numbers) == {**NOTHING, "nodata": [[100, 200, 2]]}


def test_scaled_nodata_is_told_as_it_is_stored(layer: Callable, segment: Callable) -> None:
    numbers = layer(1, 0.001, -0.1)
    numbers.dataProvider().setUserNoDataValue(1, [QgsRasterRange(0.9, 0.9)])
    ((low, high),) = told(numbers)["nodata"]
    assert low < 1000 < high < low + 0.01
    assert (gdal.Open(segment(numbers)["probability"]).ReadAsArray() == 255).sum() == 1


@pytest.mark.parametrize("scale", [1.0, 0.001, -2.0])
def test_a_range_in_which_nothing_lies_is_not_told(layer: Callable, scale: float) -> None:
    numbers = layer(1, scale, 1.0 if scale != 1 else 0.0)
    numbers.dataProvider().setUserNoDataValue(1, [QgsRasterRange(7, 5)])
    assert "nodata" not in told(numbers)


def test_the_files_nodata_may_be_switched_off(
    project: QgsProject, segment: Callable, tmp_path: Path
) -> None:
    path = write_raster(tmp_path / "scene.tif")
    raster = gdal.Open(str(path), gdal.GA_Update)
    for band in (1, 2, 3):
        raster.GetRasterBand(band).SetNoDataValue(40 * band)
    del raster
    layer = QgsRasterLayer(str(path), "layer")
    assert told(layer) == NOTHING
    for band in (1, 2, 3):
        layer.dataProvider().setUseSourceNoDataValue(band, False)
    assert told(layer) == {**NOTHING, "declared_nodata": False}
    assert (gdal.Open(segment(layer)["probability"]).ReadAsArray() != 255).all()


# -- bands and stretch ---------------------------------------------------------------------------


def test_bands_that_the_analyst_has_chosen_are_told(layer: Callable) -> None:
    numbers = layer(4)
    numbers.setRenderer(QgsMultiBandColorRenderer(numbers.dataProvider(), 4, 3, 2))
    assert told(numbers) == {**NOTHING, "bands": [4, 3, 2]}
    assert told(numbers, None, [1]) == {**NOTHING, "bands": [1]}
    numbers.setRenderer(QgsSingleBandGrayRenderer(numbers.dataProvider(), 3))
    assert told(numbers) == {**NOTHING, "bands": [3]}


def test_colours_that_are_no_picture_tell_of_no_bands(layer: Callable) -> None:
    numbers = layer(4)
    numbers.setRenderer(QgsSingleBandPseudoColorRenderer(numbers.dataProvider(), 4))
    assert told(numbers) == NOTHING


def contrast(layer: QgsRasterLayer, band: int, low: float, high: float) -> QgsContrastEnhancement:
    made = QgsContrastEnhancement(layer.dataProvider().dataType(band))
    made.setMinimumValue(low)
    made.setMaximumValue(high)
    kinds = QgsContrastEnhancement.ContrastEnhancementAlgorithm
    made.setContrastEnhancementAlgorithm(kinds.StretchToMinimumMaximum)
    return made


@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (0.5, 100.0)])
def test_a_stretch_that_the_analyst_has_typed_is_told(
    layer: Callable, segment: Callable, scale: float, offset: float
) -> None:
    numbers = layer(3, scale, offset)
    renderer = numbers.renderer()
    ends = {1: (100, 900), 2: (0, 1000), 3: (500, 700)}
    for band, put in (
        (1, renderer.setRedContrastEnhancement),
        (2, renderer.setGreenContrastEnhancement),
        (3, renderer.setBlueContrastEnhancement),
    ):
        put(contrast(numbers, band, *(scale * end + offset for end in ends[band])))
    measured = renderer.minMaxOrigin()
    assert told(numbers) == NOTHING
    typed = QgsRasterMinMaxOrigin(measured)
    typed.setLimits(QgsRasterMinMaxOrigin.Limits.None_)
    renderer.setMinMaxOrigin(typed)
    assert told(numbers) == {
        **NOTHING,
        "bands": [1, 2, 3],
        "stretch": [list(pair) for pair in ends.values()],
    }
    assert "stretched from 100..900, 0..1000, 500..700" in segment(numbers)["stretch"]
    assert told(numbers, None, [3])["stretch"] == [[500, 700]]


# -- the size of a pixel -------------------------------------------------------------------------


def test_a_resolution_of_a_layer_without_a_crs_is_the_size_of_its_pixels(
    segment: Callable, project: QgsProject, tmp_path: Path
) -> None:
    scene = write_scene(tmp_path / "scene.tif")
    gdal.Translate(str(tmp_path / "plan.png"), str(scene), format="PNG")
    for left in (tmp_path / "plan.png.aux.xml", tmp_path / "plan.wld"):
        left.unlink(missing_ok=True)
    plan = QgsRasterLayer(str(tmp_path / "plan.png"), "plan")
    assert not plan.crs().isValid()
    placed, blind = segment(QgsRasterLayer(str(scene), "scene")), segment(plan)
    told = segment(plan, None, None, 0.125)
    assert told["count"] == placed["count"] > 0
    assert told["area_m2"] == pytest.approx(placed["area_m2"], rel=2e-3)
    assert any("ground resolution" in warning for warning in blind["warnings"])
    assert not any("ground resolution" in warning for warning in told["warnings"])


# -- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a|b.tif", "a|layername=b.tif", "d|e/a.tif", "|.tif"])
def test_a_bar_may_be_in_a_name(
    segment: Callable, project: QgsProject, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    layer = QgsRasterLayer(str(write_scene(path)), "layer")
    assert layer.isValid()
    assert source_of(layer)["path"] == str(path)
    assert segment(layer)["source"] == str(path)


# -- layers without a file -----------------------------------------------------------------------


def test_what_is_told_of_an_exported_layer_is_in_the_values_and_numbers_of_the_export(
    layer: Callable, project: QgsProject
) -> None:
    numbers = layer(4, 0.5, 100.0)
    gdal.GetDriverByName("GTiff").CreateCopy("/vsimem/numbers.tif", gdal.Open(numbers.source()))
    memory = QgsRasterLayer("/vsimem/numbers.tif", "memory")
    memory.setCrs(CRS["another"])
    provider = memory.dataProvider()
    provider.setUserNoDataValue(2, [QgsRasterRange(150, 200)])
    memory.setRenderer(QgsMultiBandColorRenderer(provider, 4, 3, 2))
    export = source_of(memory)
    assert export.crs == CRS["another"]
    assert export.bands == (4, 3, 2)
    with export.exported(QgsRasterBlockFeedback(), lambda *_: None) as params:
        assert params["nodata"] == [[150, 200, 3]]
        written = gdal.Open(params["path"]).ReadAsArray()
    shown = provider.block(2, memory.extent(), 20, 12)
    none = [[shown.isNoData(row, col) for col in range(20)] for row in range(12)]
    assert np.array_equal((written[2] >= 150) & (written[2] <= 200), np.array(none))
    gdal.Unlink("/vsimem/numbers.tif")
