"""RS2-SAM2 as a Segmenter: views of any size in, logits of that size out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.backbones.beit3_tokenizer import Beit3Tokenizer
from engine.backbones.sam2 import IMAGENET_MEAN, IMAGENET_STD
from engine.errors import InputError
from engine.models.card import ModelCard
from engine.systems.rs2_sam2.decision import foreground_logits
from engine.systems.rs2_sam2.model import RS2SAM2


@dataclass(frozen=True)
class ViewImages:
    """A view as both encoders want it; the text has a say in all that comes after.

    Attributes:
        image: `(1, 3, S, S)` for SAM 2, normalised.
        small_image: `(1, 3, s, s)` for BEiT-3, normalised.
        size: Height and width of the view.
    """

    image: Tensor
    small_image: Tensor
    size: tuple[int, int]


class RS2SAM2Segmenter:
    """A loaded RS2-SAM2. Every expression about a view costs a pass through the whole model."""

    def __init__(
        self,
        model: RS2SAM2,
        tokenizer: Beit3Tokenizer,
        card: ModelCard,
        weights_sha256: str,
        device: torch.device,
    ) -> None:
        self.model = model.eval().to(device)
        self.tokenizer = tokenizer
        self.card = card
        self.device = device
        self.weights_sha256 = weights_sha256

    @torch.inference_mode()
    def encode(self, views: Tensor, resolution: float | None = None) -> list[ViewImages]:
        """Views `(B, 3, h, w)` uint8, stretched to the squares of both encoders.

        Raises:
            InputError: The views are smaller than a patch.
        """
        height, width = views.shape[-2:]
        config = self.model.config
        if min(height, width) < config.beit3.patch:
            raise InputError(
                f"The extent is only {width} x {height} pixels; {self.card.title} looks at "
                f"patches of {config.beit3.patch} pixels. Choose a larger extent or a finer "
                "resolution."
            )
        pixels = views.to(self.device).float() / 255
        images = square(pixels, config.sam.image).split(1)
        small_images = square(pixels, config.beit3.image).split(1)
        return [
            ViewImages(image.clone(), small_image.clone(), (height, width))  # each may be kept
            for image, small_image in zip(images, small_images, strict=True)
        ]

    @torch.inference_mode()
    def decode(self, features: Sequence[ViewImages], expression: str) -> Tensor:
        """Logits `(B, h, w)` of an expression about views of one size.

        Raises:
            InputError: The expression is longer than the model reads.
        """
        tokens = self.tokenizer([expression]).to(self.device)
        many = len(features), -1
        image, small_image = (
            torch.cat([getattr(view, name) for view in features])
            for name in ("image", "small_image")
        )
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            output = self.model(
                image, small_image, tokens.ids.expand(many), tokens.valid.expand(many)
            )
        logits = foreground_logits(output.full_size())
        size = features[0].size
        return F.interpolate(logits, size, mode="bilinear", align_corners=False)[:, 0].cpu()


def square(pixels: Tensor, side: int) -> Tensor:
    """Images `(B, 3, h, w)` in [0, 1] as squares, normalised with ImageNet's statistics."""
    resized = F.interpolate(
        pixels, (side, side), mode="bilinear", align_corners=False, antialias=True
    )
    mean, std = (
        resized.new_tensor(numbers)[:, None, None] for numbers in (IMAGENET_MEAN, IMAGENET_STD)
    )
    return (resized - mean) / std
