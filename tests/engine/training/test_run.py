"""From labelled images to weights that load."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engine.errors import InputError, OutputError
from engine.language.categories import VHR10
from engine.systems.rsrefseg2 import config as sizes
from engine.systems.rsrefseg2 import training
from engine.systems.rsrefseg2.checkpoint import load_own
from engine.systems.rsrefseg2.model import RSRefSeg2
from engine.training import run as room
from engine.training.config import DataConfig, OptimiserConfig, TrainingConfig
from engine.training.validation import validation_views
from tests.engine.systems.conftest import tiny_config
from tests.engine.training.logs import validations
from tests.engine.training.tiny_run import FROM_NOTHING, painted_scene


def test_validation_asks_the_same_in_every_run() -> None:
    scenes = [painted_scene("a.jpg", 1), painted_scene("b.jpg", 2)]
    first, second = (validation_views(scenes, VHR10, 64) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        assert a.expressions == b.expressions
        assert torch.equal(a.pixels, b.pixels)
        kinds = [expression.kind for expression in a.expressions]
        assert kinds.count("absent") == 1
        assert len(kinds) > 2


# Weights


def tiny(seed: int) -> RSRefSeg2:
    torch.manual_seed(seed)
    return RSRefSeg2(tiny_config()).eval()


@torch.inference_mode()
def logits(model: RSRefSeg2) -> torch.Tensor:
    torch.manual_seed(9)
    ids = model.encoder.tokenize(["the ship", "all planes"])
    return model(torch.rand(2, 3, 64, 64), ids).masks.logits


@pytest.mark.parametrize("teach", [training.referring, training.encoders])
def test_what_a_run_keeps_becomes_weights_of_the_model(tmp_path: Path, teach: Any) -> None:
    torch.manual_seed(1)
    task = teach(tiny_config(), FROM_NOTHING)
    trained = task.network if teach is training.referring else task.network.model
    task.export(task.network.state_dict(), tmp_path / "kept.safetensors")
    other = tiny(2)
    load_own(other, tmp_path / "kept.safetensors")
    expected = logits(trained.eval())
    error = (logits(other) - expected).norm()
    assert error < 0.05 * expected.norm()
    assert (logits(tiny(2)) - expected).norm() > 10 * error


# The whole way


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrainingConfig:
    """Two steps of the tiny model on painted images in COCO's format."""
    monkeypatch.setattr(sizes, "compact", tiny_config)
    images, annotations = [], []
    for number in range(20):
        scene = painted_scene(f"{number:03}.png", number % len(VHR10))
        Image.fromarray(scene.pixels.transpose(1, 2, 0)).save(tmp_path / scene.name)
        images.append({"id": number, "file_name": scene.name, "width": 120, "height": 90})
        square = [12, 10, 60, 10, 60, 40, 12, 40]
        shape = {"segmentation": [square], "area": 30 * 48}
        annotations.append({"image_id": number, "category_id": number % len(VHR10), **shape})
    categories = [{"id": i, "name": category.name} for i, category in enumerate(VHR10)]
    (tmp_path / "coco.json").write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": categories})
    )
    return TrainingConfig(
        model="rsrefseg2-compact",
        out=tmp_path / "encoders",
        data=DataConfig(annotations=tmp_path / "coco.json", images=tmp_path, validation_share=0.5),
        optimiser=OptimiserConfig(steps=2, batch=2, expressions=2, warmup=1),
        objective="encoders",
        side=64,
    )


def test_encoders_and_then_sentences_are_taught(tmp_path: Path, config: TrainingConfig) -> None:
    first = room.run(config, "cpu")
    sentences = replace(
        config, objective="referring", initial=str(first), out=tmp_path / "sentences"
    )
    second = room.run(sentences, "cpu")

    taught, encoders = tiny(0), tiny(0)
    load_own(encoders, first)
    load_own(taught, second)
    assert torch.isfinite(logits(taught)).all()
    moved = {
        name
        for name, value in taught.state_dict().items()
        if not torch.equal(value, encoders.state_dict()[name])
    }
    assert any(name.startswith("prompter.") for name in moved)
    assert any(name.startswith("encoder.") for name in moved)
    (metrics,) = validations(tmp_path / "sentences")
    assert metrics["n"] >= 10
    assert {"mIoU", "oIoU", "mIoU/absent", "mIoU/unique"} <= set(metrics)
    numbers = [value for value in metrics.values() if isinstance(value, float)]
    assert np.isfinite(numbers).all()
    assert len(metrics["examples"]) == 6
    for name in metrics["examples"]:
        with Image.open(tmp_path / "sentences" / name) as picture:
            assert picture.width == 256


def test_a_published_data_set_is_taught_with_its_own_sentences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RISBench's layout; what is judged is its val split."""
    monkeypatch.setattr(sizes, "compact", tiny_config)
    root = tmp_path / "risbench"
    for folder in ("img_rgb", "mask"):
        (root / folder).mkdir(parents=True)
    for number, splits in enumerate(["train", "train", "train", "val", "val"]):
        scene = painted_scene(f"{number}.png", 0)
        Image.fromarray(scene.pixels.transpose(1, 2, 0)).save(root / "img_rgb" / scene.name)
        Image.fromarray((scene.instances > 0).astype(np.uint8) * 255).save(
            root / "mask" / scene.name
        )
        with (root / f"output_phrase_{splits}.txt").open("a") as lines:
            lines.write(f"{scene.name} the red airplane at the upper left\n")
    config = TrainingConfig(
        model="rsrefseg2-compact",
        out=tmp_path / "out",
        data=DataConfig(format="risbench", root=root, fit="pad", black_boxes=True),
        optimiser=OptimiserConfig(steps=3, batch=2, warmup=1, schedule="polynomial", ema=0.0),
        side=64,
        recompute=True,
    )
    weights = room.run(config, "cpu")
    load_own(tiny(0), weights)
    (metrics,) = validations(tmp_path / "out")
    assert (metrics["step"], metrics["n"]) == (3, 2)
    assert metrics["mIoU/given"] == metrics["mIoU"]

    (root / "img_rgb" / "4.png").unlink()
    with pytest.raises(InputError, match=r"output_phrase_val\.txt, line 2.*4\.png"):
        room.run(replace(config, out=tmp_path / "again"), "cpu")


@pytest.mark.parametrize("name", ["log.jsonl", "checkpoint.pt", "kept.pt", "kept.safetensors"])
@pytest.mark.parametrize("as_annotations", [True, False])
def test_a_run_does_not_write_over_what_it_learns_from(
    tmp_path: Path, name: str, as_annotations: bool
) -> None:
    path = tmp_path / name
    path.write_text("what cannot be got again")
    given = {"data": DataConfig("jsonl", annotations=path)} if as_annotations else {}
    initial = "" if as_annotations else str(path)
    config = replace(FROM_NOTHING, out=tmp_path, initial=initial, **given)
    with pytest.raises(OutputError, match="is read, and would be written over"):
        room.run(config, "cpu")
    assert path.read_text() == "what cannot be got again"
