"""Low-rank adapters of the three encoders (Eq. 2), through peft: the published, and a user's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from torch import nn

from engine.adapter import Adaptation
from engine.systems.rsrefseg2.config import LoraRanks

if TYPE_CHECKING:
    from engine.systems.rsrefseg2.model import RSRefSeg2
    from engine.training.config import AdapterConfig

SAM_TARGETS = r"trunk\.blocks\.\d+\.attn\.(qkv|proj)|neck\.convs\.\d+\.conv"
IMAGE_TARGETS = r".*self_attn\.(q|k|v|out)_proj|.*head\.(attention\.out_proj|mlp\.fc[12])"
TEXT_TARGETS = r".*self_attn\.(q|k|v|out)_proj|model\.head"


def add_lora(model: RSRefSeg2, ranks: LoraRanks) -> None:
    """Puts adapters where the published model has them and freezes what lies under them.

    What stays trainable besides: the prompter, the losses' head, SAM's prompt encoder, mask decoder
    and no-memory embedding, SigLIP's temperature and bias.
    """
    encoder = model.encoder
    for module, targets, rank in (
        (model.sam.image_encoder, SAM_TARGETS, ranks.sam),
        (getattr(encoder, "vision", None), IMAGE_TARGETS, ranks.image),
        (getattr(encoder, "language", None), TEXT_TARGETS, ranks.text),
    ):
        if isinstance(module, nn.Module) and rank:
            config = LoraConfig(r=rank, lora_alpha=ranks.alpha, target_modules=targets)
            inject_adapter_in_model(config, module)
    encoder.logit_scale.requires_grad_(True)
    encoder.logit_bias.requires_grad_(True)


# A user's adapters. The text tower's attention of open_clip cannot be split into layers.
BLOCK = r".*(self_attn\.(q|k|v|out)_proj|mlp\.fc[12])"
LAYERS = {
    "image": rf"encoder\.(model\.visual\.(trunk\..*|head\.proj)|vision\.{BLOCK})",
    "text": rf"encoder\.(model\.transformer\..*mlp\.(c_fc|c_proj)|language\.{BLOCK})",
    "sam": r"sam\.image_encoder\.(trunk\.blocks\.\d+\.(attn\.(qkv|proj)|mlp\.layers\.\d+)"
    r"|neck\.convs\.\d+\.conv)",
}
TEXT_ENCODERS = ("encoder.model.transformer.", "encoder.language.")
TEXT_FACTOR = 5.0
"""How much quicker the words move than all else, which has to stay as right for the old ones."""

DECODERS = ("prompter", "sam.sam_mask_decoder")
ENCODERS = ("encoder.model", "encoder.vision", "encoder.language", "sam.image_encoder")


def adaptation(model: RSRefSeg2, config: AdapterConfig) -> Adaptation:
    """What an adapter of this scope moves.

    The prompter and SAM's mask decoder always move as a whole. Beside them the encoders have
    low-rank updates, or ("everything") move as a whole with SAM's prompt encoder. What is a bare
    number of the model itself, as SigLIP's temperature, stays.
    """
    modules = dict(model.named_modules())
    if config.scope == "everything":
        encoders = tuple(name for name in ENCODERS if name in modules)
        return Adaptation(whole=(*DECODERS, *encoders, "sam.sam_prompt_encoder"))
    ranks = {
        name: rank
        for part, rank in config.ranks.items()
        for name, module in modules.items()
        if rank and re.fullmatch(LAYERS[part], name) and _can_have_lora(module)
    }
    return Adaptation(ranks, config.alpha, DECODERS)


def _can_have_lora(module: nn.Module) -> bool:
    """Layers that peft adapts; it does not know dilated convolutions."""
    if isinstance(module, nn.Conv2d):
        return set(module.dilation) == {1}
    return isinstance(module, nn.Linear)


def merge_published(model: RSRefSeg2) -> None:
    """Makes the published adapters part of the weights they adapt; nothing without any."""
    layers = [(n, m) for n, m in model.named_modules() if isinstance(m, LoraLayer)]
    for name, layer in layers:
        layer.merge()
        model.set_submodule(name, layer.get_base_layer())
