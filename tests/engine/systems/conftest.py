"""A tiny RSRefSeg 2 of each kind."""

from __future__ import annotations

import pytest
import torch

from engine.backbones.open_clip import OpenClipSizes
from engine.backbones.sam2 import Sam2Sizes
from engine.backbones.siglip import SiglipSizes
from engine.systems.rsrefseg2.config import LoraRanks, LossWeights, PrompterSizes, RSRefSeg2Config
from engine.systems.rsrefseg2.model import RSRefSeg2

SAM = Sam2Sizes(
    image=64,
    embed_dim=8,
    heads=1,
    stages=(1, 1, 2, 1),
    global_blocks=(3,),
    windows=(8, 4, 4, 4),
    dim=32,
    mlp_dim=32,
)


def tiny_config(**changes: object) -> RSRefSeg2Config:
    """The bundled model's kind, as small as it gets."""
    values: dict[str, object] = {
        "encoder": OpenClipSizes(
            dim=16, image=64, text_width=16, text_layers=1, text_heads=2, text_length=24
        ),
        "sam": SAM,
        "prompter": PrompterSizes(
            dim=16,
            inner_dim=16,
            mlp_dim=16,
            heads=2,
            prompt_dim=32,
            depths=(1, 1, 1),
            grid=4,
            mask=16,
        ),
        "lora": None,
        "loss": LossWeights(ce=1, dice=1, ortho=0.1, sample=0.5, dense=1, spatial=1),
    }
    return RSRefSeg2Config(**{**values, **changes})  # type: ignore[arg-type]


def siglip_config() -> RSRefSeg2Config:
    """The published model's kind, as small as it gets."""
    return tiny_config(
        encoder=SiglipSizes(
            hidden=16,
            intermediate=16,
            layers=1,
            heads=2,
            image=32,
            patch=16,
            vocabulary=50,
            positions=16,
        ),
        lora=LoraRanks(image=2, text=2, sam=2, alpha=2),
    )


@pytest.fixture
def model() -> RSRefSeg2:
    """A tiny model, the same in every test."""
    torch.manual_seed(0)
    return RSRefSeg2(tiny_config()).eval()


@pytest.fixture
def siglip_model() -> RSRefSeg2:
    """A tiny model with SigLIP and adapters."""
    torch.manual_seed(0)
    return RSRefSeg2(siglip_config()).eval()
