"""Text-visual interaction (Eq. 5) and the sparse prompts that grow out of it (Eq. 6)."""

from __future__ import annotations

from torch import Tensor, nn

from engine.systems.rsrefseg2.attention import MLP, Attention
from engine.systems.rsrefseg2.config import PrompterSizes


class FirstOrderInteraction(nn.Module):
    """The first subspace activates the image features.

    `t1' = LN(SA(t1))`, `v1 = LN(MLP(LN(CA(v, t1'))))`.
    """

    def __init__(self, sizes: PrompterSizes) -> None:
        super().__init__()
        self.self_attn_text_text_1 = Attention(sizes.dim, sizes.dim, sizes.inner_dim, sizes.heads)
        self.norm_text_1 = nn.LayerNorm(sizes.dim)
        self.cross_attn_img_text_1 = Attention(sizes.dim, sizes.dim, sizes.inner_dim, sizes.heads)
        self.norm_img_1 = nn.LayerNorm(sizes.dim)
        self.mlp_img_1 = MLP(sizes.dim, sizes.mlp_dim)
        self.norm_img_2 = nn.LayerNorm(sizes.dim)

    def forward(
        self, text: Tensor, image: Tensor, text_pe: Tensor, image_pe: Tensor
    ) -> tuple[Tensor, Tensor]:
        """New text `(B, Q, D)` and image `(B, N, D)`; positions go to queries and keys only."""
        text = self.norm_text_1(
            text + self.self_attn_text_text_1(text + text_pe, text + text_pe, text)
        )
        image = self.norm_img_1(
            image + self.cross_attn_img_text_1(image + image_pe, text + text_pe, text)
        )
        return text, self.norm_img_2(image + self.mlp_img_1(image))


class SecondOrderInteraction(nn.Module):
    """The second subspace activates the target, and prompt tokens gather it from text and image."""

    def __init__(self, sizes: PrompterSizes) -> None:
        super().__init__()
        dim, prompt_dim, inner, heads = sizes.dim, sizes.prompt_dim, sizes.inner_dim, sizes.heads
        self.self_attn_text_1 = Attention(dim, dim, inner, heads)
        self.norm_text_1 = nn.LayerNorm(dim)
        self.cross_attn_img_text_1 = Attention(dim, dim, inner, heads)
        self.norm_img_1 = nn.LayerNorm(dim)
        self.mlp_img_1 = MLP(dim, sizes.mlp_dim)
        self.norm_img_2 = nn.LayerNorm(dim)
        self.self_attn_prompt_1 = Attention(prompt_dim, prompt_dim, inner, heads)
        self.norm_prompt_1 = nn.LayerNorm(prompt_dim)
        self.cross_attn_prompt_text_1 = Attention(prompt_dim, dim, inner, heads)
        self.norm_prompt_2 = nn.LayerNorm(prompt_dim)
        self.mlp_prompt_2 = MLP(prompt_dim, sizes.mlp_dim)
        self.norm_prompt_3 = nn.LayerNorm(prompt_dim)
        self.cross_attn_prompt_img_1 = Attention(prompt_dim, dim, inner, heads)
        self.norm_prompt_4 = nn.LayerNorm(prompt_dim)
        self.mlp_prompt_3 = MLP(prompt_dim, sizes.mlp_dim)
        self.norm_prompt_5 = nn.LayerNorm(prompt_dim)

    def forward(
        self,
        prompts: Tensor,
        text: Tensor,
        image: Tensor,
        prompt_pe: Tensor,
        text_pe: Tensor,
        image_pe: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """New prompts `(B, P, C)`, text `(B, Q, D)` and image features `(B, N, D)`."""
        text = self.norm_text_1(text + self.self_attn_text_1(text + text_pe, text + text_pe, text))
        image = self.norm_img_1(
            image + self.cross_attn_img_text_1(image + image_pe, text + text_pe, text)
        )
        image = self.norm_img_2(image + self.mlp_img_1(image))

        query = prompts + prompt_pe
        prompts = self.norm_prompt_1(prompts + self.self_attn_prompt_1(query, query, prompts))
        query = prompts + prompt_pe
        prompts = self.norm_prompt_2(
            prompts + self.cross_attn_prompt_text_1(query, text + text_pe, text)
        )
        prompts = self.norm_prompt_3(prompts + self.mlp_prompt_2(prompts))
        query = prompts + prompt_pe
        prompts = self.norm_prompt_4(
            prompts + self.cross_attn_prompt_img_1(query, image + image_pe, image)
        )
        return self.norm_prompt_5(prompts + self.mlp_prompt_3(prompts)), text, image
