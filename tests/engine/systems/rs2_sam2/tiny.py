"""RS2-SAM2 as small as it gets, and inputs for it."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from engine.backbones.beit3 import Beit3Sizes
from engine.systems.rs2_sam2.config import RS2SAM2Config
from engine.systems.rs2_sam2.model import RS2SAM2
from tests.engine.backbones.spm import TOKENS
from tests.engine.systems import conftest

SAM = replace(conftest.SAM, embed_dim=16)
BEIT3 = Beit3Sizes(
    dim=16,
    heads=2,
    layers=2,
    ffn=32,
    image=32,
    patch=8,
    vocabulary=40,
    tokens=TOKENS,
    positions=14,
)


def tiny_config(**changes: object) -> RS2SAM2Config:
    """The published model's kind, with all of its switches."""
    return replace(RS2SAM2Config(beit3=BEIT3, sam=SAM), **changes)  # type: ignore[arg-type]


def tiny_model(config: RS2SAM2Config | None = None, seed: int = 0) -> RS2SAM2:
    """A model of random weights, the same for the same seed."""
    torch.manual_seed(seed)
    return RS2SAM2(config or tiny_config()).eval()


def inputs(batch: int = 2) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Images for SAM 2 and for BEiT-3, token ids and what of them is valid."""
    generator = torch.Generator().manual_seed(1)
    image = torch.randn(batch, 3, SAM.image, SAM.image, generator=generator)
    small = torch.randn(batch, 3, BEIT3.image, BEIT3.image, generator=generator)
    ids = torch.randint(4, BEIT3.tokens, (batch, 6), generator=generator)
    return image, small, ids, torch.ones_like(ids, dtype=torch.bool)
