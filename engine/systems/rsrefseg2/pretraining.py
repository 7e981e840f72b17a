"""Dense supervision of both image encoders: every image teaches all its categories at once."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.data.batch import Batch
from engine.systems.rsrefseg2 import losses
from engine.systems.rsrefseg2.model import RSRefSeg2

BACKGROUND_WEIGHT = 0.25


class EncoderPretraining(nn.Module):
    """RSRefSeg 2's encoders with heads that are thrown away afterwards.

    The dual encoder learns the spatial alignment of Eq. 12 with the names of all categories. SAM's
    image encoder learns to label pixels, from all three levels that its mask decoder reads.
    """

    def __init__(self, model: RSRefSeg2, categories: int) -> None:
        super().__init__()
        self.model = model
        dim = model.config.sam.dim
        self.classify = nn.ModuleList(
            nn.Conv2d(width, categories + 1, 1) for width in (dim, dim // 4, dim // 8)
        )

    def label_logits(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Logits of both encoders: names `(B, C, H/16, W/16)`, labels `(B, 1 + C, H/4, W/4)`."""
        model = self.model
        features = model.encode(batch.pixels.float() / 255)
        names = model.encoder.text(
            model.encoder.tokenize(batch.category_names).to(batch.pixels.device)
        ).pooled
        spatial = model.head.spatial_logits(
            features.image_map, names.expand(len(features.image_map), -1, -1)
        )
        fine, coarse = features.sam.high_resolution
        levels = (features.sam.embedding, coarse, fine)
        labels = torch.stack(
            [
                F.interpolate(head(level), fine.shape[-2:], mode="bilinear", align_corners=False)
                for head, level in zip(self.classify, levels, strict=True)
            ]
        )
        return spatial, labels.sum(0)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Spatial alignment and pixel labelling."""
        spatial, labels = self.label_logits(batch)
        masks = batch.category_masks
        unknown = (masks == losses.IGNORE).flatten(2).any(2)
        truth = category_labels(masks, labels.shape[-2:])
        labels = labels.masked_fill(F.pad(unknown, (1, 0))[:, :, None, None], -1e4)
        weight = torch.ones(labels.shape[1], device=labels.device)
        weight[0] = BACKGROUND_WEIGHT
        return {
            "spatial": 10 * losses.spatial_alignment(spatial, masks),
            "labels": F.cross_entropy(labels.float(), truth, weight),
        }

    @torch.inference_mode()
    def scores(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Intersections and unions of each category, `(2, C)`: first by names, then by labels."""
        spatial, labels = self.label_logits(batch)
        masks = batch.category_masks
        truth = category_labels(masks, labels.shape[-2:])
        categories = range(masks.shape[1])
        found = labels.argmax(1)
        small = F.interpolate((masks == 1).float(), spatial.shape[-2:], mode="area") > 0.5
        pairs = [(spatial[:, c] > 0, small[:, c]) for c in categories]
        pairs += [(found == c + 1, truth == c + 1) for c in categories]
        return (
            torch.stack([(a & b).sum() for a, b in pairs]).unflatten(0, (2, -1)),
            torch.stack([(a | b).sum() for a, b in pairs]).unflatten(0, (2, -1)),
        )


def category_labels(masks: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Masks `(B, C, H, W)` as labels `(B, *shape)`: 0 background, else category + 1."""
    known = F.interpolate((masks == 1).float(), shape, mode="area")
    share, label = known.max(1)
    return torch.where(share > 0.5, label + 1, 0)
