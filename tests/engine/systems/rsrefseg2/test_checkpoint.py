"""Weights of RSRefSeg 2 in every layout they are published in."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from engine.errors import ModelError
from engine.models.weights import read_tensors, save_small
from engine.systems.rsrefseg2 import checkpoint
from engine.systems.rsrefseg2.checkpoint import load_own, load_published
from engine.systems.rsrefseg2.model import RSRefSeg2
from tests.engine.systems.conftest import siglip_config, tiny_config


def published(model: RSRefSeg2) -> dict[str, Tensor]:
    return {
        checkpoint.NAMES.published(name): tensor.clone()
        for name, tensor in model.state_dict().items()
    }


def other() -> RSRefSeg2:
    torch.manual_seed(1)
    return RSRefSeg2(siglip_config())


def same(a: RSRefSeg2, b: RSRefSeg2) -> bool:
    return all(torch.equal(x, b.state_dict()[name]) for name, x in a.state_dict().items())


@pytest.mark.parametrize("wrapper", [None, "state_dict", "module"])
def test_a_published_state_dict_loads_however_it_is_wrapped(
    siglip_model: RSRefSeg2, wrapper: str | None
) -> None:
    state: dict[str, object] = dict(published(siglip_model))
    target = other()
    assert not same(siglip_model, target)
    load_published(target, {wrapper: state} if wrapper else state)
    assert same(siglip_model, target)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("prompter.img_pe"), "missing: prompter.img_pe"),
        (lambda s: s.update({"prompter.extra": torch.ones(1)}), "unexpected: prompter.extra"),
        (lambda s: s.update({"prompter.img_pe": torch.ones(2, 2)}), r"prompter.img_pe is \(2, 2\)"),
    ],
)
def test_what_does_not_fit_is_named(siglip_model: RSRefSeg2, change, message: str) -> None:
    state = published(siglip_model)
    change(state)
    before = {name: tensor.clone() for name, tensor in siglip_model.state_dict().items()}
    with pytest.raises(ModelError, match=message):
        load_published(siglip_model, state)
    assert all(
        torch.equal(before[name], tensor) for name, tensor in siglip_model.state_dict().items()
    )


def base_files(model: RSRefSeg2, folder: Path) -> None:
    """SAM's and SigLIP's own files, as their publishers lay them out, memory modules and all."""
    sam, siglip = {"memory_encoder.fuser.weight": torch.ones(3)}, {}
    for name, tensor in model.state_dict().items():
        if ".lora_" in name:
            continue
        plain = name.replace(".base_layer.", ".")
        if plain.startswith("sam."):
            sam[plain[4:]] = tensor
        elif plain.startswith("encoder.vision.model."):
            siglip["vision_model." + plain[len("encoder.vision.model.") :]] = tensor
        elif plain.startswith("encoder.language.model."):
            siglip["text_model." + plain[len("encoder.language.model.") :]] = tensor
        elif plain.startswith("encoder.language."):
            siglip[plain[len("encoder.language.") :]] = tensor
    torch.save({"model": sam}, folder / checkpoint.SAM_FILE)
    save_file({k: v.contiguous() for k, v in siglip.items()}, folder / checkpoint.SIGLIP_FILE)


@pytest.mark.parametrize("whole", [True, False])
def test_a_published_folder_loads_with_base_weights_inside_or_beside(
    siglip_model: RSRefSeg2, tmp_path: Path, whole: bool
) -> None:
    base_files(siglip_model, tmp_path)
    state = published(siglip_model)
    if not whole:
        state = {
            k: v
            for k, v in state.items()
            if not checkpoint.is_base_weight(checkpoint.NAMES.ours(k))
        }
        assert len(state) < len(siglip_model.state_dict())
    torch.save({"state_dict": state}, tmp_path / "rsrefseg2.pth")
    target = other()
    checkpoint.load_published_folder(target, tmp_path, tmp_path / "rsrefseg2.pth")
    assert same(siglip_model, target)


def test_a_base_file_that_lacks_a_weight_is_refused(
    siglip_model: RSRefSeg2, tmp_path: Path
) -> None:
    base_files(siglip_model, tmp_path)
    sam = torch.load(tmp_path / checkpoint.SAM_FILE, weights_only=True)
    del sam["model"]["image_encoder.trunk.pos_embed"]
    with pytest.raises(ModelError, match=r"missing: sam\.image_encoder\.trunk\.pos_embed"):
        checkpoint.load_base(other(), sam, read_tensors(tmp_path / checkpoint.SIGLIP_FILE))


def test_our_format_keeps_the_masks(model: RSRefSeg2, tmp_path: Path) -> None:
    save_small(model.state_dict(), tmp_path / "model.safetensors")
    torch.manual_seed(1)
    target = RSRefSeg2(tiny_config()).eval()
    load_own(target, tmp_path / "model.safetensors")
    image, ids = (
        torch.rand(2, 3, 64, 64),
        model.encoder.tokenize(["the ship", "all planes on the left"]),
    )
    with torch.inference_mode():
        ours, theirs = model(image, ids).masks.logits, target(image, ids).masks.logits
    assert (ours - theirs).norm() < 0.05 * ours.norm()


def test_a_truncated_file_is_named(model: RSRefSeg2, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_small(model.state_dict(), path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ModelError, match=r"model\.safetensors cannot be read as weights"):
        load_own(model, path)
