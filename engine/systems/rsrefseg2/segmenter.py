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
    def encode(self, view: Tensor, resolution: float | None = None) -> ViewFeatures:
        """Features of a view `(3, h, w)` uint8, as the model's configuration shows it."""
        height, width = view.shape[-2:]
        shown, whole = self.model.config.input_shape(height, width, resolution)
        image = F.interpolate(view[None].to(self.device), shown, mode="bilinear", antialias=True)
        image = F.pad(image.float() / 255, (0, whole[1] - shown[1], 0, whole[0] - shown[0]))
        with self._precision():
            return ViewFeatures(self.model.encode(image), (height, width), shown, whole)

    @torch.inference_mode()
    def decode(self, features: ViewFeatures, expression: str) -> Tensor:
        """Logits `(h, w)` of an expression."""
        token_ids = self.model.encoder.tokenize([expression]).to(self.device)
        with self._precision():
            logits = self.model.decode(
                features.image, self.model.encoder.text(token_ids)
            ).masks.logits.float()
        logits = F.interpolate(logits, features.whole, mode="bilinear", align_corners=False)
        logits = logits[..., : features.shown[0], : features.shown[1]]
        return F.interpolate(logits, features.size, mode="bilinear", align_corners=False)[
            0, 0
        ].cpu()

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda")
