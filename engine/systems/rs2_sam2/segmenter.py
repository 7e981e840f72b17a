"""RS2-SAM2 as a Segmenter: views of any size in, logits of that size out."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.backbones.beit3_tokenizer import Beit3Tokenizer
from engine.backbones.sam2 import IMAGENET_MEAN, IMAGENET_STD
from engine.errors import InputError
from engine.systems.rs2_sam2.decision import foreground_logits
from engine.systems.rs2_sam2.model import RS2SAM2
from engine.zoo import ModelCard


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
    def encode(self, view: Tensor, resolution: float | None = None) -> ViewImages:
        """A view `(3, h, w)` uint8, stretched to the squares of both encoders.

        Raises:
            InputError: The view is smaller than a patch.
        """
        height, width = view.shape[-2:]
        config = self.model.config
        if min(height, width) < config.beit3.patch:
            raise InputError(
                f"The extent is only {width} x {height} pixels; {self.card.title} looks at "
                f"patches of {config.beit3.patch} pixels. Choose a larger extent or a finer "
                "resolution."
            )
        pixels = view[None].to(self.device).float() / 255
        return ViewImages(
            square(pixels, config.sam.image), square(pixels, config.beit3.image), (height, width)
        )

    @torch.inference_mode()
    def decode(self, features: ViewImages, expression: str) -> Tensor:
        """Logits `(h, w)` of an expression.

        Raises:
            InputError: The expression is longer than the model reads.
        """
        tokens = self.tokenizer([expression]).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            output = self.model(features.image, features.small_image, tokens.ids, tokens.valid)
        logits = foreground_logits(output.full_size())
        return F.interpolate(logits, features.size, mode="bilinear", align_corners=False)[
            0, 0
        ].cpu()


def square(pixels: Tensor, side: int) -> Tensor:
    """Images `(B, 3, h, w)` in [0, 1] as squares, normalised with ImageNet's statistics."""
    resized = F.interpolate(
        pixels, (side, side), mode="bilinear", align_corners=False, antialias=True
    )
    mean, std = (
        resized.new_tensor(numbers)[:, None, None] for numbers in (IMAGENET_MEAN, IMAGENET_STD)
    )
    return (resized - mean) / std
