"""The mask prompt generator: a pseudo-mask out of the union encoder's patches."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from engine.systems.rs2_sam2.config import MaskPromptConfig
from engine.systems.rs2_sam2.cross_attention import CrossAttention


class MaskPromptGenerator(nn.Module):
    """The CLS token attends to the patches, and every patch is asked how much it is like it."""

    def __init__(self, dim: int, grid: int, config: MaskPromptConfig) -> None:
        """Builds the module for `grid` x `grid` patches of width `dim`."""
        super().__init__()
        self.grid = grid
        self.vmtoken = CrossAttention(dim, config.heads) if config.attention else None
        self.mask_linear = nn.Linear(dim, dim)
        self.mask_product = nn.Linear(dim, 1)

    def token(self, cls: Tensor, patches: Tensor) -> Tensor:
        """The token `(B, 1, D)` times what it finds in the patches `(B, N, D)`."""
        return cls if self.vmtoken is None else self.vmtoken.product(cls, patches)

    def forward(self, cls: Tensor, patches: Tensor) -> Tensor:
        """The pseudo-mask on the patches' grid, `(B, 1, grid, grid)` in [0, 1]."""
        likeness = self.mask_product(self.mask_linear(self.token(cls, patches)) * patches)
        return likeness.sigmoid().transpose(1, 2).unflatten(2, (self.grid, self.grid))


def enlarge(pseudo_mask: Tensor, size: tuple[int, int]) -> Tensor:
    """A pseudo-mask at the size of SAM 2's mask prompts."""
    return F.interpolate(pseudo_mask.float(), size, mode="bilinear", align_corners=False)
