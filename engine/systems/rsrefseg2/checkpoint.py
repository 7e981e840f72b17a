"""Weights of RSRefSeg 2: our files, the published ones, and the base models they stand on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from engine.backbones.initialisation import WithoutInitialisation
from engine.models import adapter
from engine.models.integrity import sha256
from engine.models.published_names import PublishedNames
from engine.models.weights import fit, read_small, read_tensors, unwrap
from engine.systems.rsrefseg2.config import RSRefSeg2Config
from engine.systems.rsrefseg2.lora import merge_published
from engine.systems.rsrefseg2.model import RSRefSeg2
from engine.systems.rsrefseg2.segmenter import RSRefSeg2Segmenter

if TYPE_CHECKING:
    from engine.models.card import ModelCard

SAM_FILE = "sam2.1_hiera_large.pt"
SIGLIP_FILE = "model.safetensors"
SYSTEM = "RSRefSeg 2"

# Published prefix, ours. peft's wrapper adds `base_model.model`; we inject adapters in place.
NAMES = PublishedNames(
    (
        ("backbone.model.image_encoder.base_model.model.", "sam.image_encoder."),
        ("backbone.model.", "sam."),
        ("clip_vision_encoder.base_model.model.model.", "encoder.vision.model."),
        ("clip_text_encoder.base_model.model.", "encoder.language."),
        ("decode_head.", "head."),
        ("prompter.", "prompter."),
    )
)


def load(config: RSRefSeg2Config, card: ModelCard, device: torch.device) -> RSRefSeg2Segmenter:
    """The model of a card, from the files in the card's folder.

    Raises:
        ModelError: The files do not hold what the configuration needs.
    """
    weights = card.folder / card.weights[0].name
    with WithoutInitialisation():
        model = RSRefSeg2(config, tokenizer=None if card.bundled else card.folder)
    if card.bundled:
        load_own(model, weights)
    else:
        load_published_folder(model, card.folder, weights)
    return RSRefSeg2Segmenter(model, card, sha256(weights), device)


def adapt(base: RSRefSeg2Segmenter, card: ModelCard, digest: str) -> RSRefSeg2Segmenter:
    """A user's own model: its base with the adapter of the card's folder.

    Raises:
        ModelError: The adapter does not fit.
    """
    merge_published(base.model)
    adapter.load(base.model, card.folder)
    return RSRefSeg2Segmenter(base.model, card, digest, base.device)


def load_own(model: RSRefSeg2, path: Path) -> None:
    """Loads a file of `save_small`.

    Raises:
        ModelError: Names what is missing, unexpected or of another shape.
    """
    fit(model, read_small(path), SYSTEM)


def load_published_folder(model: RSRefSeg2, folder: Path, weights: Path) -> None:
    """Loads a published checkpoint, and the base models beside it where it leaves them out."""
    state = read_tensors(weights)
    names = {NAMES.ours(key) for key in unwrap(state)}
    whole = all(name in names for name in model.state_dict())
    if not whole:
        load_base(model, read_tensors(folder / SAM_FILE), read_tensors(folder / SIGLIP_FILE))
    load_published(model, state, adapters_only=not whole)


def load_base(model: RSRefSeg2, sam: Mapping[str, object], siglip: Mapping[str, object]) -> None:
    """Loads SAM 2.1's and SigLIP's own files under the adapters.

    Args:
        model: The large configuration.
        sam: What `sam2.1_hiera_large.pt` holds; its memory modules are left out.
        siglip: What SigLIP's `model.safetensors` holds.

    Raises:
        ModelError: A base weight is missing or of another shape.
    """
    own = model.state_dict()
    tensors: dict[str, object] = {}
    for name, value in unwrap(sam).items():
        tensors[f"sam.{name}"] = value
    for name, value in siglip.items():
        for theirs, ours in (
            ("vision_model.", "encoder.vision.model."),
            ("text_model.", "encoder.language.model."),
        ):
            if name.startswith(theirs):
                tensors[ours + name[len(theirs) :]] = value
        if name in ("logit_scale", "logit_bias"):
            tensors[f"encoder.language.{name}"] = value
    placed = {}
    for name, value in tensors.items():
        stem, _, leaf = name.rpartition(".")
        placed[f"{stem}.base_layer.{leaf}" if f"{stem}.base_layer.{leaf}" in own else name] = value
    needed = {name for name in own if is_base_weight(name) or name.startswith("sam.sam_")}
    fit(model, {name: value for name, value in placed.items() if name in own}, SYSTEM, needed)


def load_published(
    model: RSRefSeg2, state: Mapping[str, object], *, adapters_only: bool = False
) -> None:
    """Loads a published state dict.

    Args:
        model: Built with the published configuration.
        state: What the file held, wrapped or not.
        adapters_only: The file leaves the base weights of the encoders out; they must be loaded
            before. Whether the published files hold them is not known, so both are read.

    Raises:
        ModelError: Names what is missing, unexpected or of another shape.
    """
    tensors = {NAMES.ours(key): value for key, value in unwrap(state).items()}
    needed = {key for key in model.state_dict() if not (adapters_only and is_base_weight(key))}
    fit(model, tensors, SYSTEM, needed)


def is_base_weight(name: str) -> bool:
    """Whether a tensor of ours belongs to a frozen encoder rather than to what RSRefSeg 2 adds."""
    frozen = name.startswith(("sam.image_encoder.", "encoder."))
    return frozen and ".lora_" not in name and not name.endswith(("logit_scale", "logit_bias"))
