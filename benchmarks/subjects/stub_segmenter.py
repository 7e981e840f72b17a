"""The stub as the engine takes it."""

from __future__ import annotations

import torch
from torch import Tensor

from benchmarks.subjects.stub import StubNetwork
from engine.zoo import ModelCard


class StubSegmenter:
    """The stub behind the engine's contract; its features are the view itself.

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

    def encode(self, view: Tensor, resolution: float | None = None) -> Tensor:
        """The view."""
        self.encoded += 1
        return view

    @torch.inference_mode()
    def decode(self, features: Tensor, expression: str) -> Tensor:
        """Logits `(h, w)`."""
        return self.network(features[None].float() / 255)[0, 0]
