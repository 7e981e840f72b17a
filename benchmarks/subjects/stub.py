"""The stub: a network that costs next to nothing, so that only the plumbing around it is compared.

PyTorch only: it runs in the peers' environment as well.
"""

from __future__ import annotations

import math

from torch import Tensor, nn


class StubNetwork(nn.Module):
    """A fixed 1 x 1 convolution to one logit, written for its only band that counts: the first.

    Args:
        gain: Its weight.
        bias: Its bias.
    """

    def __init__(self, gain: float, bias: float) -> None:
        super().__init__()
        self.gain, self.bias = gain, bias

    def forward(self, views: Tensor) -> Tensor:
        """Logits `(B, 1, h, w)` of views `(B, 3, h, w)` in 0..1."""
        return views[:, :1] * self.gain + self.bias


GRADED = (12.0, -6.0)
"""Gain and bias: from 0.002 to 0.998, as the first band says."""

ORACLE = (40.0, -20.0)
"""Gain and bias: certain of what is painted in the first band."""


def constant(probability: float) -> tuple[float, float]:
    """Gain and bias that give one probability everywhere."""
    return 0.0, math.log(probability / (1 - probability))
