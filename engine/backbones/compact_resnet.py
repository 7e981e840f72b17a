"""A small residual network for timm, and through it for open_clip's image tower."""

from __future__ import annotations

from typing import Any

from timm.models import is_model, register_model
from timm.models.resnet import BasicBlock, ResNet

NAME = "segment_by_text_compact_resnet"


def segment_by_text_compact_resnet(pretrained: bool = False, **kwargs: Any) -> ResNet:
    """Four stages; features at a sixteenth of the input leave small objects a cell of their own."""
    del pretrained  # there is no published weight to load
    kwargs.pop("pretrained_cfg", None)
    kwargs.pop("pretrained_cfg_overlay", None)
    kwargs.pop("cache_dir", None)
    model: Any = ResNet(
        BasicBlock,  # type: ignore[arg-type]  # timm means the class
        layers=(1, 2, 2, 2),
        channels=(32, 64, 128, 160),
        output_stride=16,
        stem_type="deep",
        stem_width=16,
        avg_down=True,
        **kwargs,
    )
    model.default_cfg = {"pool_size": None, "input_size": (3, 384, 384)}
    return model


def register() -> None:
    """Makes the network known to timm, once."""
    if not is_model(NAME):
        register_model(segment_by_text_compact_resnet)
