"""BEiT-3: one transformer over image patches and words, with an expert for each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FIRST_POSITION = 2
"""The first two rows of both tables of positions are not used."""


@dataclass(frozen=True)
class Beit3Sizes:
    """Sizes of the encoder; the defaults are those of `beit3_large_patch16_224`.

    Attributes:
        dim: Width of patches and words.
        heads: Attention heads.
        layers: Depth.
        ffn: Hidden width of the feed-forward experts.
        image: Side of the square image in pixels.
        patch: Side of a patch in pixels.
        vocabulary: Rows of the table of words.
        tokens: Entries of its tokenizer; the rows above are not used.
        positions: Rows of the table of word positions.
    """

    dim: int = 1024
    heads: int = 16
    layers: int = 24
    ffn: int = 4096
    image: int = 224
    patch: int = 16
    vocabulary: int = 64_010
    tokens: int = 64_002
    positions: int = 1024

    @property
    def grid(self) -> int:
        """Patches along a side of the image."""
        return self.image // self.patch

    @property
    def longest_text(self) -> int:
        """Most tokens of an expression, its begin and end among them."""
        return self.positions - FIRST_POSITION


@dataclass(frozen=True)
class Encoded:
    """Images and expressions, encoded together.

    Attributes:
        cls: `(B, 1, D)`, what stands for the pair.
        patches: `(B, N, D)`, rows of the image's grid one after the other.
        words: `(B, L, D)`, one vector a token.
    """

    cls: Tensor
    patches: Tensor
    words: Tensor


class Multiway(nn.Module):
    """Two experts of one kind: A for the image's part of a sequence, B for the text's."""

    def __init__(self, expert: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.A = expert()
        self.B = expert()

    def forward(self, x: Tensor, split: int) -> Tensor:
        """`(B, S, D)` with the text from `split` on."""
        return torch.cat([self.A(x[:, :split]), self.B(x[:, split:])], 1)


class SelfAttention(nn.Module):
    """Attention over patches and words at once, with a norm before the output."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.k_proj = Multiway(lambda: nn.Linear(dim, dim))
        self.v_proj = Multiway(lambda: nn.Linear(dim, dim))
        self.q_proj = Multiway(lambda: nn.Linear(dim, dim))
        self.out_proj = Multiway(lambda: nn.Linear(dim, dim))
        self.inner_attn_ln = Multiway(lambda: nn.LayerNorm(dim))

    def forward(self, x: Tensor, split: int, valid: Tensor) -> Tensor:
        """Attends to what is valid, `(B, S)` bool."""
        q, k, v = (
            project(x, split).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for project in (self.q_proj, self.k_proj, self.v_proj)
        )
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=valid[:, None, None, :])
        return self.out_proj(self.inner_attn_ln(attended.transpose(1, 2).flatten(2), split), split)


class FeedForward(nn.Module):
    """Two linear layers with GELU and a norm between them."""

    def __init__(self, dim: int, ffn: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, ffn)
        self.fc2 = nn.Linear(ffn, dim)
        self.ffn_layernorm = nn.LayerNorm(ffn)

    def forward(self, x: Tensor) -> Tensor:
        """`(..., dim)` to `(..., dim)`."""
        return self.fc2(self.ffn_layernorm(F.gelu(self.fc1(x))))


class Layer(nn.Module):
    """One layer, norms first."""

    def __init__(self, sizes: Beit3Sizes) -> None:
        super().__init__()
        self.self_attn = SelfAttention(sizes.dim, sizes.heads)
        self.self_attn_layer_norm = Multiway(lambda: nn.LayerNorm(sizes.dim))
        self.ffn = Multiway(lambda: FeedForward(sizes.dim, sizes.ffn))
        self.final_layer_norm = Multiway(lambda: nn.LayerNorm(sizes.dim))

    def forward(self, x: Tensor, split: int, valid: Tensor) -> Tensor:
        """`(B, S, D)` to `(B, S, D)`."""
        x = x + self.self_attn(self.self_attn_layer_norm(x, split), split, valid)
        return x + self.ffn(self.final_layer_norm(x, split), split)


class VisionEmbedding(nn.Module):
    """Patches of an image as vectors, one that stands for the whole before them."""

    def __init__(self, dim: int, patch: int) -> None:
        super().__init__()
        self.mask_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.proj = nn.Conv2d(3, dim, patch, stride=patch)

    def forward(self, image: Tensor) -> Tensor:
        """`(B, 3, S, S)` to `(B, 1 + N, D)`."""
        patches = self.proj(image).flatten(2).transpose(1, 2)
        return torch.cat([self.cls_token.expand(len(image), -1, -1), patches], 1)


class Encoder(nn.Module):
    """Positions, layers and a last norm."""

    def __init__(self, sizes: Beit3Sizes) -> None:
        super().__init__()
        images = sizes.grid**2 + 1 + FIRST_POSITION
        self.embed_positions = nn.ModuleDict(
            {"A": _table(images, sizes.dim), "B": _table(sizes.positions, sizes.dim)}
        )
        self.layers = nn.ModuleList(Layer(sizes) for _ in range(sizes.layers))
        self.layer_norm = Multiway(lambda: nn.LayerNorm(sizes.dim))

    def forward(self, image: Tensor, text: Tensor, text_valid: Tensor) -> Tensor:
        """`(B, 1 + N, D)` and `(B, L, D)` as one sequence; padded text is zero and not seen."""
        split = image.shape[1]
        x = torch.cat([self._placed(image, "A"), self._placed(text, "B")], 1)
        valid = torch.cat([text_valid.new_ones(len(x), split), text_valid], 1)
        x = x * valid[..., None]
        for layer in self.layers:
            x = layer(x, split, valid)
        return self.layer_norm(x, split)

    def _placed(self, x: Tensor, expert: str) -> Tensor:
        positions = torch.arange(FIRST_POSITION, FIRST_POSITION + x.shape[1], device=x.device)
        return x + self.embed_positions[expert](positions)


class Beit3(nn.Module):
    """The union encoder. Parameter names are those of the published checkpoints."""

    def __init__(self, sizes: Beit3Sizes) -> None:
        """Builds the network with random weights."""
        super().__init__()
        self.sizes = sizes
        self.text_embed = _table(sizes.vocabulary, sizes.dim)
        self.vision_embed = VisionEmbedding(sizes.dim, sizes.patch)
        self.encoder = Encoder(sizes)

    def forward(self, image: Tensor, token_ids: Tensor, valid: Tensor) -> Encoded:
        """Encodes `B` images with an expression each.

        Args:
            image: `(B, 3, S, S)`, normalised.
            token_ids: `(B, L)`.
            valid: `(B, L)` bool, False on padding.
        """
        patches = self.vision_embed(image)
        encoded = self.encoder(patches, self.text_embed(token_ids), valid)
        split = patches.shape[1]
        return Encoded(encoded[:, :1], encoded[:, 1:split], encoded[:, split:])


def _table(rows: int, dim: int) -> nn.Embedding:
    table = nn.Embedding(rows, dim)
    nn.init.normal_(table.weight, std=dim**-0.5)
    return table
