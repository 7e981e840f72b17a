"""RSRefSeg 2 as a Segmenter: views of any size in, logits of that size out."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.systems.rsrefseg2.model import ImageFeatures, RSRefSeg2
from engine.zoo import ModelCard


@dataclass(frozen=True)
class ViewFeatures:
    """Features of a view and how it was fitted into the model's square.

    Attributes:
        image: The model's features.
        size: Height and width of the view.
        fitted: Height and width of the view inside the square; the rest is padding.
    """

    image: ImageFeatures
    size: tuple[int, int]
    fitted: tuple[int, int]


class RSRefSeg2Segmenter:
    """A loaded RSRefSeg 2."""

    def __init__(
        self, model: RSRefSeg2, card: ModelCard, weights_sha256: str, device: torch.device
    ) -> None:
        self.model = model.eval().to(device)
        self.card = card
        self.device = device
        self.weights_sha256 = weights_sha256

    @torch.inference_mode()
    def encode(self, view: Tensor) -> ViewFeatures:
        """Features of a view `(3, h, w)` uint8, fitted into the model's square."""
        height, width = view.shape[-2:]
        config, side = self.model.config, self.model.image_size
        down, across = side / height, side / width
        if config.resize == "pad":
            down = across = min(down, across)
        down, across = min(down, config.largest_scale), min(across, config.largest_scale)
        fitted = (max(1, round(height * down)), max(1, round(width * across)))
        image = F.interpolate(view[None].to(self.device), fitted, mode="bilinear", antialias=True)
        image = F.pad(image.float() / 255, (0, side - fitted[1], 0, side - fitted[0]))
        with self._precision():
            return ViewFeatures(self.model.encode(image), (height, width), fitted)

    @torch.inference_mode()
    def decode(self, features: ViewFeatures, expression: str) -> Tensor:
        """Logits `(h, w)` of an expression."""
        token_ids = self.model.encoder.tokenize([expression]).to(self.device)
        with self._precision():
            logits = self.model.decode(
                features.image, self.model.encoder.text(token_ids)
            ).masks.logits.float()
        side = (self.model.image_size, self.model.image_size)
        logits = F.interpolate(logits, side, mode="bilinear", align_corners=False)
        logits = logits[..., : features.fitted[0], : features.fitted[1]]
        return F.interpolate(logits, features.size, mode="bilinear", align_corners=False)[
            0, 0
        ].cpu()

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda")
