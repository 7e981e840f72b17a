"""Activation checkpointing: less memory for one more forward pass."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from torch import nn
from torch.utils.checkpoint import checkpoint


def recompute(blocks: Iterable[nn.Module]) -> None:
    """Makes blocks forget their activations and compute them again in the backward pass.

    For blocks without running statistics: a batch normalisation would count a batch twice.
    """
    for block in blocks:
        forward: Any = block.forward
        block.forward = partial(checkpoint, forward, use_reentrant=False)
