"""The command line, in processes of its own, with the bundled model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio

from engine.client import clean_environment
from engine.data.jsonl import encode_mask
from engine.raster.stored import at_least

ROOT = Path(__file__).resolve().parents[2]
SCENE = ROOT / "resources/scenes/airport.tif"
MODEL = "rsrefseg2-compact"


def engine(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "engine", *map(str, arguments)],
        cwd=ROOT,
        env=clean_environment(os.environ),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """One segmentation of a sample scene."""
    out = tmp_path_factory.mktemp("cli") / "new" / "folder"
    return engine("segment", SCENE, "the large white airplane", "--out", out, "--json")


@pytest.fixture(scope="module")
def codes(done: subprocess.CompletedProcess[str]) -> np.ndarray:
    """The stored probabilities of that segmentation."""
    with rasterio.open(done.stdout.splitlines()[0]) as raster:
        return raster.read(1)


def test_a_segmentation_writes_three_files_and_names_them(done, codes) -> None:
    assert done.returncode == 0, done.stderr
    *paths, summary = done.stdout.splitlines()
    assert [Path(path).name for path in paths] == ["probability.tif", "mask.tif", "polygons.gpkg"]
    _, mask, polygons = paths
    with rasterio.open(mask) as made, rasterio.open(SCENE) as given:
        assert (made.shape, made.transform, made.crs) == (given.shape, given.transform, given.crs)
        assert np.array_equal(made.read(1), at_least(codes, 0.5))
    told = json.loads(summary)
    assert [told[name] for name in ("probability", "mask", "polygons")] == paths
    assert told["count"] == pyogrio.read_info(polygons, layer="segments")["features"]
    assert (told["model"], told["source"]) == (MODEL, str(SCENE))
    assert all(f"warning: {warning}" in done.stderr for warning in told["warnings"])


def test_an_evaluation_goes_the_way_of_a_segmentation(done, codes, tmp_path: Path) -> None:
    """What the model said before is all right as its own truth, and all wrong as the opposite."""
    threshold = max(int(np.percentile(codes, 90)), 1) / 254
    said = at_least(codes, threshold)
    common = {"split": "val", "file_name": SCENE.name, "sent": "the large white airplane"}
    rows = [
        {**common, "kind": "right", "segmentation": encode_mask(said)},
        {**common, "kind": "wrong", "segmentation": encode_mask(~said)},
        {**common, "split": "train", "segmentation": encode_mask(~said)},
    ]
    annotations, report = tmp_path / "rows.jsonl", tmp_path / "report.json"
    annotations.write_text("\n".join(map(json.dumps, rows)))
    options = ("--annotations", annotations, "--images", SCENE.parent, "--json", report)
    ran = engine("evaluate", *options, "--split", "val", "--threshold", repr(threshold))

    assert ran.returncode == 0, ran.stderr
    printed = dict(line.split() for line in ran.stdout.splitlines())
    levels = [f"Pr@{level}" for level in (0.5, 0.6, 0.7, 0.8, 0.9)]
    assert list(printed) == [*levels, "oIoU", "mIoU", "n"]
    assert {printed[name] for name in (*levels, "mIoU")} == {"50.00"}
    assert float(printed["oIoU"]) == pytest.approx(
        100 * said.sum() / (said.sum() + said.size), abs=0.006
    )
    assert printed["n"] == "2"
    told = json.loads(report.read_text())
    assert told["weights_sha256"] == json.loads(done.stdout.splitlines()[-1])["weights_sha256"]
    assert (told["mIoU"], told["n"], told["model"]) == (0.5, 2, MODEL)
    assert {kind: metrics["mIoU"] for kind, metrics in told["kinds"].items()} == {
        "right": 1.0,
        "wrong": 0.0,
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("none.tif", "the ship"), "none.tif"),
        ((SCENE, "the ship", "--model", "no-such"), MODEL),
        ((SCENE, " ? "), "expression is empty"),
        ((SCENE, "the ship", "--extent", 0, 0, 1, 1), "outside"),
    ],
    ids=["missing file", "unknown model", "empty expression", "extent outside"],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_1(
    tmp_path: Path, arguments: tuple[object, ...], words: str
) -> None:
    ran = engine("segment", *arguments, "--out", tmp_path / "out", "--json")
    assert ran.returncode == 1
    assert ran.stdout == ""
    message = ran.stderr.splitlines()[-1]
    assert message.startswith("error: ")
    assert words in message
    assert "Traceback" not in ran.stderr
    assert list(tmp_path.rglob("*.*")) == []


def test_the_models_are_listed_for_people_and_for_programs() -> None:
    for_people = engine("models").stdout
    assert f"{MODEL}    ready\n" in for_people
    assert "Knows: airplane, ship, storage tank" in for_people
    cards = json.loads(engine("models", "--json").stdout)
    assert all(f"{card['id']} " in for_people for card in cards)
    assert cards[0]["id"] == MODEL
