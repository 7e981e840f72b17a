"""The multi-head cross-attention that all of RS2-SAM2's modules share."""

from __future__ import annotations

from torch import Tensor, nn


class CrossAttention(nn.Module):
    """Attention of one sequence to another. Padding is looked at as well, as published."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.multihead_attn = nn.MultiheadAttention(dim, heads, batch_first=True)

    def forward(self, query: Tensor, memory: Tensor) -> Tensor:
        """Of `(B, Q, D)` to `(B, K, D)`, which is key and value."""
        attended: Tensor = self.multihead_attn(query, memory, memory, need_weights=False)[0]
        return attended

    def product(self, x: Tensor, memory: Tensor, position: Tensor | float = 0.0) -> Tensor:
        """What `x`, at its position, finds in the memory, times `x`."""
        return x * self(x + position, memory)
