"""The command line with the bundled model, in processes of its own where a model runs."""

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
from PIL import Image

from engine.command.main import main
from engine.data.formats.jsonl import encode_mask
from engine.raster.stored import at_least
from engine.service.client import clean_environment
from tests.engine.data.analyst import layers

ROOT = Path(__file__).resolve().parents[3]
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
    shape = ("--minimum-area", 2, "--simplify", 1.5, "--right-angles")
    return engine("segment", SCENE, "the large white airplane", "--out", out, *shape, "--json")


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
    assert told["shape"] == {"minimum_area": 2, "simplify": 1.5, "right_angles": True}
    assert all(f"warning: {warning}" in done.stderr for warning in told["warnings"])


def test_an_evaluation_goes_the_way_of_a_segmentation(done, codes, tmp_path: Path) -> None:
    """What the model said before is all right as its own truth, and all wrong as the opposite."""
    threshold = max(int(np.percentile(codes, 90)), 1) / 254
    said = at_least(codes, threshold)
    common = {"split": "val", "file_name": SCENE.name, "sent": "the large white airplane"}
    rows = [
        {**common, "kind": "right", "category_name": "airplane", "segmentation": encode_mask(said)},
        {**common, "kind": "wrong", "category_name": "ship", "segmentation": encode_mask(~said)},
        {**common, "split": "train", "segmentation": encode_mask(~said)},
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    paths = [tmp_path / "new" / name for name in ("report.json", "report.md", "sheet.png")]
    options = ("--annotations", tmp_path / "rows.jsonl", "--images", SCENE.parent)
    reports = ("--json", paths[0], "--markdown", paths[1], "--contact-sheet", paths[2])
    ran = engine("evaluate", *options, "--split", "val", "--threshold", repr(threshold), *reports)

    assert ran.returncode == 0, ran.stderr
    told = json.loads(paths[0].read_text())
    assert told["weights_sha256"] == json.loads(done.stdout.splitlines()[-1])["weights_sha256"]
    assert (told["mIoU"], told["n"], told["model"]) == (0.5, 2, MODEL)
    assert told["oIoU"] == pytest.approx(said.sum() / (said.sum() + said.size), abs=1e-6)
    assert (told["protocol"], told["threshold"], told["split"]) == ("ours", threshold, "val")
    assert told["command"].startswith("python -m engine evaluate --annotations")
    assert {kind: metrics["mIoU"] for kind, metrics in told["kinds"].items()} == {
        "right": 1.0,
        "wrong": 0.0,
    }
    assert [row["iou"] for row in told["samples"]] == [1, 0]
    assert (told["seconds"]["encodes"], told["seconds"]["decodes"]) == (1, 2)

    shares = ["50.00"] * 5 + [f"{100 * told['oIoU']:.2f}", "50.00"]
    printed = [line.split() for line in ran.stdout.splitlines()]
    assert [MODEL, *shares] in printed
    assert ["right", *["100.00"] * 7, "1"] in printed
    assert ["ship", *["0.00"] * 7, "1"] in printed
    assert f"| {MODEL} | {' | '.join(shares)} |" in paths[1].read_text()
    with Image.open(paths[2]) as sheet:
        assert sheet.format == "PNG"
        assert min(sheet.size) > 600


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--split", "test"), "rows.jsonl holds no samples of the split 'test'"),
        (("--protocol", "rsrefseg", "--size", 480), "compares at the image's own size"),
        (("--threshold", 2), "threshold 2.0 is not above 0"),
        (("--json", SCENE / "report.json"), "cannot be made"),
    ],
    ids=["no samples", "size", "threshold", "nowhere to write"],
)
def test_an_evaluation_that_makes_no_sense_is_refused_before_the_model_runs(
    tmp_path: Path, options: tuple[object, ...], words: str
) -> None:
    row = {"split": "val", "file_name": SCENE.name, "sent": "a ship"}
    segmentation = encode_mask(np.zeros((256, 256), bool))
    (tmp_path / "rows.jsonl").write_text(json.dumps({**row, "segmentation": segmentation}))
    data = ("--annotations", tmp_path / "rows.jsonl", "--images", SCENE.parent)
    with pytest.raises(SystemExit, match=rf"^error: .*{words}"):
        main([str(a) for a in ("evaluate", *data, "--model", "rsrefseg2-large", *options)])


def test_no_report_of_a_broken_evaluation_is_left(tmp_path: Path) -> None:
    row = {"split": "val", "file_name": SCENE.name, "sent": "a ship"}
    segmentation = encode_mask(np.zeros((3, 3), bool))
    (tmp_path / "rows.jsonl").write_text(json.dumps({**row, "segmentation": segmentation}))
    data = ("--annotations", tmp_path / "rows.jsonl", "--images", SCENE.parent)
    ran = engine("evaluate", *data, "--json", tmp_path / "r.json", "--markdown", tmp_path / "r.md")
    assert ran.returncode == 1
    assert "rows.jsonl, line 1: the mask of “a ship” is 3 x 3 pixels" in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("none.tif", "the ship"), "none.tif"),
        ((SCENE, "the ship", "--model", "no-such"), MODEL),
        ((SCENE, " ? "), "expression is empty"),
        ((SCENE, "the ship", "--extent", 0, 0, 1, 1), "outside"),
        ((SCENE, "the ship", "--simplify", -1), "simplify is -1.0"),
    ],
    ids=["missing file", "unknown model", "empty expression", "extent outside", "simplify"],
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


def test_samples_are_made_from_layers_and_pass_the_check(tmp_path, capsys) -> None:
    squares = layers.grid_of_squares(640, 480, 80, 16)
    made = layers.layer(tmp_path, squares, ["roof", "well"] * (len(squares) // 2))
    out = tmp_path / "samples"
    given = ["--raster", made.raster.path, "--polygons", str(made.polygons), "--field", "name"]
    main(["samples", *given, "--out", str(out), "--view", "64", "--block", "1", "--variants"])
    told = capsys.readouterr()
    assert told.out.splitlines()[-1] == str(out)
    assert f"of {len(squares)} features" in told.out
    main(["check", "--annotations", str(out / "annotations.jsonl")])
    assert ": 0 errors" in capsys.readouterr().out
    with pytest.raises(SystemExit, match=r"error: .*holds something already"):
        main(["samples", *given, "--out", str(out)])
