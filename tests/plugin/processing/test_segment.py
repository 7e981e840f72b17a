"""`segmentbytext:segment` in the toolbox, in scripts and in models."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from osgeo import gdal
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProject,
    QgsRasterLayer,
    QgsRasterRange,
    QgsRectangle,
    QgsVectorLayer,
)
from segment_by_text.plugin.engine.process import Engine
from segment_by_text.plugin.processing.provider import Provider
from segment_by_text.plugin.settings import Settings

from tests.plugin.rasters import write_raster, write_tied_scene
from tests.plugin.tile_server import TileServer
from tests.plugin.waiting import until

ID = "segmentbytext:segment"
SURE = {"EXPRESSION": "storage tank", "THRESHOLD": 0.01}


class Listener(QgsProcessingFeedback):
    """Hears what the algorithm says it is doing."""

    def __init__(self) -> None:
        super().__init__(False)
        self.said = []
        self.warned = []
        self.informed = []

    def pushInfo(self, text: str) -> None:
        self.informed.append(text)

    def pushWarning(self, text: str) -> None:
        self.warned.append(text)

    def setProgressText(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture
def register(qgis_processing) -> Iterator[Callable]:
    """Registers the provider on an engine."""
    registry = QgsApplication.processingRegistry()
    providers = []

    def on(engine) -> None:
        providers.append(Provider(engine, engine))
        registry.addProvider(providers[-1])

    yield on
    for provider in providers:
        registry.removeProvider(provider)


@pytest.fixture
def run(register: Callable, engine) -> Callable:
    """Runs the algorithm on the real engine."""
    import processing

    register(engine)
    return lambda **parameters: processing.run(ID, parameters)


def test_outputs_are_where_they_were_asked_for(
    run: Callable, raster: QgsRasterLayer, tmp_path: Path
) -> None:
    wanted = {
        "POLYGONS": str(tmp_path / "found.gpkg"),
        "MASK": str(tmp_path / "mask.tif"),
        "PROBABILITY": str(tmp_path / "probability.tif"),
    }
    found = run(INPUT=raster, **SURE, **wanted)
    assert {name: found[name] for name in wanted} == wanted
    mask = gdal.Open(wanted["MASK"])
    source = gdal.Open(raster.source())
    assert mask.GetGeoTransform() == source.GetGeoTransform()
    assert mask.GetProjection() == source.GetProjection()
    assert found["COUNT"] == QgsVectorLayer(wanted["POLYGONS"]).featureCount() > 0


@pytest.mark.parametrize("suffix", ["shp", "geojson", "gpkg"])
def test_polygons_are_written_in_the_format_of_their_name(
    run: Callable, raster: QgsRasterLayer, tmp_path: Path, suffix: str
) -> None:
    found = run(INPUT=raster, **SURE, POLYGONS=str(tmp_path / f"found.{suffix}"))
    layer = QgsVectorLayer(found["POLYGONS"])
    assert layer.featureCount() == found["COUNT"] > 0
    assert next(layer.getFeatures())["expression"] == "storage tank"


def test_temporary_polygons_are_a_layer(run: Callable, raster: QgsRasterLayer) -> None:
    found = run(INPUT=raster, **SURE, POLYGONS="TEMPORARY_OUTPUT")
    assert found["POLYGONS"].featureCount() == found["COUNT"]
    assert found["POLYGONS"].crs().authid() == "EPSG:32617"
    fields = [field.name() for field in found["POLYGONS"].fields()]
    assert {"expression", "score", "area_m2", "model", "weights_sha256"} <= set(fields)
    assert "fid" not in fields


def test_extent_may_be_in_any_crs(run: Callable, raster: QgsRasterLayer, tmp_path: Path) -> None:
    wgs84 = QgsCoordinateReferenceSystem("EPSG:4326")
    away = QgsCoordinateTransform(raster.crs(), wgs84, QgsProject.instance())
    drawn = away.transformBoundingBox(QgsRectangle(500008, 2999976, 500020, 2999988))
    sides = (drawn.xMinimum(), drawn.xMaximum(), drawn.yMinimum(), drawn.yMaximum())
    extent = ",".join(f"{side:.12f}" for side in sides) + " [EPSG:4326]"
    found = run(INPUT=raster, **SURE, EXTENT=extent, MASK=str(tmp_path / "mask.tif"))
    left, _, _, top, _, _ = gdal.Open(found["MASK"]).GetGeoTransform()
    assert (left, top) == (pytest.approx(500008, abs=0.51), pytest.approx(2999988, abs=0.51))


def test_resolution_and_bands_reach_the_engine(
    run: Callable, raster: QgsRasterLayer, tmp_path: Path
) -> None:
    probability = str(tmp_path / "p.tif")
    run(INPUT=raster, **SURE, RESOLUTION=1.0, BANDS=[3, 2, 1], PROBABILITY=probability)
    raster = gdal.Open(probability)
    assert raster.GetGeoTransform()[1] == pytest.approx(1.0)
    assert "band 3/2/1" in raster.GetMetadata("SEGMENT_BY_TEXT")["stretch"]


def test_warp_reaches_the_engine(run: Callable, project: QgsProject, tmp_path: Path) -> None:
    tied = QgsRasterLayer(str(write_tied_scene(tmp_path / "tied.tif")), "tied")
    project.addMapLayer(tied)
    found = run(INPUT=tied, **SURE, WARP=True, MASK=str(tmp_path / "mask.tif"))
    mask = QgsRasterLayer(found["MASK"])
    assert mask.extent().toString(9) == tied.extent().toString(9)


def test_the_shape_of_polygons_reaches_the_engine(run: Callable, raster: QgsRasterLayer) -> None:
    def corners(**shape: object) -> list[int]:
        layer = run(INPUT=raster, **SURE, **shape, POLYGONS="TEMPORARY_OUTPUT")["POLYGONS"]
        return [f.geometry().constGet().nCoordinates() for f in layer.getFeatures()]

    exact = corners()
    assert sum(exact) >= sum(corners(OUTLINES="smooth")) > 0
    assert sum(exact) >= sum(corners(OUTLINES="right angles")) > 0
    assert corners(SMALLEST=1e9) == []


def test_relative_paths_are_those_of_the_working_directory(
    run: Callable, raster: QgsRasterLayer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outputs = {"POLYGONS": "found.gpkg", "MASK": "mask.tif", "PROBABILITY": "./probability.tif"}
    run(INPUT="scene.tif", **SURE, **outputs)
    assert gdal.Open(str(tmp_path / "mask.tif")).GetGeoTransform()[0] == 500000
    assert gdal.Open(str(tmp_path / "probability.tif")) is not None
    found = QgsVectorLayer(str(tmp_path / "found.gpkg"))
    assert {feature["source"] for feature in found.getFeatures()} == {raster.source()}


def test_a_scene_of_the_plugins_own_is_not_read_in_its_place(
    run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "resources/scenes/airport.tif"
    (tmp_path / name).parent.mkdir(parents=True)
    write_raster(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    run(INPUT=name, **SURE, MASK="mask.tif")
    mask, given = gdal.Open("mask.tif"), gdal.Open(name)
    assert mask.GetGeoTransform() == given.GetGeoTransform()
    assert (mask.RasterXSize, mask.RasterYSize) == (given.RasterXSize, given.RasterYSize)


def test_without_polygons_no_number_of_objects_is_told(
    run: Callable, raster: QgsRasterLayer, tmp_path: Path
) -> None:
    import processing

    listener = Listener()
    parameters = {"INPUT": raster, **SURE, "MASK": str(tmp_path / "mask.tif")}
    processing.run(ID, parameters, feedback=listener)
    assert not [text for text in listener.informed if "Objects found" in text]


def test_only_asked_outputs_are_made(run: Callable, raster: QgsRasterLayer, tmp_path: Path) -> None:
    found = run(INPUT=raster, **SURE, MASK=str(tmp_path / "mask.tif"))
    assert "POLYGONS" not in found
    assert "PROBABILITY" not in found


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"EXPRESSION": "  "}, "Type what to find"),
        ({"BANDS": [1, 2]}, "one or three bands"),
        ({"MASK": None}, "at least one output"),
        ({"THRESHOLD": 1.5}, "THRESHOLD"),
        ({"THRESHOLD": 0}, "THRESHOLD"),
        ({"RESOLUTION": -1}, "RESOLUTION"),
        ({"DEVICE": "abacus"}, "DEVICE"),
        ({"INPUT": "nowhere.tif"}, "INPUT"),
    ],
)
def test_nonsense_is_refused_before_the_engine_starts(
    run: Callable, raster: QgsRasterLayer, tmp_path: Path, parameters: dict, message: str
) -> None:
    usual = {"INPUT": raster, "MASK": str(tmp_path / "mask.tif"), **SURE}
    with pytest.raises(QgsProcessingException, match=message):
        run(**{**usual, **parameters})


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"MODEL": "oracle"}, "There is no model 'oracle'"),
        ({"EXTENT": "0,10,0,10 [EPSG:32617]"}, "does not meet"),
    ],
)
def test_refusal_says_why(
    register: Callable,
    engine,
    raster: QgsRasterLayer,
    tmp_path: Path,
    parameters: dict,
    message: str,
) -> None:
    register(engine)
    usual = {"INPUT": raster, "MASK": str(tmp_path / "mask.tif"), **SURE}
    feedback = Listener()
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(ID)
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    _, succeeded = algorithm.run({**usual, **parameters}, context, feedback)
    assert not succeeded
    assert message in feedback.textLog()


def test_dead_engine_is_an_error_and_the_next_run_works(
    register: Callable, faulty_engine, raster: QgsRasterLayer, tmp_path: Path
) -> None:
    import processing

    register(faulty_engine)
    usual = {"INPUT": raster, "MASK": str(tmp_path / "mask.tif")}
    with pytest.raises(QgsProcessingException, match="stopped"):
        processing.run(ID, {**usual, "EXPRESSION": "die"})
    processing.run(ID, {**usual, "EXPRESSION": "tank"})
    assert gdal.Open(usual["MASK"]).ReadAsArray().max() == 1


def test_a_silent_engine_is_warned_of(
    register: Callable, faulty_engine, raster: QgsRasterLayer, tmp_path: Path
) -> None:
    register(faulty_engine)
    faulty_engine.silence = 0.3
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(ID)
    context, feedback = QgsProcessingContext(), Listener()
    context.setProject(QgsProject.instance())
    given = {"INPUT": raster, "EXPRESSION": "quiet tank", "MASK": str(tmp_path / "mask.tif")}
    _, succeeded = algorithm.run({**given, "THRESHOLD": 0.5}, context, feedback)
    assert succeeded
    assert any("said nothing for a minute" in text for text in feedback.warned)
    assert feedback.said[-1] == "Window 3 of 3"


def test_what_the_engine_does_is_told_without_tags(
    register: Callable, faulty_engine, raster: QgsRasterLayer, tmp_path: Path
) -> None:
    register(faulty_engine)
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(ID)
    context, feedback = QgsProcessingContext(), Listener()
    context.setProject(QgsProject.instance())
    news = {"id": 2, "done": 1, "total": 3, "stage": "model", "message": "<h1>tank.tif</h1>"}
    given = {"INPUT": raster, "EXPRESSION": f"news {json.dumps(news)}", "THRESHOLD": 0.5}
    assert algorithm.run({**given, "MASK": str(tmp_path / "mask.tif")}, context, feedback)[1]
    assert any("tank.tif" in text for text in feedback.said)
    assert not any("<" in text for text in feedback.said)


def test_a_python_that_cannot_run_the_engine_is_told_with_a_way_out(
    register: Callable, raster: QgsRasterLayer, tmp_path: Path
) -> None:
    import processing

    Settings().interpreter = sys.executable
    engine = Engine(Settings())
    register(engine)
    with pytest.raises(QgsProcessingException) as failure:
        processing.run(ID, {"INPUT": raster, **SURE, "MASK": str(tmp_path / "mask.tif")})
    assert "cannot run the engine. Not installed: torch, torchvision" in str(failure.value)
    assert "Install the engine, or choose another Python" in str(failure.value)
    assert "Traceback" not in str(failure.value)
    engine.close()


def test_cancelled_run_ends_without_outputs(
    register: Callable, faulty_engine, raster: QgsRasterLayer, tmp_path: Path
) -> None:
    register(faulty_engine)
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(ID)
    context, feedback = QgsProcessingContext(), Listener()
    context.setProject(QgsProject.instance())
    parameters = {
        "INPUT": raster,
        "EXPRESSION": "slow",
        "MASK": str(tmp_path / "mask.tif"),
        "THRESHOLD": 0.5,
    }
    task = QgsProcessingAlgRunnerTask(algorithm, parameters, context, feedback)
    ended = []
    task.executed.connect(lambda succeeded, results: ended.append(results))
    QgsApplication.taskManager().addTask(task)
    until(lambda: "Window 1 of 3" in feedback.said)
    feedback.cancel()
    until(lambda: ended)
    assert not (tmp_path / "mask.tif").exists()


def test_layers_that_go_on_the_map_are_styled(
    run: Callable, raster: QgsRasterLayer, tmp_path: Path, project: QgsProject
) -> None:
    import processing

    found = processing.runAndLoadResults(
        ID,
        {
            "INPUT": raster,
            **SURE,
            "MASK": str(tmp_path / "mask.tif"),
            "POLYGONS": "TEMPORARY_OUTPUT",
        },
    )
    layers = {layer.id(): layer for layer in project.mapLayers().values()}
    mask = next(layer for layer in layers.values() if layer.source() == found["MASK"])
    assert {entry.value: entry.color.alpha() for entry in mask.renderer().classes()}[0] == 0
    polygons = next(layer for layer in layers.values() if isinstance(layer, QgsVectorLayer))
    assert polygons.renderer().symbol().symbolLayerCount() == 3
    index = polygons.fields().lookupField("area_m2")
    assert polygons.attributeDisplayName(index) == "Area (m²)"


def test_algorithm_is_found_by_what_it_does(run: Callable) -> None:
    algorithm = QgsApplication.processingRegistry().algorithmById(ID)
    assert algorithm.provider().name() == "Segment by Text"
    assert algorithm.group() == "Segmentation"
    assert "mask" in algorithm.tags()
    assert "threshold" in algorithm.shortHelpString().lower()
    assert not algorithm.icon().isNull()


def test_raster_without_crs_gives_polygons_in_the_crs_of_its_layer(
    run: Callable, project: QgsProject, tmp_path: Path
) -> None:
    layer = QgsRasterLayer(str(write_raster(tmp_path / "nowhere.tif", epsg=0)), "nowhere")
    layer.setCrs(QgsCoordinateReferenceSystem("EPSG:32617"))
    project.addMapLayer(layer)
    found = run(INPUT=layer, **SURE, POLYGONS="TEMPORARY_OUTPUT")
    assert found["POLYGONS"].crs().authid() == "EPSG:32617"


def test_tiles_are_fetched_first(run: Callable, tiles: QgsRasterLayer, tmp_path: Path) -> None:
    mask = str(tmp_path / "mask.tif")
    extent = "0,200,-200,0 [EPSG:3857]"
    run(INPUT=tiles, **SURE, EXTENT=extent, RESOLUTION=1.0, MASK=mask)
    left, across, _, top, _, down = gdal.Open(mask).GetGeoTransform()
    assert (left, top) == pytest.approx((0, 0), abs=1e-6)
    assert across == -down == pytest.approx(1.0, rel=0.01)


def test_a_missing_tile_ends_the_algorithm_with_its_reason(
    run: Callable, tiles: QgsRasterLayer, server: TileServer, tmp_path: Path
) -> None:
    server.faults[(2**17, 2**17)] = "500"
    asked = {"EXTENT": "0,200,-200,0 [EPSG:3857]", "RESOLUTION": 0.6}
    with pytest.raises(QgsProcessingException, match="could not be fetched whole"):
        run(INPUT=tiles, **SURE, **asked, MASK=str(tmp_path / "mask.tif"))
    assert not (tmp_path / "mask.tif").exists()


def test_all_outputs_are_in_the_crs_of_the_layer(
    run: Callable, raster: QgsRasterLayer, tmp_path: Path
) -> None:
    """And are what a file in that CRS gives."""
    wanted = QgsCoordinateReferenceSystem("EPSG:32616")
    true = tmp_path / "true.tif"
    gdal.Translate(str(true), raster.source(), outputSRS=wanted.authid())
    raster.setCrs(wanted)
    outputs = {
        "POLYGONS": str(tmp_path / "found.gpkg"),
        "MASK": str(tmp_path / "mask.tif"),
        "PROBABILITY": str(tmp_path / "probability.tif"),
    }
    found = run(INPUT=raster, **SURE, **outputs)
    layers = [QgsVectorLayer(found["POLYGONS"])]
    layers += [QgsRasterLayer(found[name]) for name in ("MASK", "PROBABILITY")]
    assert [layer.crs().authid() for layer in layers] == [wanted.authid()] * 3
    areas = sorted(each["area_m2"] for each in layers[0].getFeatures())
    expected = run(INPUT=str(true), **SURE, POLYGONS="TEMPORARY_OUTPUT")["POLYGONS"]
    assert areas == pytest.approx(sorted(each["area_m2"] for each in expected.getFeatures()))


def test_what_the_layer_is_told_of_its_values_reaches_the_engine(
    run: Callable, raster: QgsRasterLayer, tmp_path: Path
) -> None:
    for band in (1, 2, 3):
        raster.dataProvider().setUserNoDataValue(band, [QgsRasterRange(0, 120)])
    found = run(INPUT=raster, **SURE, MASK=str(tmp_path / "mask.tif"))
    pixels = gdal.Open(raster.source()).ReadAsArray()
    none = (pixels <= 120).all(axis=0)
    assert 0 < none.sum() < none.size
    assert ((gdal.Open(found["MASK"]).ReadAsArray() == 255) == none).all()
