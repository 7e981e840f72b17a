"""RSRefSeg 2 as a Segmenter: views of any size in, logits of that size out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.models.card import ModelCard
from engine.systems.rsrefseg2.model import ImageFeatures, RSRefSeg2


@dataclass(frozen=True)
class ViewFeatures:
    """Features of a view and how it was shown to the model.

    Attributes:
        image: The model's features.
        size: Height and width of the view.
        shown: Height and width of the view inside the input; the rest is padding.
        whole: Height and width of the input.
    """

    image: ImageFeatures
    size: tuple[int, int]
    shown: tuple[int, int]
    whole: tuple[int, int]


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
    def encode(self, views: Tensor, resolution: float | None = None) -> list[ViewFeatures]:
        """Features of views `(B, 3, h, w)` uint8, as the model's configuration shows them."""
        height, width = views.shape[-2:]
        shown, whole = self.model.config.input_shape(height, width, resolution)
        image = F.interpolate(views.to(self.device), shown, mode="bilinear", antialias=True)
        image = F.pad(image.float() / 255, (0, whole[1] - shown[1], 0, whole[0] - shown[0]))
        with self._precision():
            features = self.model.encode(image)
        return [ViewFeatures(one, (height, width), shown, whole) for one in features.split()]

    @torch.inference_mode()
    def decode(self, features: Sequence[ViewFeatures], expression: str) -> Tensor:
        """Logits `(B, h, w)` of an expression about views of one size."""
        token_ids = self.model.encoder.tokenize([expression]).to(self.device)
        view = features[0]
        with self._precision():
            text = self.model.encoder.text(token_ids)
            text = text.repeat_interleave(torch.tensor([len(features)], device=self.device))
            images = ImageFeatures.stack([one.image for one in features])
            logits = self.model.decode(images, text).masks.logits.float()
        logits = F.interpolate(logits, view.whole, mode="bilinear", align_corners=False)
        logits = logits[..., : view.shown[0], : view.shown[1]]
        return F.interpolate(logits, view.size, mode="bilinear", align_corners=False)[:, 0].cpu()

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda")
