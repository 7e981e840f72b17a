"""Another installation's files, which the shell leads to, do not reach the engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyogrio
import pytest
import rasterio
from rasterio import Affine

from engine.variables import OTHERS, use_own_libraries
from tests.engine.foreign import shell

ROOT = Path(__file__).resolve().parents[2]
SCENE = ROOT / "resources/scenes/tank_farm.tif"

LOOK = """
import sys
from engine.variables import use_own_libraries
if "as it is" not in sys.argv:
    use_own_libraries()
import json, pyogrio, pyproj, rasterio
from rasterio.crs import CRS
with rasterio.open(sys.argv[1]) as raster:
    crs = raster.crs.to_wkt()
drawn = pyogrio.raw.read(sys.argv[2])[0]["crs"]
area = pyproj.Geod(ellps="WGS84").polygon_area_perimeter([0, 1, 1], [0, 0, 1])[0]
print(json.dumps([crs, CRS.from_epsg(3857).to_wkt(), drawn, area]))
"""


def own() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in OTHERS}


def python(environ: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return shell(tmp_path_factory.mktemp("foreign"))


@pytest.fixture(scope="module")
def polygons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("drawn") / "polygons.geojson"
    path.write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {},'
        ' "geometry": {"type": "Point", "coordinates": [0, 0]}}]}'
    )
    return path


@pytest.fixture(scope="module")
def right(polygons: Path) -> list:
    return json.loads(python(own(), "-c", LOOK, SCENE, polygons).stdout)


@pytest.mark.parametrize(
    "name",
    ["PROJ_LIB", "PROJ_DATA", "GDAL_DATA", "GDAL_DRIVER_PATH", "GDAL_CONFIG_FILE", "PYTHONPATH"],
)
def test_no_variable_of_another_installation_changes_what_is_read(
    foreign, right, polygons, name
) -> None:
    environ = {**own(), name: foreign[name]}
    seen = python(environ, "-c", LOOK, SCENE, polygons)
    assert json.loads(seen.stdout) == right, seen.stderr


def test_the_shell_of_these_tests_does_change_it(foreign, right, polygons) -> None:
    for name in ("PROJ_LIB", "GDAL_CONFIG_FILE", "PYTHONPATH"):
        seen = python({**own(), name: foreign[name]}, "-c", LOOK, SCENE, polygons, "as it is")
        assert seen.returncode != 0 or json.loads(seen.stdout) != right, name


def test_settings_and_the_way_to_the_network_stay(monkeypatch) -> None:
    kept = {
        "HTTPS_PROXY": "http://proxy:3128",
        "CURL_CA_BUNDLE": "/etc/ssl/own.pem",
        "SSL_CERT_FILE": "/etc/ssl/own.pem",
        "GDAL_HTTP_PROXY": "proxy:3128",
        "GDAL_NUM_THREADS": "2",
        "CPL_TMPDIR": "/data/tmp",
        "PROJ_NETWORK": "ON",
        "PYTHONHASHSEED": "0",
    }
    for name, value in {**kept, "PROJ_LIB": "/usr/share/proj", "GDAL_DATA": "/gdal"}.items():
        monkeypatch.setenv(name, value)
    use_own_libraries()
    assert {name: os.environ.get(name) for name in kept} == kept
    assert not set(OTHERS) & set(os.environ)


def test_what_pythonpath_brings_is_found_behind_the_engines_own(monkeypatch, tmp_path) -> None:
    here, shared = str(tmp_path / "here"), str(tmp_path / "shared")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([shared, "", "relative"]))
    monkeypatch.setattr(sys, "path", [here, shared, os.path.abspath("relative"), "/own/packages"])
    use_own_libraries()
    assert sys.path == [here, "/own/packages", shared, os.path.abspath("relative")]


def test_the_command_line_finds_in_such_a_shell_what_it_finds_without(foreign, tmp_path) -> None:
    """In the CRS of tiles, whose ground size is unknown without PROJ."""
    scene = tmp_path / "scene.tif"
    with rasterio.open(SCENE) as given:
        place = {"crs": "EPSG:3857", "transform": Affine(0.335, 0, -9e6, 0, -0.335, 3.1e6)}
        with rasterio.open(scene, "w", **{**given.profile, **place}) as moved:
            moved.write(given.read())

    def segmented(name: str, environ: dict[str, str]) -> tuple:
        out = tmp_path / name
        words = ("segment", scene, "storage tank", "--out", out, "--device", "cpu")
        ended = python({**environ, "OMP_NUM_THREADS": "1"}, "-m", "engine", *words)
        assert ended.returncode == 0, ended.stderr
        with rasterio.open(out / "mask.tif") as mask:
            facts, _, shapes, values = pyogrio.raw.read(out / "polygons.gpkg")
            area = dict(zip(facts["fields"], values, strict=True))["area_m2"]
            return mask.crs.to_wkt(), mask.read().sum(), facts["crs"], len(shapes), list(area)

    without = segmented("without", own())
    assert without[3] > 0
    assert all(area > 0 for area in without[4])
    assert segmented("within", {**own(), **foreign}) == without
