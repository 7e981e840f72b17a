"""The total loss of RSRefSeg 2 on a batch (Eq. 9)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.data.batch import Batch
from engine.systems.rsrefseg2 import losses
from engine.systems.rsrefseg2.model import Output, RSRefSeg2


def training_losses(model: RSRefSeg2, batch: Batch) -> dict[str, Tensor]:
    """The weighted parts of the loss; their sum is the total.

    Terms of weight 0 are not computed. Where a batch names categories, the spatial term looks at
    the sentence of every category at once, so that each image teaches all it shows; elsewhere at
    each expression with its own mask, as published.
    """
    weights = model.config.loss
    features = model.encode(batch.pixels.float() / 255)
    device = batch.pixels.device
    text = model.encoder.text(model.encoder.tokenize(batch.expressions).to(device))
    repeated = features.repeat_interleave(batch.counts)
    output = model.decode(repeated, text)
    parts = _segmentation(output, batch.masks, weights.ce, weights.dice)
    parts["ortho"] = weights.ortho * losses.orthogonality(output.prompts.t1, output.prompts.t2)
    if weights.sample:
        logits = model.head.sample_logits(repeated.image_map, batch.masks == 1, output.prompts.t2)
        parts["sample"] = weights.sample * model.head.sample_alignment(logits)
    if weights.dense:
        parts["dense"] = weights.dense * losses.dense_alignment(output.prompts.dense, batch.masks)
    if weights.presence:
        there = (batch.masks == 1).flatten(1).any(1, keepdim=True)
        parts["presence"] = weights.presence * F.binary_cross_entropy_with_logits(
            output.masks.presence.float(), there.float()
        )
    if weights.spatial:
        if batch.category_names:
            ids = model.encoder.tokenize(batch.category_names).to(device)
            names = model.encoder.text(ids).pooled.expand(len(batch.pixels), -1, -1)
            logits = model.head.spatial_logits(features.image_map, names)
            spatial = losses.spatial_alignment(logits, batch.category_masks)
        else:
            logits = model.head.spatial_logits(repeated.image_map, text.pooled[:, None])
            spatial = losses.spatial_alignment(logits, batch.masks)
        parts["spatial"] = weights.spatial * spatial
    return parts


def _segmentation(output: Output, masks: Tensor, ce: float, dice: float) -> dict[str, Tensor]:
    logits = F.interpolate(
        output.masks.logits.float(), masks.shape[-2:], mode="bilinear", align_corners=False
    )
    return {
        "ce": ce * losses.cross_entropy(logits, masks),
        "dice": dice * losses.known_dice(logits, masks),
    }


def predict(model: RSRefSeg2, pixels: Tensor, expressions: list[str]) -> Tensor:
    """Logits `(E, H, W)` of expressions about one view `(3, H, W)` uint8."""
    device = next(model.parameters()).device
    features = model.encode(pixels[None].to(device).float() / 255)
    text = model.encoder.text(model.encoder.tokenize(expressions).to(device))
    repeated = features.repeat_interleave(torch.tensor([len(expressions)], device=device))
    logits = model.decode(repeated, text).masks.logits
    shape = pixels.shape[-2:]
    return F.interpolate(logits.float(), shape, mode="bilinear", align_corners=False)[:, 0]
