"""Weights of RS2-SAM2 in every layout they are published in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from engine.errors import ModelError
from engine.models import zoo
from engine.models.folders import MODELS_VARIABLE
from engine.models.weights import save_small
from engine.systems.loading import load
from engine.systems.rs2_sam2 import checkpoint
from engine.systems.rs2_sam2 import config as sizes
from engine.systems.rs2_sam2.config import ABLATIONS
from engine.systems.rs2_sam2.model import RS2SAM2
from tests.engine.backbones.spm import write_spm
from tests.engine.systems.rs2_sam2.tiny import inputs, tiny_config, tiny_model

CARD = "rs2-sam2-rrsisd"


@pytest.fixture
def model() -> RS2SAM2:
    return tiny_model()


def other() -> RS2SAM2:
    return tiny_model(seed=1)


def same(a: RS2SAM2, b: RS2SAM2) -> bool:
    return all(torch.equal(x, b.state_dict()[name]) for name, x in a.state_dict().items())


def published(model: RS2SAM2) -> dict[str, Tensor]:
    return {
        checkpoint.NAMES.published(name): tensor.clone()
        for name, tensor in model.state_dict().items()
    }


def write_pretrained(folder: Path, state: dict[str, Tensor], name: str, shards: int) -> list[Path]:
    """A folder as `save_pretrained` writes it: one file, or shards and the list of them."""
    write = save_file if name.endswith(".safetensors") else torch.save
    (folder / "config.json").write_text(json.dumps({"architectures": ["RS2SAM2"]}))
    if shards == 1:
        write(state, folder / name)
        return [folder / name]
    stem, suffix = name.rsplit(".", 1)
    where: dict[str, str] = {}
    for number in range(shards):
        part = dict(list(state.items())[number::shards])
        shard = f"{stem}-{number + 1:05d}-of-{shards:05d}.{suffix}"
        write(part, folder / shard)
        where |= dict.fromkeys(part, shard)
    (folder / f"{name}.index.json").write_text(json.dumps({"metadata": {}, "weight_map": where}))
    return sorted(folder.glob(f"{stem}-*"))


LAYOUTS = [(name, n) for name in ("model.safetensors", "pytorch_model.bin") for n in (1, 3)]


@pytest.mark.parametrize(("name", "shards"), LAYOUTS)
def test_a_published_folder_loads_in_every_layout(
    model: RS2SAM2, tmp_path: Path, name: str, shards: int
) -> None:
    files = write_pretrained(tmp_path, published(model), name, shards)
    target = other()
    assert not same(model, target)
    assert checkpoint.load_published_folder(target, tmp_path) == files
    assert same(model, target)


@pytest.mark.parametrize("wrapper", ["model", "state_dict", "module"])
def test_a_training_checkpoint_loads_however_it_is_wrapped(model: RS2SAM2, wrapper: str) -> None:
    target = other()
    checkpoint.load_published(target, {wrapper: published(model), "epoch": 40})
    assert same(model, target)


def test_half_precision_is_widened(model: RS2SAM2) -> None:
    halves = {name: tensor.bfloat16() for name, tensor in published(model).items()}
    target = other()
    checkpoint.load_published(target, halves)
    assert {tensor.dtype for tensor in target.state_dict().values()} == {torch.float32}
    assert torch.allclose(target.text_linear.weight, model.text_linear.weight, rtol=0.01)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("mask_linear.bias"), r"missing: mask_prompt\.mask_linear\.bias"),
        (lambda s: s.update(extra=torch.ones(1)), "unexpected: extra"),
        (
            lambda s: s.update({"text2one_linear.weight": torch.ones(2, 2)}),
            r"text_weight\.weight is \(2, 2\), the model's \(1, 32\)",
        ),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_changes(
    model: RS2SAM2, change: Callable[[dict[str, Tensor]], None], message: str
) -> None:
    state = published(model)
    change(state)
    target, untouched = other(), other()
    with pytest.raises(ModelError, match=rf"do not fit RS2-SAM2.*{message}"):
        checkpoint.load_published(target, state)
    assert same(target, untouched)


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_a_shard_that_is_cut_off_or_gone_is_named(
    model: RS2SAM2, tmp_path: Path, name: str
) -> None:
    _, shard, _ = write_pretrained(tmp_path, published(model), name, 3)
    shard.write_bytes(shard.read_bytes()[:-2000])
    with pytest.raises(ModelError, match=rf"{shard.name} cannot be read"):
        checkpoint.load_published_folder(model, tmp_path)
    shard.unlink()
    with pytest.raises(ModelError, match=rf"not beside it: {shard.name}"):
        checkpoint.load_published_folder(model, tmp_path)


def base_files(model: RS2SAM2) -> tuple[dict[str, object], dict[str, object]]:
    """What SAM 2's and BEiT-3's own files hold."""
    sam: dict[str, object] = {}
    beit3: dict[str, object] = {"mlm_head.weight": torch.ones(3)}
    for name, tensor in model.state_dict().items():
        if name.startswith("beit3."):
            beit3[name] = tensor
        elif name.startswith("sam.") and not any(p in name for p in checkpoint.ADDED_TO_SAM):
            sam[name[len("sam.") :]] = tensor
    return {"model": sam}, {"model": beit3}


@pytest.mark.parametrize("ablation", [None, *ABLATIONS])
def test_training_starts_from_sam_2_and_beit_3(model: RS2SAM2, ablation: str | None) -> None:
    config = ABLATIONS[ablation](tiny_config()) if ablation else tiny_config()
    target, untouched = tiny_model(config, seed=1), tiny_model(config, seed=1).state_dict()
    checkpoint.load_base(target, *base_files(model))
    source = model.state_dict()
    for name, tensor in target.state_dict().items():
        added = not name.startswith(("sam.", "beit3.")) or any(
            part in name for part in checkpoint.ADDED_TO_SAM
        )
        assert torch.equal(tensor, untouched[name] if added else source[name]), name


@pytest.mark.parametrize(
    ("which", "change", "message"),
    [
        (0, {"no_mem_embed": None}, r"missing: sam\.no_mem_embed"),
        (0, {"no_obj_embed_spatial": torch.ones(1, 64)}, r"unexpected: sam\.no_obj_embed_spatial"),
        (1, {"beit3.text_embed.weight": None}, r"missing: beit3\.text_embed\.weight"),
        (1, {"beit3.extra": torch.ones(1)}, r"unexpected: beit3\.extra"),
    ],
    ids=["SAM 2 lacks one", "SAM 2.1", "BEiT-3 lacks one", "another BEiT-3"],
)
def test_another_base_model_is_refused(
    model: RS2SAM2, which: int, change: dict[str, Tensor | None], message: str
) -> None:
    files = base_files(model)
    state = files[which]["model"]
    assert isinstance(state, dict)
    state |= change
    with pytest.raises(ModelError, match=message):
        checkpoint.load_base(other(), *files)


def test_our_format_keeps_the_masks(model: RS2SAM2, tmp_path: Path) -> None:
    save_small(model.state_dict(), tmp_path / "ours.safetensors")
    target = other()
    checkpoint.load_own(target, tmp_path / "ours.safetensors")
    with torch.inference_mode():
        ours, theirs = model(*inputs()).masks.logits, target(*inputs()).masks.logits
    assert (ours - theirs).abs().max() < 0.02 * ours.abs().max()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The models' folder of a card whose model is a tiny one."""
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path))
    monkeypatch.setattr(sizes, "large", tiny_config)
    (tmp_path / CARD).mkdir()
    return tmp_path / CARD


@pytest.mark.parametrize(("name", "shards"), LAYOUTS)
@pytest.mark.parametrize("tokenizer", ["beit3.spm", "sentencepiece.bpe.model"])
def test_a_card_loads_from_the_files_as_they_are_published(
    model: RS2SAM2, folder: Path, name: str, shards: int, tokenizer: str
) -> None:
    files = write_pretrained(folder, published(model), name, shards)
    with pytest.raises(ModelError, match=rf"Put beit3\.spm into {folder}"):
        load(CARD, "cpu")
    write_spm(folder / tokenizer)
    segmenter = load(CARD, "cpu")
    assert segmenter.card == zoo.card(CARD)
    assert (
        segmenter.weights_sha256
        == hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    )
    views = torch.randint(0, 255, (2, 3, 40, 50), dtype=torch.uint8)
    logits = segmenter.decode(segmenter.encode(views), "the ship on the left")
    assert logits.shape == (2, 40, 50)


def test_a_card_whose_tokenizer_is_another_one_is_refused(model: RS2SAM2, folder: Path) -> None:
    write_pretrained(folder, published(model), "model.safetensors", 1)
    write_spm(folder / "beit3.spm", pieces=("▁the",))
    with pytest.raises(ModelError, match="not the tokenizer of this BEiT-3"):
        load(CARD, "cpu")
