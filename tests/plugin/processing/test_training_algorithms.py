"""`segmentbytext:finetune` and `segmentbytext:evaluate` in the toolbox and in scripts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsGeometry,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingFeedback,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)
from segment_by_text.plugin.finetune import jobs
from segment_by_text.plugin.finetune.jobs import JobState
from segment_by_text.plugin.processing.provider import Provider
from segment_by_text.plugin.settings import Settings

from tests.plugin.waiting import until

SQUARE = "POLYGON(({0} 2999990, {0} 2999994, {1} 2999994, {1} 2999990, {0} 2999990))"


@pytest.fixture
def polygons(project: QgsProject) -> QgsVectorLayer:
    layer = QgsVectorLayer("Polygon?crs=EPSG:32617&field=name:string", "ponds", "memory")
    for number in range(3):
        feature = QgsFeature(layer.fields())
        feature.setAttributes(["pond"])
        west = 500000 + 4 * number
        feature.setGeometry(QgsGeometry.fromWkt(SQUARE.format(west, west + 3)))
        layer.dataProvider().addFeature(feature)
    project.addMapLayer(layer)
    return layer


@pytest.fixture
def run(qgis_processing, faulty_engine) -> Iterator[Callable]:
    """Runs an algorithm."""
    import processing

    provider = Provider(faulty_engine, faulty_engine)
    QgsApplication.processingRegistry().addProvider(provider)
    yield lambda name, **given: processing.run(f"segmentbytext:{name}", given)
    QgsApplication.processingRegistry().removeProvider(provider)


@pytest.fixture
def teach(run: Callable, raster: QgsRasterLayer, polygons: QgsVectorLayer) -> Callable:
    usual = {"INPUT": raster, "POLYGONS": polygons, "FIELD": "name", "BASE": "fake"}
    return lambda title, **given: run("finetune", **{**usual, "TITLE": title, **given})


def folder(model: str) -> Path:
    return jobs.jobs_folder(Settings()) / model


def test_a_model_comes_of_layers(teach: Callable) -> None:
    found = teach("Fish ponds", PRESET="quick", STEPS=4, COMPLETE=False, RESOLUTION=0.5)
    assert (found["MODEL"], found["MIOU"]) == ("fish-ponds", 0.6)
    assert found["CARD"].endswith("card.toml")
    told = json.loads((folder("fish-ponds") / "settings.json").read_text())
    assert (told["base"], told["start"], told["steps"], told["preset"]) == ("fake", "", 4, "quick")
    asked = json.loads((folder("fish-ponds") / "samples" / "asked.json").read_text())
    assert asked["settings"] == {
        "resolution": 0.5,
        "finest": 0.1,
        "complete": False,
        "variants": False,
    }


def test_a_model_of_ones_own_is_taught_further(teach: Callable) -> None:
    teach("Ponds")
    teach("More ponds", BASE="ponds", ID="ponds_2")
    told = json.loads((folder("ponds_2") / "settings.json").read_text())
    assert (told["base"], told["start"]) == ("fake", "ponds")


def test_only_selected_polygons_where_only_they_are_asked_for(
    teach: Callable, polygons: QgsVectorLayer
) -> None:
    polygons.selectByIds([2])
    teach("Ponds", POLYGONS=QgsProcessingFeatureSourceDefinition(polygons.id(), True))
    report = json.loads((folder("ponds") / "samples" / "report.json").read_text())
    assert report["features"] == 1


def test_an_interrupted_training_goes_on_when_it_is_run_again(teach: Callable) -> None:
    with pytest.raises(QgsProcessingException, match="stopped unexpectedly"):
        teach("die")
    assert jobs.read(folder("die")).state is JobState.RUNNING
    assert teach("die")["MODEL"] == "die"
    assert jobs.read(folder("die")).state is JobState.DONE


def test_cancel_saves_a_training(
    run: Callable, raster: QgsRasterLayer, polygons: QgsVectorLayer
) -> None:
    registry = QgsApplication.processingRegistry()
    algorithm = registry.createAlgorithmById("segmentbytext:finetune")
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback(False)
    context.setProject(QgsProject.instance())
    given = {"INPUT": raster, "POLYGONS": polygons, "EXPRESSION": "pond", "TITLE": "slow"}
    given.update(BASE="fake", PRESET="quick")
    task = QgsProcessingAlgRunnerTask(algorithm, given, context, feedback)
    ended = []
    task.executed.connect(lambda succeeded, results: ended.append(results))
    QgsApplication.taskManager().addTask(task)
    until(lambda: (folder("slow") / "run" / "log.jsonl").exists())
    feedback.cancel()
    until(lambda: ended)
    assert jobs.read(folder("slow")).state is JobState.PAUSED


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"TITLE": "油罐"}, "name of letters or an id"),
        ({"FIELD": None}, "either the column"),
        ({"EXPRESSION": "pond"}, "either the column"),
        ({"BASE": "open"}, "“open” is no model that can be taught. These can: fake."),
        ({"TITLE": "refuse"}, "The training is refused."),
    ],
)
def test_nonsense_is_refused_and_leaves_nothing(teach: Callable, given: dict, message: str) -> None:
    with pytest.raises(QgsProcessingException, match=message):
        teach(**{"title": "Ponds", **given})
    base = jobs.jobs_folder(Settings())
    assert not base.exists() or not any(base.iterdir())


@pytest.mark.parametrize("suffix", ["json", "md", "png"])
def test_a_model_is_measured_on_what_was_drawn(
    run: Callable, raster: QgsRasterLayer, polygons: QgsVectorLayer, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / "new" / f"report.{suffix}"
    found = run(
        "evaluate", MODEL="fake", INPUT=raster, POLYGONS=polygons, FIELD="name", REPORT=str(path)
    )
    assert (found["MIOU"], found["COUNT"], found["REPORT"]) == (0.5, 3, str(path))
    start = {"json": b"{", "md": b"# Report", "png": b"\x89PNG"}[suffix]
    assert path.read_bytes().startswith(start)
    if suffix == "json":
        assert json.loads(path.read_text())["split"] is None, "all that was drawn counts"


def test_a_model_is_measured_on_samples(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "annotations.jsonl").write_text("{}")
    path = tmp_path / "report.json"
    run(
        "evaluate",
        MODEL="fake",
        ANNOTATIONS=str(tmp_path / "annotations.jsonl"),
        SPLIT="test",
        REPORT=str(path),
    )
    assert json.loads(path.read_text())["split"] == "test"


def test_relative_paths_are_those_of_the_working_directory(
    run: Callable,
    raster: QgsRasterLayer,
    polygons: QgsVectorLayer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "annotations.jsonl").write_text("{}")
    run("evaluate", MODEL="fake", ANNOTATIONS="annotations.jsonl", REPORT="report.json")
    assert json.loads((tmp_path / "report.json").read_text())["n"] == 3
    given = {"INPUT": "scene.tif", "POLYGONS": polygons, "EXPRESSION": "pond", "BASE": "fake"}
    run("finetune", **given, TITLE="Ponds")
    asked = json.loads((folder("ponds") / "samples" / "asked.json").read_text())
    assert asked["layers"][0]["raster"]["path"] == raster.source()


def test_layers_and_samples_at_once_are_refused(
    run: Callable, raster: QgsRasterLayer, tmp_path: Path
) -> None:
    with pytest.raises(QgsProcessingException, match="either a raster layer"):
        run("evaluate", MODEL="fake", REPORT="TEMPORARY_OUTPUT")
    with pytest.raises(QgsProcessingException, match="either a raster layer"):
        run("evaluate", MODEL="fake", INPUT=raster, ANNOTATIONS="x", REPORT="TEMPORARY_OUTPUT")
