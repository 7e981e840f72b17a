"""An analyst in QGIS's window: from layers to a model of one's own, and to a map with it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.e2e.ground import lay_out
from tests.e2e.installed import ROOT, SCENES, make_home, run_in_qgis

pytestmark = pytest.mark.timeout(900)
"""Measuring the presets takes real steps, and so does teaching."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What was seen in QGIS."""
    out = tmp_path_factory.mktemp("finetune")
    raster, polygons = lay_out(SCENES, out)
    log = run_in_qgis(
        Path(__file__).with_name("finetune_script.py"),
        make_home(out),
        {"E2E_OUT": str(out), "E2E_RASTER": str(raster), "E2E_POLYGONS": str(polygons)},
        timeout=850,
    )
    pictures = ROOT / "build" / "e2e"
    pictures.mkdir(parents=True, exist_ok=True)
    for picture in out.glob("*.png"):
        shutil.copy(picture, pictures / f"finetune-{picture.name}")
    report = out / "report.json"
    assert report.exists(), log[-4000:]
    report = json.loads(report.read_text("utf-8"))
    assert "error" not in report, report["error"]
    return report


def test_samples_are_made_of_the_layers(seen: dict) -> None:
    assert "of 34 polygons" in seen["samples"]
    assert "oil tank" in seen["samples"]
    assert "sand infield" in seen["samples"]
    assert seen["previews"] > 5


def test_the_cost_of_a_preset_was_measured(seen: dict) -> None:
    assert "GB" in seen["cost"]


def test_the_training_paused_and_went_on(seen: dict) -> None:
    assert seen["paused"].startswith("Paused at step")
    assert seen["message"] == ""
    assert seen["state"].startswith("Done.")


def test_curves_and_examples_were_shown(seen: dict) -> None:
    assert "after step 4" in seen["loss"]
    assert "after step" in seen["score"]
    assert seen["examples"] > 0
    assert "oil tank" in seen["outcome"]


def test_the_map_is_segmented_with_the_new_model(seen: dict) -> None:
    assert "oil tank" in seen["hint"].removeprefix("Understood: ").split(", ")
    assert "with the model tanks-and-sand" in seen["metadata"]
    assert seen["segmented"]
