"""The bidirectional hierarchical fusion module in SAM 2's image encoder (Eq. 1 and 2)."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from sam2.modeling.backbones.hieradet import Hiera, MultiScaleBlock, do_pool
from sam2.modeling.backbones.utils import window_partition, window_unpartition
from torch import Tensor, nn

from engine.systems.rs2_sam2.config import FusionConfig
from engine.systems.rs2_sam2.cross_attention import CrossAttention


class Bottleneck(nn.Module):
    """What every adapter is made of: narrow, GELU, wide again."""

    def __init__(self, dim: int, config: FusionConfig) -> None:
        super().__init__()
        self.inner_dim = int(config.bottleneck * dim)
        self.D_fc1 = nn.Linear(dim, self.inner_dim)
        self.D_fc2 = nn.Linear(self.inner_dim, dim)

    def narrow(self, x: Tensor) -> Tensor:
        """`(..., dim)` to `(..., inner_dim)`."""
        return F.gelu(self.D_fc1(x))


class MLPAdapter(Bottleneck):
    """The weighted branch beside a block's MLP."""

    def forward(self, x: Tensor) -> Tensor:
        """`(..., dim)` to `(..., dim)`."""
        return self.D_fc2(self.narrow(x))


class FusionAdapter(Bottleneck):
    """An adapter with a skip, in whose bottleneck image and text enhance each other, Eq. 1.

    `F' = GELU(Linear(F))`, `T' = Linear(T)`, `F'' = MHCA(F', T') + F'`,
    `T'' = MHCA(T', F'') + T'`; the text's blend is Eq. 2's.
    """

    def __init__(self, dim: int, text_dim: int, config: FusionConfig) -> None:
        super().__init__(dim, config)
        self.config = config
        if config.layers in ("uni", "bi"):
            self.text_in_linear = nn.Linear(text_dim, self.inner_dim)
            self.vlfusion_module = CrossAttention(self.inner_dim, config.heads)
        if config.layers == "bi":
            self.lvfusion_module = CrossAttention(self.inner_dim, config.heads)
            self.text_out_linear = nn.Linear(self.inner_dim, text_dim)

    def forward(self, x: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        """New image features `(B, H, W, C)` and text `(B, L, T)`."""
        image = self.narrow(x).flatten(1, 2)
        if self.config.layers in ("uni", "bi"):
            image, text = self._fused(image, text)
        return x + self.D_fc2(image).unflatten(1, x.shape[1:3]), text

    def _fused(self, image: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        words = self.text_in_linear(text)
        enhanced = image + self.vlfusion_module(image, words)
        if self.config.layers == "uni":
            return enhanced, text
        seen = enhanced if self.config.order == "sequential" else image
        words = words + self.lvfusion_module(words, seen)
        weight = self.config.text_weight
        return enhanced, (1 - weight) * text + weight * self.text_out_linear(words)


class FusedBlock(MultiScaleBlock):  # type: ignore[misc]  # sam2 has no types
    """A block of Hiera with an adapter after its attention and one beside its MLP, Eq. 2."""

    def __init__(
        self,
        dim: int,
        dim_out: int,
        num_heads: int,
        text_dim: int,
        config: FusionConfig,
        **kwargs: Any,
    ) -> None:
        """Takes `MultiScaleBlock`'s arguments, the text's width and how it is fused."""
        super().__init__(dim, dim_out, num_heads, **kwargs)
        self.config = config
        self.MLP_Adapter = MLPAdapter(dim_out, config)
        self.Space_Adapter = FusionAdapter(dim_out, text_dim, config)

    def forward(self, x: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        """New image features `(B, H', W', C')` and text `(B, L, T)`."""
        normed = self.norm1(x)
        shortcut = x if self.dim == self.dim_out else do_pool(self.proj(normed), self.pool)
        attended, text = self.Space_Adapter(self._attended(normed, shortcut.shape[1:3]), text)
        x = shortcut + attended
        normed = self.norm2(x)
        branch = self.MLP_Adapter(normed if self.config.branch == "normed" else x)
        return x + self.mlp(normed) + self.config.image_weight * branch, text

    def _attended(self, x: Tensor, size: tuple[int, ...]) -> Tensor:
        """Attention inside windows, back in place without the windows' padding."""
        if self.window_size == 0:
            return self.attn(x)
        windows, _ = window_partition(x, self.window_size)
        window = self.window_size // (self.q_stride[0] if self.q_stride else 1)
        padded = tuple(-(-side // window) * window for side in size)
        return window_unpartition(self.attn(windows), window, padded, tuple(size))


class FusedHiera(Hiera):  # type: ignore[misc]  # sam2 has no types
    """Hiera with a text that goes through its blocks beside the image."""

    def __init__(self, text_dim: int, config: FusionConfig, **kwargs: Any) -> None:
        """Takes the text's width, how it is fused, and `Hiera`'s arguments."""
        super().__init__(**kwargs)
        for index, block in enumerate(self.blocks):
            self.blocks[index] = FusedBlock(
                block.dim,
                block.dim_out,
                block.attn.num_heads,
                text_dim,
                config,
                q_stride=block.q_stride,
                window_size=block.window_size,
            )

    def forward(self, image: Tensor, text: Tensor) -> list[Tensor]:
        """Feature levels `(B, C, H, W)` of images `(B, 3, S, S)`, finest first."""
        x = self.patch_embed(image)
        x = x + self._get_pos_embed(x.shape[1:3])
        levels = []
        for index, block in enumerate(self.blocks):
            x, text = block(x, text)
            if index in self.stage_ends:
                levels.append(x.permute(0, 3, 1, 2))
        return levels
