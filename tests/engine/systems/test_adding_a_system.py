"""`docs/adding-a-system.md` is true: its files make a system, and no other file is touched."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.files.boundary import open_dataset
from tests.engine.finetuning.tiny import painted_samples

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "adding-a-system.md").read_text("utf-8")


class House:
    """A copy of the engine, as somebody has it who adds a system."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for top in ("engine", "resources/models"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / top, folder / top, ignore=ignored)

    def run(self, *arguments: str) -> str:
        """What the command line says."""
        done = subprocess.run(
            [sys.executable, "-m", "engine", *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """The copy, with the files that the page names, and what was taught."""
    house = House(tmp_path_factory.mktemp("house"))
    files = re.findall(r"^## \d\. [^\n]*`(\S+)`\n.*?```\w+\n(.*?)```", PAGE, re.M | re.S)
    assert len(files) == 5
    for name, content in files:
        path = house.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, "utf-8")
    (recipe,) = re.findall(r'```toml\n(model = ".*?)```', PAGE, re.S)
    painted_samples(house.folder / "data")
    (house.folder / "data" / "recipe.toml").write_text(recipe, "utf-8")
    house.run("train", "data/recipe.toml", "--device", "cpu")
    shutil.copy(
        house.folder / "data/runs/colour-words/kept.safetensors",
        house.folder / "resources/models/colour-words.safetensors",
    )
    return house


def test_it_is_listed(house: House) -> None:
    cards = {card["id"]: card for card in json.loads(house.run("models", "--json"))}
    added = cards["colour-words"]
    assert (added["installed"], added["teachable"]) == (True, False)
    assert {"rsrefseg2-compact", "rsrefseg2-large"} < set(cards)


def test_it_segments_what_it_was_taught(house: House) -> None:
    source = house.folder / "data/images/0.png"
    house.run(
        "segment", str(source), "red pond", "--model", "colour-words", "--out", "out", "--device",
        "cpu",
    )  # fmt: skip
    mask_file = house.folder / "out/mask.tif"
    with open_dataset(source) as picture, open_dataset(mask_file) as found:
        red = picture.read(1) > 200
        mask = found.read(1) == 1
    assert 100 < red.sum() < red.size / 2
    np.testing.assert_array_equal(mask, red)


def test_what_it_cannot_do_is_said(house: House) -> None:
    recipe = house.folder / "data" / "wrong.toml"
    known = (house.folder / "data" / "recipe.toml").read_text("utf-8")
    recipe.write_text(f'objective = "encoders"\n{known}', "utf-8")
    with pytest.raises(AssertionError, match=r"colour-words-small.*'encoders'.*referring"):
        house.run("train", "data/wrong.toml")
