"""`qgis_process run segmentbytext:segment`: without a window, without the dock."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from osgeo import gdal, ogr

from tests.e2e.installed import environ, make_home, qgis_process
from tests.e2e.rasters import iou

gdal.UseExceptions()
ogr.UseExceptions()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("process"))


@pytest.fixture(scope="module")
def run(home: Path):
    """Runs the algorithm as a script would."""

    def call(cwd: Path | None = None, **parameters: object) -> subprocess.CompletedProcess:
        arguments = [f"--{name}={value}" for name, value in parameters.items()]
        return subprocess.run(
            [qgis_process(), "run", "segmentbytext:segment", *arguments],
            env={**environ(home), "QT_QPA_PLATFORM": "offscreen"},
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return call


def test_outputs_are_those_of_the_command_line(
    run, scene: dict, tmp_path: Path, command_line
) -> None:
    expression = scene["expressions"][0]
    mask, polygons = tmp_path / "mask.tif", tmp_path / "polygons.geojson"
    done = run(
        INPUT=scene["path"], EXPRESSION=expression, THRESHOLD=0.1, MASK=mask, POLYGONS=polygons
    )
    assert done.returncode == 0, done.stderr
    expected = command_line(scene["path"], expression, tmp_path / "cli", "--threshold", "0.1")
    assert iou(str(mask), expected["mask"]) == 1.0
    features = json.loads(polygons.read_text("utf-8"))["features"]
    assert len(features) == expected["count"] > 0
    assert {feature["properties"]["expression"] for feature in features} == {expression}


def test_relative_paths_are_those_of_the_working_directory(
    run, scene: dict, tmp_path: Path
) -> None:
    name = Path("resources", "scenes", Path(scene["path"]).name)
    (tmp_path / name).parent.mkdir(parents=True)
    gdal.Translate(str(tmp_path / name), scene["path"], srcWin=[0, 0, 100, 80])
    done = run(tmp_path, INPUT=name, EXPRESSION=scene["expressions"][0], MASK="mask.tif")
    assert done.returncode == 0, done.stderr
    mask = gdal.Open(str(tmp_path / "mask.tif"))
    assert (mask.RasterXSize, mask.RasterYSize) == (100, 80), "not the plugin's own scene"


def test_refusal_is_told_and_is_a_failure(run, scene: dict, tmp_path: Path) -> None:
    done = run(
        INPUT=scene["path"], EXPRESSION="airplane", MODEL="oracle", MASK=tmp_path / "mask.tif"
    )
    assert done.returncode != 0
    assert "There is no model 'oracle'" in done.stdout + done.stderr
    assert not (tmp_path / "mask.tif").exists()


def test_no_engine_outlives_qgis_process(home: Path, scene: dict, tmp_path: Path) -> None:
    command = [qgis_process(), "run", "segmentbytext:segment", f"--INPUT={scene['path']}"]
    process = subprocess.Popen(
        [*command, "--EXPRESSION=airplane", f"--MASK={tmp_path / 'mask.tif'}"],
        env={**environ(home), "QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    engine = wait_for(lambda: child_that_serves(process.pid))
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_for(lambda: not is_running(engine))


def wait_for(condition, seconds: float = 60.0):
    for _ in range(int(seconds / 0.05)):
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise TimeoutError("it never happened")


def child_that_serves(parent: int) -> int | None:
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
            command = (status.parent / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it ended meanwhile
        if int(fields[1]) == parent and b"serve" in command:
            return int(status.parent.name)
    return None


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"
