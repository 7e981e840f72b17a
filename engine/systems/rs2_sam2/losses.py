"""The losses of RS2-SAM2 (Eq. 3 and 4)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from engine.systems.rs2_sam2.config import LossConfig
from engine.systems.rs2_sam2.decision import two_channels

SMOOTH = 1e-6
IGNORE = 255


def total(
    values: Tensor, target: Tensor, text_weight: Tensor, config: LossConfig
) -> dict[str, Tensor]:
    """The weighted parts of the loss, Eq. 3; those of weight 0 are left out.

    Args:
        values: SAM 2's values `(B, 1, H, W)`.
        target: `(B, H, W)` int64 of 0, 1 and 255, which is left out.
        text_weight: The sentences as a number each, `(B,)`.
        config: Weights and forms.
    """
    parts = {}
    if config.ce:
        ce = cross_entropy(two_channels(values), target, config.classes)
        parts["ce"] = config.ce * ce
    if config.dice:
        parts["dice"] = config.dice * dice(two_channels(values), target)
    if config.boundary:
        parts["boundary"] = config.boundary * boundary(values, target, text_weight, config)
    return parts


def cross_entropy(logits: Tensor, target: Tensor, classes: tuple[float, float]) -> Tensor:
    """Cross-entropy of `(B, 2, H, W)` with `(B, H, W)`, a mean weighted by the pixels' classes."""
    return F.cross_entropy(logits, target, logits.new_tensor(classes), ignore_index=IGNORE)


def dice(logits: Tensor, target: Tensor) -> Tensor:
    """`1 - 2 sum(p y) / (sum(p) + sum(y))`, summed over both classes and the batch."""
    known = target != IGNORE
    probability = logits.softmax(1) * known[:, None]
    truth = F.one_hot(target * known, 2).permute(0, 3, 1, 2) * known[:, None]
    overlap = (probability * truth).sum((2, 3))
    size = (probability + truth).sum((2, 3))
    return (1 - (2 * overlap + SMOOTH) / (size + SMOOTH)).sum()


def boundary(values: Tensor, target: Tensor, text_weight: Tensor, config: LossConfig) -> Tensor:
    """Mean square of the text-weighted difference of edges, Eq. 4."""
    known = (target != IGNORE)[:, None]
    truth = (target[:, None] * known).to(values.dtype)
    difference = (edges(prediction(values, config)) - edges(truth)) * known
    own = config.boundary_texts == "own"
    weight = text_weight[:, None] if own else text_weight[None, :]
    return (weight[..., None, None] * difference).square().mean()


def prediction(values: Tensor, config: LossConfig) -> Tensor:
    """What the boundary loss looks at, `(B, 1, H, W)`: probabilities, or those above one half."""
    probability = values.sigmoid()
    if config.boundary_form == "soft":
        return probability
    return (probability > 0.5).to(probability.dtype)


def edges(mask: Tensor) -> Tensor:
    """Differences from the pixels above and to the left, `(B, 1, H, W)`; none at the border."""
    down = mask.diff(dim=-2).abs()
    across = mask.diff(dim=-1).abs()
    return F.pad(down, (0, 0, 1, 0)) + F.pad(across, (1, 0))
