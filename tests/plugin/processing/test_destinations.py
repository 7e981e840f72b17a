"""Where outputs go: never over what is read, in the format of their name, and whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from osgeo import gdal, osr
from qgis.core import (
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)
from segment_by_text.plugin.map.extents import Refusal
from segment_by_text.plugin.processing import destination, raster_format
from segment_by_text.plugin.processing.provider import Provider

from tests.plugin.rasters import write_raster

SEGMENT, EVALUATE = "segmentbytext:segment", "segmentbytext:evaluate"
RASTERS = ("MASK", "PROBABILITY")
POND = '{"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}'
OUTPUTS = ("POLYGONS", *RASTERS)


@pytest.fixture
def run(qgis_processing, faulty_engine) -> Iterator[Callable]:
    """Runs an algorithm on an engine of ours that answers at once."""
    import processing

    provider = Provider(faulty_engine, faulty_engine)
    registry = QgsApplication.processingRegistry()
    registry.addProvider(provider)
    yield lambda name, **parameters: processing.run(name, parameters)
    registry.removeProvider(provider)


@pytest.fixture
def scene(tmp_path: Path, project: QgsProject) -> QgsRasterLayer:
    layer = QgsRasterLayer(str(write_raster(tmp_path / "scene.tif")), "scene")
    project.addMapLayer(layer)
    return layer


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def itself(scene: Path) -> str:
    return str(scene)


def through_a_link(scene: Path) -> str:
    link = scene.parent / "link.tif"
    link.symlink_to(scene)
    return str(link)


def with_dots(scene: Path) -> str:
    return str(scene.parent / ".." / scene.parent.name / scene.name)


SPELLINGS = (itself, through_a_link, with_dots)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("wrapped", [False, True], ids=["path", "definition"])
def test_an_output_never_takes_the_place_of_the_input(
    run: Callable, scene: QgsRasterLayer, output: str, spelling: Callable, wrapped: bool
) -> None:
    path = Path(scene.source())
    target = spelling(path)
    before = path.read_bytes()
    wanted = QgsProcessingOutputLayerDefinition(target) if wrapped else target
    with pytest.raises(QgsProcessingException, match="is read, and the output"):
        run(SEGMENT, INPUT=scene, EXPRESSION="tank", **{output: wanted})
    assert path.read_bytes() == before


@pytest.mark.parametrize("output", RASTERS)
def test_nor_of_what_the_input_stands_on(
    run: Callable, scene: QgsRasterLayer, project: QgsProject, tmp_path: Path, output: str
) -> None:
    inner, outer = str(tmp_path / "inner.vrt"), str(tmp_path / "outer.vrt")
    gdal.BuildVRT(inner, [scene.source()])
    gdal.BuildVRT(outer, [inner])
    layer = QgsRasterLayer(outer, "outer")
    project.addMapLayer(layer)
    before = contents(tmp_path)
    for target in (scene.source(), inner, outer):
        with pytest.raises(QgsProcessingException, match="is read, and the output"):
            run(SEGMENT, INPUT=layer, EXPRESSION="tank", **{output: target})
    assert contents(tmp_path) == before


def test_nor_does_what_qgis_makes_of_its_name(
    run: Callable, scene: QgsRasterLayer, project: QgsProject, tmp_path: Path
) -> None:
    path = tmp_path / "ground.gpkg"
    gdal.Translate(str(path), scene.source(), format="GPKG")
    layer = QgsRasterLayer(str(path), "ground")
    project.addMapLayer(layer)
    before = path.read_bytes()
    for target in (path, path.with_suffix("")):
        with pytest.raises(QgsProcessingException, match="is read, and the output"):
            run(SEGMENT, INPUT=layer, EXPRESSION="tank", POLYGONS=str(target))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("read", "written", "lost"),
    [("AAIGrid", "scene.shp", "scene.prj"), ("ENVI", "scene.tab", "scene.dat")],
)
def test_nor_does_what_a_format_of_polygons_writes_beside(
    run: Callable, project: QgsProject, tmp_path: Path, read: str, written: str, lost: str
) -> None:
    whole = gdal.Open(str(write_raster(tmp_path / "whole.tif")))
    path = tmp_path / ("scene.asc" if read == "AAIGrid" else "scene.dat")
    gdal.Translate(str(path), whole, format=read, bandList=[1])
    layer = QgsRasterLayer(str(path), "scene")
    project.addMapLayer(layer)
    before = contents(tmp_path)
    with pytest.raises(QgsProcessingException, match="is read, and the output"):
        run(SEGMENT, INPUT=layer, EXPRESSION="tank", POLYGONS=str(tmp_path / written))
    assert (tmp_path / lost).exists()
    assert contents(tmp_path) == before


def test_polygons_may_have_the_name_of_their_raster(run: Callable, scene: QgsRasterLayer) -> None:
    shapes = Path(scene.source()).with_suffix(".shp")
    run(SEGMENT, INPUT=scene, EXPRESSION="tank", POLYGONS=str(shapes))
    assert shapes.with_suffix(".prj").exists()


def test_two_outputs_are_two_files(run: Callable, scene: QgsRasterLayer, tmp_path: Path) -> None:
    same = {"MASK": str(tmp_path / "a.tif"), "PROBABILITY": str(tmp_path / "x" / ".." / "a.tif")}
    with pytest.raises(QgsProcessingException, match="for two outputs"):
        run(SEGMENT, INPUT=scene, EXPRESSION="tank", **same)


def test_a_model_is_refused_as_well(run: Callable, scene: QgsRasterLayer) -> None:
    """It does not ask an algorithm to check its parameters."""
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(SEGMENT)
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback(False)
    context.setProject(QgsProject.instance())
    parameters = {"INPUT": scene, "EXPRESSION": "tank", "MASK": scene.source(), "THRESHOLD": 0.5}
    assert not algorithm.run(parameters, context, feedback)[1]
    assert "is read, and the output" in feedback.textLog()


@pytest.mark.parametrize("read", ["scene.tif", "ponds.gpkg"])
def test_a_report_is_none_of_what_is_compared(
    run: Callable, scene: QgsRasterLayer, project: QgsProject, tmp_path: Path, read: str
) -> None:
    ponds = tmp_path / "ponds.gpkg"
    gdal.VectorTranslate(
        str(ponds), '{"type": "Polygon", "coordinates": [[[0,0],[1,0],[1,1],[0,0]]]}'
    )
    target = tmp_path / f"{read}.json"
    os.link(tmp_path / read, target)
    layer = QgsVectorLayer(str(ponds), "ponds")
    before = contents(tmp_path)
    with pytest.raises(QgsProcessingException, match="is read, and the output"):
        run(EVALUATE, INPUT=scene, POLYGONS=layer, EXPRESSION="pond", REPORT=str(target))
    assert contents(tmp_path) == before


def test_samples_are_not_replaced_by_their_report(run: Callable, tmp_path: Path) -> None:
    samples = tmp_path / "annotations.jsonl"
    samples.write_text("{}\n")
    os.link(samples, tmp_path / "report.json")
    with pytest.raises(QgsProcessingException, match="is read, and the output"):
        run(EVALUATE, ANNOTATIONS=str(samples), REPORT=str(tmp_path / "report.json"))
    with pytest.raises(QgsProcessingException, match=r"cannot be written as \.html"):
        run(EVALUATE, ANNOTATIONS=str(samples), REPORT=str(tmp_path / "report.html"))
    with pytest.raises(QgsProcessingException, match="is not on a disk"):
        run(EVALUATE, ANNOTATIONS=str(samples), REPORT=f"file://{tmp_path}/report.json")


# Formats

FORMATS = {"tif": "GTiff", "png": "PNG", "img": "HFA", "jp2": "JP2OpenJPEG", "asc": "AAIGrid"}


@pytest.mark.parametrize(("ending", "driver"), FORMATS.items())
@pytest.mark.parametrize("output", RASTERS)
def test_a_raster_has_the_format_of_its_name(
    run: Callable, scene: QgsRasterLayer, tmp_path: Path, ending: str, driver: str, output: str
) -> None:
    plain = run(SEGMENT, INPUT=scene, EXPRESSION="tank", **{output: str(tmp_path / "plain.tif")})
    target = tmp_path / "new" / f"out.{ending}"
    found = run(SEGMENT, INPUT=scene, EXPRESSION="tank", **{output: str(target)})
    expected, written = gdal.Open(plain[output]), gdal.Open(found[output])
    assert written.GetDriver().ShortName == driver
    assert written.ReadAsArray().tolist() == expected.ReadAsArray().tolist()
    assert written.GetGeoTransform() == pytest.approx(expected.GetGeoTransform())
    crs = [osr.SpatialReference(each.GetProjection()) for each in (written, expected)]
    assert crs[0].IsSame(crs[1])
    assert not [path for path in target.parent.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("name", ["out.jpg", "out.vrt", "out.webp", "out.foo", "out.kml"])
@pytest.mark.parametrize("output", RASTERS)
def test_a_format_that_would_change_it_is_refused_before_the_run(
    run: Callable, scene: QgsRasterLayer, tmp_path: Path, name: str, output: str
) -> None:
    with pytest.raises(QgsProcessingException, match=f"named {name} would not keep its values"):
        run(SEGMENT, INPUT=scene, EXPRESSION="die", **{output: str(tmp_path / name)})
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("/vsimem/out.tif", "is not on a disk"),
        ("/vsizip/out.zip/out.tif", "is not on a disk"),
        ("file:///{}/out.tif", "is not on a disk"),
        ("postgres:out", "is not on a disk"),
        ("memory:", "is not on a disk"),
        ("http://example.org/out.tif", "is not on a disk"),
        ("postgres://out", "is not on a disk"),
        ("{}/a pipe", "is a pipe or a device"),
        ("{}/a file/out.tif", "cannot be written: Not a directory"),
        ("{}/a file/deeper/out.png", "cannot be written: Not a directory"),
        ("{}", "is a folder"),
    ],
)
@pytest.mark.parametrize("output", RASTERS)
def test_a_place_where_nothing_can_be_written_is_refused_before_the_run(
    run: Callable, scene: QgsRasterLayer, tmp_path: Path, target: str, words: str, output: str
) -> None:
    (tmp_path / "a file").write_text("")
    os.mkfifo(tmp_path / "a pipe")
    with pytest.raises(QgsProcessingException, match=words):
        run(SEGMENT, INPUT=scene, EXPRESSION="die", **{output: target.format(tmp_path)})


@pytest.mark.parametrize("name", ["out.gpkg", "out.shp", "out.geojson"])
def test_a_folder_for_polygons_is_made(
    run: Callable, scene: QgsRasterLayer, tmp_path: Path, name: str
) -> None:
    target = tmp_path / "new" / "deep" / name
    run(SEGMENT, INPUT=scene, EXPRESSION="tank", POLYGONS=str(target))
    assert QgsVectorLayer(str(target)).isValid()


def test_a_rotated_raster_is_refused_where_a_format_cannot_turn_it(
    run: Callable, scene: QgsRasterLayer, project: QgsProject, tmp_path: Path
) -> None:
    raster = gdal.Open(scene.source(), gdal.GA_Update)
    raster.SetGeoTransform((500000, 0.4, 0.1, 3000000, 0.1, -0.4))
    raster = None
    turned = QgsRasterLayer(scene.source(), "turned")
    project.addMapLayer(turned)
    with pytest.raises(QgsProcessingException, match="would not keep its values and its place"):
        run(SEGMENT, INPUT=turned, EXPRESSION="die", MASK=str(tmp_path / "out.asc"))


# Sidecars


@pytest.fixture
def raster(tmp_path: Path, scene: QgsRasterLayer) -> Path:
    """One of the engine's, with a CRS beside it."""
    path = tmp_path / "engine" / "mask.tif"
    path.parent.mkdir()
    made = gdal.GetDriverByName("GTiff").Create(str(path), 20, 10, 1)
    made.GetRasterBand(1).SetNoDataValue(255)
    made.GetRasterBand(1).Fill(1)
    made.SetMetadata({"expression": "tank"}, "SEGMENT_BY_TEXT")
    made = None
    path.with_name("mask.tif.aux.xml").write_text("<PAMDataset><SRS>EPSG:32633</SRS></PAMDataset>")
    return path


@pytest.mark.parametrize("name", ["out.tif", "out.png"])
def test_old_sidecars_go_and_those_of_the_result_come(
    raster: Path, tmp_path: Path, name: str
) -> None:
    target = tmp_path / "there" / name
    target.parent.mkdir()
    for old in (name, f"{name}.ovr", f"{name}.aux.xml", f"{name}.msk", "out.qml"):
        (target.parent / old).write_text("old")
    destination.put_raster(str(raster), str(target))
    found = {path.name for path in target.parent.iterdir()}
    assert found == {name, f"{name}.aux.xml", "out.qml"}
    written = gdal.Open(str(target))
    assert "32633" in written.GetProjection()
    assert written.GetMetadata("SEGMENT_BY_TEXT") == {"expression": "tank"}


def test_what_cannot_be_written_whole_leaves_what_was_there(
    raster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "there" / "out.png"
    target.parent.mkdir()
    for old in ("out.png", "out.png.aux.xml"):
        (target.parent / old).write_text("old")
    before = contents(target.parent)

    def torn(raster: Path, written: Path) -> None:
        write(raster, written)
        os.truncate(written, written.stat().st_size // 2)

    write = raster_format._write
    monkeypatch.setattr(raster_format, "_write", torn)
    with pytest.raises(Refusal, match=r"out\.png"):
        destination.put_raster(str(raster), str(target))
    monkeypatch.undo()
    monkeypatch.setattr(shutil, "copyfile", _full)
    with pytest.raises(Refusal, match="No space left"):
        destination.put_raster(str(raster), str(target.with_suffix(".tif")))
    assert contents(target.parent) == before


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")
