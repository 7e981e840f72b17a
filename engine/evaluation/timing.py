"""How long a model takes for an image and for an expression."""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median
from typing import Any

import torch
from torch import Tensor

from engine.systems.segmenter import Segmenter


class TimedSegmenter:
    """A model that keeps the time; otherwise the model itself.

    Attributes:
        encodes: Seconds of every image.
        decodes: Seconds of every expression.
    """

    def __init__(self, model: Segmenter) -> None:
        self.model = model
        self.card = model.card
        self.device = model.device
        self.weights_sha256 = model.weights_sha256
        self.encodes: list[float] = []
        self.decodes: list[float] = []

    def encode(self, views: Tensor, resolution: float | None = None) -> list[Any]:
        """The model's features of views."""
        started = time.perf_counter()
        features = self.model.encode(views, resolution)
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        self.encodes.append(time.perf_counter() - started)
        return features

    def decode(self, features: Sequence[Any], expression: str) -> Tensor:
        """The model's logits."""
        started = time.perf_counter()
        logits = self.model.decode(features, expression)
        self.decodes.append(time.perf_counter() - started)
        return logits

    def seconds(self) -> dict[str, float | None]:
        """Median seconds an image and an expression, and how many there were."""
        return {
            "encode": median(self.encodes) if self.encodes else None,
            "encodes": len(self.encodes),
            "decode": median(self.decodes) if self.decodes else None,
            "decodes": len(self.decodes),
        }
