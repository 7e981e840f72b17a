"""What every system is to the rest of the engine: a Segmenter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from engine.models.card import ModelCard


class Segmenter(Protocol):
    """A loaded model: an image is encoded once, then answers any number of expressions.

    Attributes:
        card: What the model is.
        device: Where it computes.
        weights_sha256: SHA-256 of its weights' file.
    """

    card: ModelCard
    device: torch.device
    weights_sha256: str

    def encode(self, views: Tensor, resolution: float | None = None) -> list[Any]:
        """Text-independent features of views `(B, 3, h, w)` uint8 of any size, one for each.

        Args:
            views: The pixels.
            resolution: Metres a pixel, where it is known, for models that know objects by their
                size.
        """

    def decode(self, features: Sequence[Any], expression: str) -> Tensor:
        """Logits `(B, h, w)` float32 at the views' size, on the CPU, of `B` views of one size."""
