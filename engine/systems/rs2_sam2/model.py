"""RS2-SAM2: a union encoder prompts a SAM 2 that is fused with its text (Fig. 2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from engine.backbones.beit3 import Beit3
from engine.backbones.sam2 import SamFeatures, SamMasks
from engine.systems.rs2_sam2.config import OUTPUT_SIZE, RS2SAM2Config
from engine.systems.rs2_sam2.fused_sam2 import FusedSam2
from engine.systems.rs2_sam2.mask_prompt_generator import MaskPromptGenerator, enlarge


@dataclass(frozen=True)
class Prompts:
    """What the union encoder tells SAM 2.

    Attributes:
        sparse: The CLS token as a prompt token, `(B, 1, C)`.
        dense: The pseudo-mask, `(B, 1, S/4, S/4)` in [0, 1]; None without one.
        text: The text for the fusion, `(B, L, C)`.
    """

    sparse: Tensor
    dense: Tensor | None
    text: Tensor


@dataclass(frozen=True)
class Output:
    """The answer to `B` expressions about `B` images.

    Attributes:
        masks: SAM 2's masks.
        text_weight: The sentence as one number for the boundary loss, `(B,)`.
        prompts: What the masks came from.
        features: SAM 2's features before the decoder's text attention.
    """

    masks: SamMasks
    text_weight: Tensor
    prompts: Prompts
    features: SamFeatures

    def full_size(self) -> Tensor:
        """SAM 2's values at the published size, `(B, 1, 1024, 1024)`, whatever the input's."""
        size = (OUTPUT_SIZE, OUTPUT_SIZE)
        values = self.masks.logits.float()
        return F.interpolate(values, size, mode="bilinear", align_corners=False)


class RS2SAM2(nn.Module):
    """The whole model.

    Padding in a text is masked in the union encoder only, as published: the fusion looks at it.
    Encode one expression at a time for results that do not depend on their neighbours.
    """

    def __init__(self, config: RS2SAM2Config) -> None:
        """Builds the model with random weights; needs no network."""
        super().__init__()
        self.config = config
        dim, prompt_dim = config.beit3.dim, config.sam.dim
        self.beit3 = Beit3(config.beit3)
        self.sam = FusedSam2(config)
        self.token_mlp = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, prompt_dim))
        self.text_linear = nn.Linear(dim, prompt_dim)
        self.text_weight = nn.Linear(prompt_dim, 1)
        self.meo_linear = nn.Linear(dim, prompt_dim)  # published, and never run
        self.mask_prompt = (
            MaskPromptGenerator(dim, config.beit3.grid, config.mask_prompt)
            if config.mask_prompt.enabled
            else None
        )

    def prompts(
        self, image: Tensor, token_ids: Tensor, valid: Tensor, mask: tuple[int, int]
    ) -> Prompts:
        """Encodes images and expressions together.

        Args:
            image: `(B, 3, s, s)` for BEiT-3, normalised with ImageNet's statistics.
            token_ids: `(B, L)` from its tokenizer.
            valid: `(B, L)` bool, False on padding.
            mask: Height and width of the pseudo-mask.
        """
        encoded = self.beit3(image, token_ids, valid)
        dense = None
        if self.mask_prompt is not None:
            dense = enlarge(self.mask_prompt(encoded.cls, encoded.patches), mask)
        return Prompts(self.token_mlp(encoded.cls), dense, self.text_linear(encoded.words))

    def forward(
        self, image: Tensor, small_image: Tensor, token_ids: Tensor, valid: Tensor
    ) -> Output:
        """Masks for `B` expressions about `B` images.

        Args:
            image: `(B, 3, S, S)` for SAM 2, normalised with ImageNet's statistics.
            small_image: The same images for BEiT-3, `(B, 3, s, s)`.
            token_ids: `(B, L)`.
            valid: `(B, L)` bool, False on padding.
        """
        height, width = (side // 4 for side in image.shape[-2:])
        prompts = self.prompts(small_image, token_ids, valid, (height, width))
        features = self.sam.encode_with(image, prompts.text)
        masks = self.sam.decode_with(features, prompts.text, prompts.sparse, prompts.dense)
        return Output(masks, self.text_weight(prompts.text[:, 0])[:, 0], prompts, features)
