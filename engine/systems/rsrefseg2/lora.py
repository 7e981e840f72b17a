"""The published low-rank adapters of the three encoders (Eq. 2), through peft."""

from __future__ import annotations

from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from torch import nn

from engine.backbones.dual_encoder import DualEncoder
from engine.systems.rsrefseg2.config import LoraRanks

SAM_TARGETS = r"trunk\.blocks\.\d+\.attn\.(qkv|proj)|neck\.convs\.\d+\.conv"
IMAGE_TARGETS = r".*self_attn\.(q|k|v|out)_proj|.*head\.(attention\.out_proj|mlp\.fc[12])"
TEXT_TARGETS = r".*self_attn\.(q|k|v|out)_proj|model\.head"


def add_lora(sam: nn.Module, encoder: DualEncoder, ranks: LoraRanks) -> None:
    """Puts adapters where the published model has them and freezes what lies under them.

    What stays trainable besides: the prompter, the losses' head, SAM's prompt encoder, mask decoder
    and no-memory embedding, SigLIP's temperature and bias.
    """
    for module, targets, rank in (
        (sam.image_encoder, SAM_TARGETS, ranks.sam),
        (getattr(encoder, "vision", None), IMAGE_TARGETS, ranks.image),
        (getattr(encoder, "language", None), TEXT_TARGETS, ranks.text),
    ):
        if isinstance(module, nn.Module) and rank:
            config = LoraConfig(r=rank, lora_alpha=ranks.alpha, target_modules=targets)
            inject_adapter_in_model(config, module)
    encoder.logit_scale.requires_grad_(True)
    encoder.logit_bias.requires_grad_(True)


def merge_published(model: nn.Module) -> None:
    """Makes the published adapters part of the weights they adapt; nothing without any."""
    layers = [(n, m) for n, m in model.named_modules() if isinstance(m, LoraLayer)]
    for name, layer in layers:
        layer.merge()
        model.set_submodule(name, layer.get_base_layer())
