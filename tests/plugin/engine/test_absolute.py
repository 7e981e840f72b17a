"""Relative paths are meant from where QGIS works, not from where the engine does."""

from __future__ import annotations

import ast
import zipfile
from pathlib import Path

import pytest
from osgeo import gdal
from segment_by_text.plugin.engine.absolute import (
    MODELS,
    PATHS,
    RASTERS,
    absolute,
    raster_name,
    with_models,
)

from tests.plugin.rasters import write_raster

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a raster, plain and packed, and one with parts."""
    monkeypatch.chdir(tmp_path)
    write_raster(tmp_path / "scene.tif")
    (tmp_path / "sub").mkdir()
    write_raster(tmp_path / "sub" / "a:b.tif")
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
        archive.write("scene.tif")
    return tmp_path


def test_every_path_that_the_engine_takes_is_known_as_one() -> None:
    source = ast.parse((ROOT / "engine" / "service" / "methods.py").read_text("utf-8"))
    taken = {
        argument.arg
        for node in ast.walk(source)
        if isinstance(node, ast.FunctionDef)
        for argument in node.args.args
        if argument.annotation is not None and "Whole" in ast.unparse(argument.annotation)
    }
    # And one that stands in a LabelledLayer.
    assert taken | {"polygons"} == set(PATHS)


@pytest.mark.parametrize("name", PATHS)
def test_a_path_is_made_whole(here: Path, name: str) -> None:
    assert absolute({name: "a/b.tif"}) == {name: str(here / "a" / "b.tif")}
    assert absolute({name: "/a/b.tif"}) == {name: "/a/b.tif"}
    assert absolute({name: None}) == {name: None}


@pytest.mark.parametrize("name", RASTERS)
def test_so_is_that_of_a_raster_however_deep(here: Path, name: str) -> None:
    given = {name: {"path": "scene.tif", "extent": [0, 0, 1, 1], "area": "POLYGON EMPTY"}}
    made = absolute({"layers": [{**given, "polygons": "drawn.gpkg", "expression": "scene.tif"}]})
    (layer,) = made["layers"]
    assert layer[name] == {**given[name], "path": str(here / "scene.tif")}
    assert layer["polygons"] == str(here / "drawn.gpkg")
    assert layer["expression"] == "scene.tif"
    assert absolute(given)[name]["path"] == str(here / "scene.tif")


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("scene.tif", "{}/scene.tif"),
        ("./scene.tif", "{}/scene.tif"),
        ("sub/../scene.tif", "{}/scene.tif"),
        ("sub/a:b.tif", "{}/sub/a:b.tif"),
        ("/vsizip/packed.zip/scene.tif", "/vsizip/{}/packed.zip/scene.tif"),
        ("GTIFF_DIR:1:scene.tif", "GTIFF_DIR:1:{}/scene.tif"),
        ('GTIFF_RAW:"scene.tif"', 'GTIFF_RAW:"{}/scene.tif"'),
    ],
)
def test_what_gdal_opens_here_it_opens_elsewhere(
    here: Path, name: str, whole: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = raster_name(name)
    assert made == whole.format(here)
    if "RAW" not in name:
        assert gdal.Open(name) is not None
        monkeypatch.chdir("/")
        assert gdal.Open(made) is not None


@pytest.mark.parametrize(
    "name",
    [
        "/data/scene.tif",
        "/vsizip//data/packed.zip/scene.tif",
        "/vsizip/{packed.zip}/scene.tif",
        "/vsizip/vsicurl/https://host/packed.zip/scene.tif",
        "/vsicurl/https://host/scene.tif",
        "https://host/scene.tif",
        "PG:dbname=gis table=scenes",
        "<VRTDataset></VRTDataset>",
        "\\\\server\\share\\scene.tif",
    ],
)
def test_what_is_whole_or_no_file_stays(here: Path, name: str) -> None:
    assert raster_name(name) == name


def test_a_file_that_is_not_there_is_named_from_the_disk_on(here: Path) -> None:
    assert raster_name("gone.tif") == str(here / "gone.tif")


def test_the_folder_of_models_is_meant_from_here_too(here: Path) -> None:
    folders = (ROOT / "engine" / "models" / "folders.py").read_text("utf-8")
    assert f'MODELS_VARIABLE = "{MODELS}"' in folders
    assert with_models({MODELS: "models", "HOME": "x"}) == {MODELS: f"{here}/models", "HOME": "x"}
    assert with_models({MODELS: "/models"}) == {MODELS: "/models"}
    assert with_models({MODELS: ""}) == {MODELS: ""}
    assert with_models({}) == {}
