"""The losses of RSRefSeg 2 (Sec. III-E, Eq. 9 to 12)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

IGNORE = 255


def cross_entropy(logits: Tensor, label: Tensor) -> Tensor:
    """Binary cross-entropy of logits `(B, 1, H, W)` with a label `(B, 1, H, W)` of 0, 1 and 255.

    Ignored pixels count nothing but stay in the mean, as published.
    """
    valid = label != IGNORE
    target = torch.where(valid, label, 0).to(logits.dtype)
    loss = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return (loss * valid).mean()


def dice(logits: Tensor, label: Tensor, eps: float = 1e-3) -> Tensor:
    """`1 - 2 <p, y> / (<p, p> + <y, y>)` of each sample, averaged.

    Ignored pixels take part as they are, as published.
    """
    probability = logits.sigmoid().flatten(1)
    target = label.to(logits.dtype).flatten(1)
    overlap = (probability * target).sum(1)
    total = (probability.square().sum(1) + eps) + (target.square().sum(1) + eps)
    return (1 - 2 * overlap / total).mean()


def known_dice(logits: Tensor, label: Tensor) -> Tensor:
    """Dice without ignored pixels: there nothing is meant and nothing found."""
    unknown = label == IGNORE
    return dice(logits.masked_fill(unknown, -torch.inf), label.masked_fill(unknown, 0))


def orthogonality(t1: Tensor, t2: Tensor) -> Tensor:
    """Squared cosine of the two subspaces' mean vectors, Eq. 11, for `(B, Q, D)` each."""
    return F.cosine_similarity(t1.mean(1), t2.mean(1), dim=-1).square().mean()


def downsample_label(label: Tensor, size: tuple[int, ...]) -> Tensor:
    """A label `(B, 1, H, W)` on the image features' grid, `(B, h, w)` of 0 and 1."""
    small = F.interpolate(label.float(), size, mode="bilinear", align_corners=True)
    return (small > 0.5).long()[:, 0]


def dense_alignment(dense: Tensor, label: Tensor) -> Tensor:
    """Cross-entropy of the dense prompt with the mask, the first term of Eq. 12.

    Args:
        dense: `(B, 1, M, M)`.
        label: `(B, 1, H, W)` of 0, 1 and 255, which is left out.
    """
    return spatial_alignment(dense, label)


def spatial_alignment(logits: Tensor, label: Tensor) -> Tensor:
    """Cross-entropy of positions' similarity with what a sentence means, Eq. 12's second term.

    A position's truth is the share of its known pixels that are meant, and it counts by how much
    of it is known. Every sentence about which anything is known counts the same.

    Args:
        logits: `(B, S, h, w)` of `ContrastiveHead.spatial_logits`.
        label: `(B, S, H, W)` of 0, 1 and 255, which is left out.
    """
    unknown = label == IGNORE
    known = F.interpolate((~unknown).float(), logits.shape[-2:], mode="area")
    meant = F.interpolate(label.masked_fill(unknown, 0).float(), logits.shape[-2:], mode="area")
    share = meant / known.masked_fill(known == 0, 1)
    loss = F.binary_cross_entropy_with_logits(logits.float(), share, reduction="none")
    weight = known.sum((2, 3))
    each = (loss * known).sum((2, 3)) / weight.masked_fill(weight == 0, 1)
    return each.sum() / (weight > 0).sum().clamp(min=1)


class ContrastiveHead(nn.Module):
    """The learned temperatures and biases of sample (1) and spatial (2) alignment, Eq. 12."""

    def __init__(self, bias: float = math.log(0.5)) -> None:
        super().__init__()
        self.logit_scale1 = nn.Parameter(torch.log(torch.tensor(1 / 0.07)))
        self.logit_scale2 = nn.Parameter(torch.log(torch.tensor(1 / 0.07)))
        self.logit_bias1 = nn.Parameter(torch.tensor(bias))
        self.logit_bias2 = nn.Parameter(torch.tensor(bias))

    def sample_logits(self, image_map: Tensor, label: Tensor, t2: Tensor) -> Tensor:
        """Similarity of every masked region with every expression, `(B, B)`.

        Args:
            image_map: The encoder's features before the prompter, `(B, D, h, w)`.
            label: Masks `(B, 1, H, W)`.
            t2: Second subspace before the interaction, `(B, Q, D)`; its mean stands for the
                sentence (Table XV; Sec. III-E writes the pooled sentence).
        """
        mask = downsample_label(label, image_map.shape[-2:]).to(image_map.dtype)
        region = F.normalize((image_map * mask[:, None]).mean((2, 3)), dim=-1)
        sentence = F.normalize(t2.mean(1), dim=-1)
        return self.logit_scale1.exp() * region @ sentence.T + self.logit_bias1

    def sample_alignment(self, logits: Tensor) -> Tensor:
        """Symmetric cross-entropy of `(B, B)` with the diagonal as truth."""
        truth = torch.arange(len(logits), device=logits.device)
        return (F.cross_entropy(logits, truth) + F.cross_entropy(logits.T, truth)) / 2

    def spatial_logits(self, image_map: Tensor, sentences: Tensor) -> Tensor:
        """Similarity of every position with every sentence of its image, `(B, S, h, w)`.

        Args:
            image_map: `(B, D, h, w)`.
            sentences: Pooled text `(B, S, D)`.
        """
        cosine = torch.einsum(
            "bdhw,bsd->bshw", F.normalize(image_map, dim=1), F.normalize(sentences, dim=-1)
        )
        return self.logit_scale2.exp() * cosine + self.logit_bias2
