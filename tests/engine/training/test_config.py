"""A run is what its TOML file says, and what it cannot say is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import InputError
from engine.training.config import read

RECIPES = sorted(
    (Path(__file__).resolve().parents[3] / "engine/training/recipes").glob("*.toml"),
    key=lambda path: path.name,
)
SOUND = """
model = "rsrefseg2-compact"
out = "runs/mine"
{top}
[data]
annotations = "instances.json"
images = "images"
shares = [0.2, 0.5]
{data}
[optimiser]
{optimiser}
"""


def configuration(
    folder: Path, top: str = "", data: str = "", optimiser: str = "steps = 9"
) -> Path:
    path = folder / "mine.toml"
    path.write_text(SOUND.format(top=top, data=data, optimiser=optimiser), "utf-8")
    return path


def test_what_the_file_says_is_the_run_and_the_rest_is_as_usual(tmp_path: Path) -> None:
    config = read(configuration(tmp_path, "seed = 5", 'labelled_only_if_present = ["vehicle"]'))
    assert (config.model, config.seed, config.out) == ("rsrefseg2-compact", 5, Path("runs/mine"))
    assert config.data.annotations == Path("instances.json")
    assert config.data.labelled_only_if_present == ("vehicle",)
    assert config.data.shares == (0.2, 0.5)
    assert (config.optimiser.steps, config.optimiser.warmup) == (9, 200)


@pytest.mark.parametrize(
    ("changes", "name", "known"),
    [
        ({"top": "sede = 5"}, "sede", "seed"),
        ({"data": 'image = "images"'}, "image", "images"),
        ({"optimiser": "step = 9"}, "step", "steps"),
        ({"top": "[schedule]\nlr = 1"}, "schedule", "optimiser"),
    ],
)
def test_an_unknown_setting_is_named_with_those_there_are(
    tmp_path: Path, changes: dict[str, str], name: str, known: str
) -> None:
    with pytest.raises(InputError, match=rf"mine\.toml: '{name}' is not a setting.*\b{known}\b"):
        read(configuration(tmp_path, **changes))


def test_a_missing_setting_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"mine\.toml: .*'steps'"):
        read(configuration(tmp_path, optimiser=""))


@pytest.mark.parametrize(
    ("change", "choices"),
    [
        ('objective = "captions"', "encoders, referring"),
        ('keep = "first"', "best, last"),
    ],
)
def test_a_choice_there_is_not_is_refused_with_those_there_are(
    tmp_path: Path, change: str, choices: str
) -> None:
    with pytest.raises(InputError, match=rf"mine\.toml: .*{choices}"):
        read(configuration(tmp_path, change))


def test_a_model_that_cannot_be_trained_is_refused(tmp_path: Path) -> None:
    path = configuration(tmp_path)
    path.write_text(path.read_text().replace("rsrefseg2-compact", "rsrefseg2-large"))
    with pytest.raises(InputError, match=r"mine\.toml: .*'rsrefseg2-large'.*rsrefseg2-compact"):
        read(path)


@pytest.mark.parametrize("content", [None, "steps = ", b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: str | bytes | None) -> None:
    path = tmp_path / "mine.toml"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=r"mine\.toml cannot be read"):
        read(path)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_the_recipes_can_be_read_and_follow_each_other(recipe: Path) -> None:
    config = read(recipe)
    outcomes = {str(read(other).out / "kept.safetensors") for other in RECIPES if other != recipe}
    bundled = "resources/models/rsrefseg2-compact.safetensors"
    assert config.initial in {"", bundled, *outcomes}
    assert config.optimiser.warmup < config.optimiser.steps
