"""Weights of RS2-SAM2: our files, the published folders, and the base models it starts from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from engine.backbones.beit3_tokenizer import Beit3Tokenizer
from engine.backbones.initialisation import WithoutInitialisation
from engine.models.integrity import sha256
from engine.models.published_names import PublishedNames
from engine.models.weights import fit, pretrained_files, read_small, read_tensors, unwrap
from engine.systems.rs2_sam2.config import RS2SAM2Config
from engine.systems.rs2_sam2.model import RS2SAM2
from engine.systems.rs2_sam2.segmenter import RS2SAM2Segmenter

if TYPE_CHECKING:
    from engine.models.card import ModelCard

SYSTEM = "RS2-SAM2"
SAM_FILE = "sam2_hiera_large.pt"
BEIT3_FILE = "beit3_large_patch16_224.pth"
TOKENIZER_FILE = "beit3.spm"

# Published prefix, ours.
NAMES = PublishedNames(
    (
        ("visual_model.", "sam."),
        ("mm_extractor.beit3.", "beit3."),
        ("text_hidden_fcs.0.", "token_mlp."),
        ("text_feat_linear.", "text_linear."),
        ("text2one_linear.", "text_weight."),
        ("vmtoken.", "mask_prompt.vmtoken."),
        ("mask_linear.", "mask_prompt.mask_linear."),
        ("mask_product.", "mask_prompt.mask_product."),
    )
)
ADDED_TO_SAM = ("Space_Adapter", "MLP_Adapter", "vlfusion_module")


def load(config: RS2SAM2Config, card: ModelCard, device: torch.device) -> RS2SAM2Segmenter:
    """The model of a card, from the files in the card's folder.

    Raises:
        ModelError: The files do not hold what the configuration needs.
    """
    tokenizer = Beit3Tokenizer(card.file(TOKENIZER_FILE), config.beit3)
    with WithoutInitialisation():
        model = RS2SAM2(config)
    files = load_published_folder(model, card.folder)
    return RS2SAM2Segmenter(model, tokenizer, card, sha256(*files), device)


def load_published_folder(model: RS2SAM2, folder: Path) -> list[Path]:
    """Loads a folder in `save_pretrained`'s layout, and returns its weights files.

    Raises:
        ModelError: A file is missing or damaged, or what they hold does not fit.
    """
    files = pretrained_files(folder)
    state: dict[str, object] = {}
    for file in files:
        state.update(unwrap(read_tensors(file)))
    load_published(model, state)
    return files


def load_published(model: RS2SAM2, state: Mapping[str, object]) -> None:
    """Loads a published state dict.

    Raises:
        ModelError: Names what is missing, unexpected or of another shape.
    """
    named = {NAMES.ours(name): value for name, value in unwrap(state).items()}
    fit(model, named, SYSTEM)


def load_base(model: RS2SAM2, sam: Mapping[str, object], beit3: Mapping[str, object]) -> None:
    """Loads SAM 2's and BEiT-3's own files, which training starts from.

    Args:
        model: Any configuration with their sizes.
        sam: What `sam2_hiera_large.pt` holds. SAM 2.1 is another model and does not fit.
        beit3: What `beit3_large_patch16_224.pth` holds; the heads of its pre-training, whose
            names do not start with `beit3.`, are left out.

    Raises:
        ModelError: A base weight is missing, unexpected or of another shape.
    """
    state = {f"sam.{name}": value for name, value in unwrap(sam).items()}
    state |= {name: v for name, v in unwrap(beit3).items() if name.startswith("beit3.")}
    base = [
        name
        for name in model.state_dict()
        if name.startswith(("sam.", "beit3.")) and not any(part in name for part in ADDED_TO_SAM)
    ]
    fit(model, state, SYSTEM, base)


def load_own(model: RS2SAM2, path: Path) -> None:
    """Loads a file of `save_small`.

    Raises:
        ModelError: Names what is missing, unexpected or of another shape.
    """
    fit(model, read_small(path), SYSTEM)
