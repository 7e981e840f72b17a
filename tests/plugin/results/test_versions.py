"""Which files of former thresholds go, with real projects on the disk."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsRasterLayer, QgsVectorLayer
from segment_by_text.plugin.results import versions
from segment_by_text.plugin.results.groups import ResultGroup
from segment_by_text.plugin.results.versions import Versions

from tests.plugin.engine_results import write_result

UTM = QgsCoordinateReferenceSystem("EPSG:32617")
BOX = (4, 4, 10, 10)


class Slider:
    """Shows one threshold of a run after the other, as the dock does."""

    def __init__(self, run: Path, project: QgsProject) -> None:
        self.versions = Versions(project)
        self.group = ResultGroup(run, project)
        self.group.show(write_result(run, [BOX]), UTM)

    def move(self, name: str) -> Path:
        before = self.group.version
        self.group.show(write_result(self.group.run, [BOX], name))
        folder = self.group.run / name
        self.versions.show(folder)
        self.versions.replace(before)
        return folder


@pytest.fixture
def slider(tmp_path: Path, project: QgsProject) -> Iterator[Slider]:
    slider = Slider(tmp_path / "home" / "segment_by_text" / "run", project)
    yield slider
    slider.versions.close()


def valid(file: Path) -> bool:
    """Whether a saved project finds all its layers, in a fresh look at it."""
    fresh = QgsProject()
    assert fresh.read(str(file))
    layers = fresh.mapLayers().values()
    return bool(layers) and all(layer.isValid() for layer in layers)


@pytest.mark.parametrize("end", ["qgz", "qgs"])
def test_a_saved_project_keeps_its_files(
    slider: Slider, project: QgsProject, tmp_path: Path, end: str
) -> None:
    files = []
    for number in range(3):
        slider.move(f"threshold-{number}")
        files.append(tmp_path / "home" / f"map{number}.{end}")
        project.write(str(files[-1]))
    slider.move("threshold-3")
    slider.move("threshold-4")
    copy = shutil.copy(files[0], tmp_path / "home" / f"copy.{end}")
    assert all(valid(file) for file in [*files, Path(copy)])
    assert project.read(str(files[1])), "without saving"
    assert all(layer.isValid() for layer in project.mapLayers().values())
    project.clear()
    assert all(valid(file) for file in [*files, Path(copy)])


def test_thresholds_that_were_passed_through_go_with_the_project(
    slider: Slider, project: QgsProject
) -> None:
    passed = [slider.move(f"threshold-{number}") for number in range(3)]
    last = slider.move("threshold-3")
    assert all((folder / "mask.tif").is_file() for folder in passed), "while it is open"
    project.clear()
    assert [folder for folder in passed if folder.exists()] == []
    for folder in (slider.group.run, last):
        assert (folder / "mask.tif").is_file()
        assert (folder / "polygons.gpkg").is_file()


def test_a_threshold_that_was_looked_at_for_long_stays(
    slider: Slider, project: QgsProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "PASSING_SECONDS", 0.0)
    folder = slider.move("threshold")
    slider.move("threshold-2")
    project.clear()
    assert (folder / "polygons.gpkg").is_file()


def same_spelling(folder: Path) -> str:
    return str(folder)


def through_a_link(folder: Path) -> str:
    (folder.parents[3] / "link").symlink_to(folder.parents[2])
    return str(folder.parents[3] / "link" / folder.relative_to(folder.parents[2]))


def with_a_detour(folder: Path) -> str:
    return f"{folder.parent}/../{folder.parent.name}/./{folder.name}"


def relative(folder: Path) -> str:
    return os.path.relpath(folder)


def polygons(folder: str) -> QgsVectorLayer:
    return QgsVectorLayer(f"{folder}/polygons.gpkg", "own", "ogr")


def filtered(folder: str) -> QgsVectorLayer:
    return QgsVectorLayer(f'{folder}/polygons.gpkg|layername=segments|subset="score" > 0', "own")


def mask(folder: str) -> QgsRasterLayer:
    return QgsRasterLayer(f"{folder}/mask.tif", "own")


def virtual(folder: str) -> QgsVectorLayer:
    uri = f"?layer=ogr:{folder.replace('/', '%2F')}%2Fpolygons.gpkg:seg&query=SELECT * FROM seg"
    return QgsVectorLayer(uri, "own", "virtual")


@pytest.mark.parametrize("spelled", [same_spelling, through_a_link, with_a_detour, relative])
@pytest.mark.parametrize("make", [polygons, filtered, mask, virtual])
def test_a_layer_of_the_analyst_keeps_its_files(
    slider: Slider, project: QgsProject, make: Callable, spelled: Callable
) -> None:
    folder = slider.move("threshold")
    own = make(spelled(folder))
    assert own.isValid()
    project.addMapLayer(own)
    slider.move("threshold-2")
    assert own.isValid()
    project.clear()
    assert (folder / "mask.tif").is_file()


def test_a_duplicate_is_kept_in_a_project_saved_later(
    slider: Slider, project: QgsProject, tmp_path: Path
) -> None:
    slider.move("threshold")
    project.addMapLayer(slider.group.layer("polygons").clone())
    slider.move("threshold-2")
    project.write(str(tmp_path / "home" / "map.qgz"))
    project.removeAllMapLayers()
    project.clear()
    assert valid(tmp_path / "home" / "map.qgz")


def in_another_layer(file: Path) -> None:
    layer = QgsVectorLayer(str(file), "another", "ogr")
    assert layer.startEditing()
    feature = next(layer.getFeatures())
    layer.changeAttributeValue(feature.id(), layer.fields().lookupField("score"), 0.123)
    assert layer.commitChanges()


def in_another_program(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE notes (text)")
        database.execute("INSERT INTO notes VALUES ('of the analyst')")


@pytest.mark.parametrize("edit", [in_another_layer, in_another_program])
def test_polygons_that_were_edited_elsewhere_stay(
    slider: Slider, project: QgsProject, edit: Callable[[Path], None]
) -> None:
    folder = slider.move("threshold")
    edit(folder / "polygons.gpkg")
    slider.move("threshold-2")
    project.clear()
    assert (folder / "polygons.gpkg").is_file()


def test_files_of_others_in_the_folder_stay(slider: Slider, project: QgsProject) -> None:
    folder = slider.move("threshold")
    (folder / "notes.txt").write_text("the analyst's")
    slider.move("threshold-2")
    project.clear()
    assert [file.name for file in folder.iterdir()] == ["notes.txt"]


def test_files_of_an_earlier_session_stay(
    tmp_path: Path, slider: Slider, project: QgsProject
) -> None:
    project.write(str(tmp_path / "home" / "map.qgz"))
    project.read(str(tmp_path / "home" / "map.qgz"))
    slider.move("threshold")
    slider.move("threshold-2")
    assert project.read(str(tmp_path / "home" / "map.qgz"))
    assert all(layer.isValid() for layer in project.mapLayers().values())
