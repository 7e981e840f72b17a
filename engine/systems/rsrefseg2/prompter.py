"""The cascaded second-order referring prompter (Sec. III-C, Eq. 3 to 7)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.backbones.dual_encoder import Text
from engine.systems.rsrefseg2.attention import MLP
from engine.systems.rsrefseg2.config import PrompterSizes
from engine.systems.rsrefseg2.decomposition import DecompositionLayer
from engine.systems.rsrefseg2.interaction import FirstOrderInteraction, SecondOrderInteraction


@dataclass(frozen=True)
class Prompts:
    """What the prompter hands to SAM, and what the losses look at.

    Attributes:
        sparse: Prompt tokens `(B, P, C)`.
        dense: Mask prompt logits `(B, 1, M, M)`.
        t1: First subspace before any interaction, `(B, Q, D)`.
        t2: Second subspace before any interaction, `(B, Q, D)`.
        refined_t1: After the first interaction.
        refined_t2: After the second interaction.
        image_first: Image features after the first interaction, `(B, N, D)`.
        image_second: Image features after the second interaction, `(B, N, D)`.
        tokens: Prompt tokens before the last MLP, `(B, P, C)`.
    """

    sparse: Tensor
    dense: Tensor
    t1: Tensor
    t2: Tensor
    refined_t1: Tensor
    refined_t2: Tensor
    image_first: Tensor
    image_second: Tensor
    tokens: Tensor


class Prompter(nn.Module):
    """Text and dense image features in, sparse and dense prompts out.

    Parameter names are the published ones.
    """

    def __init__(self, sizes: PrompterSizes) -> None:
        super().__init__()
        self.sizes = sizes
        dim, prompt_dim = sizes.dim, sizes.prompt_dim
        self.text_query_pe_embedding1 = nn.Parameter(torch.randn(sizes.queries, dim) * 0.02)
        self.text_query_pe_embedding2 = nn.Parameter(torch.randn(sizes.queries, dim) * 0.02)
        self.img_pe = nn.Parameter(torch.randn(1, dim, sizes.grid, sizes.grid) * 0.02)
        self.prompt_pe_embedding = nn.Parameter(torch.randn(sizes.prompts, prompt_dim) * 0.02)
        self.prompt_embedding = nn.Parameter(torch.randn(sizes.prompts, prompt_dim) * 0.02)
        decompose, first, second = sizes.depths
        self.two_queries_text_attn_layers = nn.ModuleList(
            DecompositionLayer(sizes) for _ in range(decompose)
        )
        self.queries1_to_img_attn_layers = nn.ModuleList(
            FirstOrderInteraction(sizes) for _ in range(first)
        )
        self.prompt_queries2_img_attn_layers = nn.ModuleList(
            SecondOrderInteraction(sizes) for _ in range(second)
        )
        self.sparse_prompt_mlp = MLP(prompt_dim, sizes.mlp_dim)
        self.dense_prompt_conv = nn.Sequential(
            nn.Conv2d(dim, dim // 2, 3, padding=1),
            nn.BatchNorm2d(dim // 2),
            nn.GELU(),
            nn.Conv2d(dim // 2, dim, 3, padding=1),
        )

    def forward(
        self,
        image_map: Tensor,
        text: Text,
        logit_scale: Tensor,
        logit_bias: Tensor,
        mask: tuple[int, int] | None = None,
    ) -> Prompts:
        """Prompts for `B` expressions.

        Args:
            image_map: Dense features `(B, D, h, w)`.
            text: The encoded expressions.
            logit_scale: Logarithm of the factor on the dense prompt's cosines.
            logit_bias: Added to the dense prompt.
            mask: Height and width of the dense prompt, where they are not the usual ones.
        """
        batch, _, height, width = image_map.shape
        image = image_map.flatten(2).transpose(1, 2)
        image_pe = self._image_pe(height, width)
        pe1, pe2, prompt_pe = (
            self.text_query_pe_embedding1,
            self.text_query_pe_embedding2,
            self.prompt_pe_embedding,
        )

        t1 = t2 = pool_words(text.tokens, text.valid, self.sizes.queries)
        for decompose in self.two_queries_text_attn_layers:
            t1, t2 = decompose(t1, t2, text.tokens, pe1, pe2, text.valid)

        refined_t1 = t1
        for activate in self.queries1_to_img_attn_layers:
            refined_t1, image = activate(refined_t1, image, pe1, image_pe)
        image_first = image

        refined_t2 = t2
        tokens = self.prompt_embedding.expand(batch, -1, -1)
        for activate in self.prompt_queries2_img_attn_layers:
            tokens, refined_t2, image = activate(
                tokens, refined_t2, image, prompt_pe, pe2, image_pe
            )

        refined = image.transpose(1, 2).reshape(image_map.shape)
        dense = self._dense(refined, text.pooled, mask or (self.sizes.mask, self.sizes.mask))
        return Prompts(
            sparse=self.sparse_prompt_mlp(tokens),
            dense=dense * logit_scale.exp() + logit_bias,
            t1=t1,
            t2=t2,
            refined_t1=refined_t1,
            refined_t2=refined_t2,
            image_first=image_first,
            image_second=image,
            tokens=tokens,
        )

    def _image_pe(self, height: int, width: int) -> Tensor:
        pe: Tensor = self.img_pe
        if pe.shape[-2:] != (height, width):
            pe = F.interpolate(pe, (height, width), mode="bicubic", align_corners=True)
        return pe.flatten(2).transpose(1, 2)

    def _dense(self, image_map: Tensor, sentence: Tensor, shape: tuple[int, int]) -> Tensor:
        """Cosine of every position with the sentence, Eq. 7, `(B, 1, M, M)`.

        The features are resized before the cosine. Resizing is linear, so its product with the
        sentence is the resized product, one channel instead of all; only the norm needs them.
        """
        features = self.dense_prompt_conv(image_map)
        product = torch.einsum("bdhw,bd->bhw", features, F.normalize(sentence, dim=-1))
        product, features = (
            F.interpolate(x, shape, mode="bilinear", align_corners=True)
            for x in (product[:, None], features)
        )
        return product / features.norm(dim=1, keepdim=True).clamp_min(1e-12)


def pool_words(words: Tensor, valid: Tensor | None, queries: int) -> Tensor:
    """Adaptive average pooling of each row's valid words, `(B, L, D)` to `(B, queries, D)`."""
    batch, length, _ = words.shape
    device = words.device
    count = (
        torch.full((batch, 1), length, device=device)
        if valid is None
        else valid.sum(1, keepdim=True)
    )
    index = torch.arange(queries, device=device)
    start = index * count // queries
    end = -(-(index + 1) * count // queries)
    position = torch.arange(length, device=device)
    inside = (position >= start[..., None]) & (position < end[..., None])
    weight = inside.to(words.dtype) / (end - start)[..., None].to(words.dtype)
    return weight @ words
