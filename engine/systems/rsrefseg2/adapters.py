"""Low-rank adapters of the three encoders (Eq. 2), through peft."""

from __future__ import annotations

from typing import TYPE_CHECKING

from peft import LoraConfig, inject_adapter_in_model
from torch import nn

from engine.systems.rsrefseg2.config import LoraRanks

if TYPE_CHECKING:
    from engine.systems.rsrefseg2.model import RSRefSeg2

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
