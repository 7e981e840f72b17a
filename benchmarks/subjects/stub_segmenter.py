"""The stub as the engine takes it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from benchmarks.subjects.stub import StubNetwork
from engine.models.card import ModelCard


class StubSegmenter:
    """The stub behind the engine's contract; a view's features are itself.

    Attributes:
        encoded: Views encoded so far.
    """

    device = torch.device("cpu")
    weights_sha256 = "0" * 64

    def __init__(self, network: StubNetwork, window: int, overlap: int) -> None:
        self.network = network
        self.encoded = 0
        self.card = ModelCard(
            id="stub",
            title="Stub",
            system="stub",
            configuration="",
            languages=("en",),
            vocabulary="",
            finest=0.01,
            coarsest=100.0,
            view=window,
            window=window,
            overlap=overlap,
            licence="",
            about="",
            weights=(),
            metrics={},
        )

    def encode(self, views: Tensor, resolution: float | None = None) -> list[Tensor]:
        """The views."""
        self.encoded += len(views)
        return list(views)

    @torch.inference_mode()
    def decode(self, features: Sequence[Tensor], expression: str) -> Tensor:
        """Logits `(B, h, w)`."""
        return self.network(torch.stack(list(features)).float() / 255)[:, 0]
