"""RSRefSeg 2: localise in CLIP's space, prompt, delineate with SAM 2 (Eq. 1 and 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.backbones.dual_encoder import DualEncoder, Text
from engine.backbones.open_clip import OpenClipDualEncoder, OpenClipSizes
from engine.backbones.sam2 import IMAGENET_MEAN, IMAGENET_STD, Sam2, SamFeatures, SamMasks
from engine.backbones.siglip import SiglipDualEncoder
from engine.systems.rsrefseg2.config import RSRefSeg2Config
from engine.systems.rsrefseg2.lora import add_lora
from engine.systems.rsrefseg2.losses import ContrastiveHead
from engine.systems.rsrefseg2.prompter import Prompter, Prompts


@dataclass(frozen=True)
class ImageFeatures:
    """What an image gives once, for any number of expressions.

    Attributes:
        image_map: The dual encoder's dense features `(B, D, h, w)`.
        sam: SAM 2's features.
    """

    image_map: Tensor
    sam: SamFeatures

    def repeat_interleave(self, counts: Tensor) -> ImageFeatures:
        """Each image `counts[i]` times in a row, for as many expressions."""
        return ImageFeatures(
            self.image_map.repeat_interleave(counts, 0), self.sam.repeat_interleave(counts)
        )

    def split(self) -> list[ImageFeatures]:
        """Each image's own, in memory of its own."""
        parts = zip(self.image_map.split(1), self.sam.split(), strict=True)
        alone = len(self.image_map) == 1
        return [ImageFeatures(m if alone else m.clone(), sam) for m, sam in parts]

    @classmethod
    def stack(cls, images: Sequence[ImageFeatures]) -> ImageFeatures:
        """Those of several images of one size."""
        if len(images) == 1:
            return images[0]
        maps = torch.cat([image.image_map for image in images])
        return cls(maps, SamFeatures.stack([image.sam for image in images]))


@dataclass(frozen=True)
class Output:
    """The answer to `B` expressions: masks, the prompts they came from, and the encoded text."""

    masks: SamMasks
    prompts: Prompts
    text: Text


class RSRefSeg2(nn.Module):
    """The whole model."""

    encoder_mean: Tensor
    encoder_std: Tensor
    sam_mean: Tensor
    sam_std: Tensor

    def __init__(self, config: RSRefSeg2Config, tokenizer: Path | None = None) -> None:
        """Builds the model with random weights; needs no network.

        Args:
            config: Sizes and switches.
            tokenizer: Folder with the tokenizer's files, for encoders that do not ship one.
        """
        super().__init__()
        self.config = config
        self.encoder: DualEncoder = (
            OpenClipDualEncoder(config.encoder, config.initial_bias)
            if isinstance(config.encoder, OpenClipSizes)
            else SiglipDualEncoder(config.encoder, tokenizer)
        )
        self.sam = Sam2(config.sam, config.dynamic_multimask, config.presence)
        self.prompter = Prompter(config.prompter)
        self.head = ContrastiveHead(config.initial_bias)
        if config.lora is not None:
            add_lora(self.sam, self.encoder, config.lora)
        self._statistics("encoder", self.encoder.mean, self.encoder.std)
        self._statistics("sam", IMAGENET_MEAN, IMAGENET_STD)

    def _statistics(self, name: str, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        self.register_buffer(f"{name}_mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer(f"{name}_std", torch.tensor(std)[:, None, None], persistent=False)

    @property
    def image_size(self) -> int:
        """Longest side of the input in pixels."""
        return self.config.sam.image

    def encode(self, image: Tensor) -> ImageFeatures:
        """Features of images `(B, 3, H, W)` in [0, 1].

        They may be smaller than the model's square; the dual encoder's image shrinks with them.
        """
        height, width = (
            self.encoder.image_size * side // self.image_size for side in image.shape[-2:]
        )
        small = (image - self.encoder_mean) / self.encoder_std
        if small.shape[-2:] != (height, width):
            small = F.interpolate(small, (height, width), mode="bilinear", align_corners=False)
        return ImageFeatures(
            self.encoder.image_map(small), self.sam.encode((image - self.sam_mean) / self.sam_std)
        )

    def decode(self, features: ImageFeatures, text: Text) -> Output:
        """Masks for `B` expressions about `B` images."""
        height, width = features.sam.embedding.shape[-2:]
        prompts = self.prompter(
            features.image_map,
            text,
            self.encoder.logit_scale,
            self.encoder.logit_bias,
            mask=(4 * height, 4 * width),
        )
        return Output(self.sam.decode(features.sam, prompts.sparse, prompts.dense), prompts, text)

    def forward(self, image: Tensor, token_ids: Tensor, counts: Tensor | None = None) -> Output:
        """Masks for expressions about images.

        Args:
            image: `(B, 3, H, W)` in [0, 1].
            token_ids: `(E, L)` from the encoder's `tokenize`.
            counts: How many expressions each image has, `(B,)` with sum `E`; one each if None.
        """
        features = self.encode(image)
        if counts is not None:
            features = features.repeat_interleave(counts)
        return self.decode(features, self.encoder.text(token_ids))
