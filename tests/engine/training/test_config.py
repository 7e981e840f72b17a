"""A run is what its TOML file says, and what it cannot say is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.systems.adapter_config import AdapterConfig
from engine.training.config import DataConfig, OptimiserConfig, TrainingConfig, dumps, read

ROOT = Path(__file__).resolve().parents[3]
RECIPES = sorted((ROOT / "engine/training/recipes").glob("*.toml"), key=lambda path: path.name)
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
    assert (config.model, config.seed, config.out) == (
        "rsrefseg2-compact",
        5,
        tmp_path / "runs/mine",
    )
    assert config.data.annotations == tmp_path / "instances.json"
    assert config.data.labelled_only_if_present == ("vehicle",)
    assert config.data.shares == (0.2, 0.5)
    assert (config.optimiser.steps, config.optimiser.warmup) == (9, 200)


def test_paths_are_relative_to_the_file_or_to_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    path = configuration(tmp_path / "a", 'relative_to = ".."\ninitial = "w.safetensors"')
    path.write_text(path.read_text().replace('"images"', f'"{tmp_path.as_posix()}/b"'), "utf-8")
    config = read(path)
    assert config.out == tmp_path / "runs/mine"
    assert config.initial == (tmp_path / "w.safetensors").as_posix()
    assert config.data.images == tmp_path / "b"
    assert config.data.root == Path(), "what is not said stays so"


paths = st.lists(st.from_regex(r"[a-z0-9_ -]{1,8}", fullmatch=True), min_size=1, max_size=3).map(
    "/".join
)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)


@given(data=st.data())
def test_a_run_that_is_written_and_read_is_the_same_run(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp().resolve() / "written"
    folder.mkdir(exist_ok=True)
    draw = data.draw
    adapter = AdapterConfig(
        "rsrefseg2-large", "mine", draw(texts), draw(texts), draw(texts), "encoders",
        image=draw(st.none() | st.integers(0, 256)), start=draw(st.sampled_from(["", "own"])),
    )  # fmt: skip
    config = TrainingConfig(
        model="rsrefseg2-large",
        out=folder / draw(paths),
        data=DataConfig(
            "jsonl",
            annotations=draw(st.sampled_from([folder, Path("/elsewhere")])) / draw(paths),
            images=draw(st.just(Path()) | paths.map(lambda name: folder / name)),
            backgrounds=tuple(draw(st.lists(paths.map("/".__add__), max_size=2))),
        ),
        optimiser=OptimiserConfig(
            steps=draw(st.integers(1, 10**6)),
            learning_rate=draw(st.floats(1e-9, 1)),
            factors=draw(st.dictionaries(st.text("ab.", min_size=1), st.floats(0, 9), max_size=2)),
        ),
        aspects=tuple(draw(st.lists(st.floats(0.1, 9), min_size=1, max_size=3))),
        base=draw(st.dictionaries(st.text("ab", min_size=1), paths.map("/".__add__), max_size=2)),
        patience=draw(st.integers(0, 9)),
        recompute=draw(st.booleans()),
        adapter=draw(st.just(adapter)),
    )
    (folder / "train.toml").write_text(dumps(config, folder), "utf-8")
    assert read(folder / "train.toml") == config


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


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ('"no-such"', "'no-such' is no model that can be taught. Choose from rs2-sam2-compact"),
        ('"rsrefseg2-large"', r"'rsrefseg2-large' is taught by an \[adapter\] only"),
        ("5", "model is no text"),
        ("{a = 1}", "model is no text"),
    ],
)
def test_what_is_no_model_is_told_from_what_wants_an_adapter(
    tmp_path: Path, model: str, told: str
) -> None:
    path = configuration(tmp_path)
    path.write_text(path.read_text().replace('"rsrefseg2-compact"', model))
    with pytest.raises(InputError, match=rf"mine\.toml: {told}"):
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
    bundled = str(ROOT / "resources/models/rsrefseg2-compact.safetensors")
    assert config.initial in {"", bundled, *outcomes}
    assert config.optimiser.warmup < config.optimiser.steps
