"""What the adapters of a user's own models move."""

from __future__ import annotations

import re

from torch import nn

from engine.models.adapter import Adaptation
from engine.systems.adapter_config import AdapterConfig

# The text tower's attention of open_clip cannot be split into layers.
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


def adaptation(model: nn.Module, config: AdapterConfig) -> Adaptation:
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
