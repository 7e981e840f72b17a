"""An analyst in QGIS's window: load a scene, type, click, move the threshold."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.e2e.installed import ROOT, make_home, run_in_qgis
from tests.e2e.rasters import iou


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dock")


@pytest.fixture(scope="module")
def seen(out: Path, scene: dict) -> dict:
    """What was seen in QGIS."""
    log = run_in_qgis(
        Path(__file__).with_name("dock_script.py"),
        make_home(out),
        {
            "E2E_OUT": str(out),
            "E2E_SCENE": scene["path"],
            "E2E_EXPRESSION": scene["expressions"][0],
        },
        timeout=300,
    )
    report = out / "report.json"
    assert report.exists(), log[-4000:]
    pictures = ROOT / "build" / "e2e"
    pictures.mkdir(parents=True, exist_ok=True)
    shutil.copy(out / "window.png", pictures / "dock.png")
    report = json.loads(report.read_text("utf-8"))
    assert "error" not in report, report["error"]
    return report


@pytest.fixture(scope="module")
def expected(out: Path, scene: dict, command_line) -> dict:
    """The same request on the command line."""
    options = ("--threshold", "0.1")
    return command_line(scene["path"], scene["expressions"][0], out / "cli", *options)


def test_button_opens_the_dock_on_the_active_layer(seen: dict) -> None:
    assert seen["dock_visible"]
    assert seen["layer"] == "scene"


def test_dock_tells_the_device(seen: dict) -> None:
    assert seen["device"].startswith("CPU") or "GB" in seen["device"]


def test_result_is_a_group_named_after_the_expression(seen: dict, scene: dict) -> None:
    assert seen["first"]["groups"] == [scene["expressions"][0]]
    assert seen["first"]["visible"] == {"polygons": True, "mask": True, "probability": False}
    assert "Objects found" in seen["message"]


def test_mask_is_the_one_of_the_command_line(seen: dict, expected: dict, out: Path) -> None:
    assert iou(str(out / "first_mask.tif"), expected["mask"]) == 1.0


def test_polygons_are_those_of_the_command_line(seen: dict, expected: dict) -> None:
    assert seen["first"]["count"] == expected["count"] > 0
    assert seen["first"]["crs"] == "EPSG:32617"


def test_mask_of_the_moved_threshold_is_the_one_of_the_command_line(
    seen: dict, out: Path, scene: dict, command_line
) -> None:
    options = ("--threshold", "0.2")
    higher = command_line(scene["path"], scene["expressions"][0], out / "higher", *options)
    assert iou(seen["second"]["files"]["mask"], higher["mask"]) == 1.0
    assert seen["second"]["count"] == higher["count"]


def test_moved_threshold_stays_in_its_group(seen: dict) -> None:
    assert seen["second"]["groups"] == seen["first"]["groups"]
    assert seen["second"]["visible"] == seen["first"]["visible"]
    assert seen["second"]["files"]["probability"] == seen["first"]["files"]["probability"]
    assert Path(seen["first"]["files"]["mask"]).exists(), "a project may use it"


def test_a_saved_project_is_whole_and_its_result_is_found_again(seen: dict) -> None:
    opened, expression = seen["reopened"], seen["second"]["groups"][0]
    assert opened["valid_before"]
    assert opened["valid"] == [True] * 5, "the scene, the result and a duplicate"
    assert opened["line"] == f"Result: {expression} · objects: {seen['second']['count']}"
    assert (opened["threshold"], opened["message"]) == (20, "")


def test_the_threshold_is_about_what_the_dock_says(seen: dict) -> None:
    opened = seen["reopened"]
    assert opened["other_words"].startswith("For the next run.")
    assert opened["selected"] == opened["line"]
    assert opened["moved"]["groups"] == seen["second"]["groups"]


def test_unload_takes_the_dock_away(seen: dict) -> None:
    assert not seen["dock_after_unload"]
