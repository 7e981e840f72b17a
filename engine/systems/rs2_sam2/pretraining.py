"""What a union encoder of random weights learns first: which patch shows what, and what is named.

The published BEiT-3 has read millions of images with their texts. A small one made for trials has
not, and RS2-SAM2's own loss says too little about single words to begin with.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.backbones.beit3 import Beit3
from engine.backbones.beit3_tokenizer import Beit3Tokenizer
from engine.data.batch import Batch
from engine.systems.rs2_sam2.losses import IGNORE
from engine.systems.rs2_sam2.segmenter import square

BACKGROUND_WEIGHT = 0.25


class UnionPretraining(nn.Module):
    """The union encoder with heads that are thrown away afterwards.

    One head labels every patch with a category, whatever the text; the other says which patches
    show what the text names, by their likeness to the CLS token.
    """

    def __init__(self, beit3: Beit3, tokenizer: Beit3Tokenizer, categories: int) -> None:
        super().__init__()
        self.beit3 = beit3
        self.tokenizer = tokenizer
        dim = beit3.sizes.dim
        self.classify = nn.Linear(dim, categories + 1)
        self.named = nn.Linear(dim, dim)
        self.bias = nn.Parameter(torch.tensor(-3.0))

    def forward(self, pixels: Tensor, names: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Logits of the labels `(B, 1 + C, g, g)` and of what is named `(B, g, g)`.

        Args:
            pixels: `(B, 3, H, W)` uint8.
            names: One for each image.
        """
        sizes = self.beit3.sizes
        tokens = self.tokenizer(names).to(pixels.device)
        encoded = self.beit3(square(pixels.float() / 255, sizes.image), tokens.ids, tokens.valid)
        grid = (sizes.grid, sizes.grid)
        labels = self.classify(encoded.patches).transpose(1, 2).unflatten(2, grid)
        likeness = (self.named(encoded.cls) * encoded.patches).sum(2) / sizes.dim**0.5
        return labels, likeness.unflatten(1, grid) + self.bias

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Of each image every patch's label, and the patches of one category, named."""
        shares, known = patch_shares(batch.category_masks, self.beit3.sizes.grid)
        present = (shares > 0).flatten(2).any(2)
        wanted = torch.where(present, 2.0, 1.0 / len(batch.category_names)) * known
        chosen = torch.multinomial(wanted, 1)[:, 0]
        labels, likeness = self(batch.pixels, [batch.category_names[i] for i in chosen.tolist()])
        labels = labels.masked_fill(F.pad(~known, (1, 0))[:, :, None, None], -1e4)
        share, category = shares.max(1)
        truth = torch.where(share > 0.5, category + 1, 0)
        weight = torch.ones(labels.shape[1], device=labels.device)
        weight[0] = BACKGROUND_WEIGHT
        rows = torch.arange(len(chosen), device=chosen.device)
        return {
            "labels": F.cross_entropy(labels.float(), truth, weight),
            "named": 3 * F.binary_cross_entropy_with_logits(likeness.float(), shares[rows, chosen]),
        }

    @torch.inference_mode()
    def overlaps(self, batch: Batch) -> Tensor:
        """Intersections and unions of the named categories' patches, `(2, C)`."""
        shares, known = patch_shares(batch.category_masks, self.beit3.sizes.grid)
        totals = shares.new_zeros(2, len(batch.category_names))
        for number, name in enumerate(batch.category_names):
            found = self(batch.pixels, [name] * len(batch.pixels))[1] > 0
            truth = shares[:, number] > 0.5
            asked = known[:, number, None, None]
            totals[0, number] = (found & truth & asked).sum()
            totals[1, number] = ((found | truth) & asked).sum()
        return totals


def patch_shares(masks: Tensor, grid: int) -> tuple[Tensor, Tensor]:
    """Share of each patch that a category covers `(B, C, g, g)`, and what is known `(B, C)`."""
    known = ~(masks == IGNORE).flatten(2).any(2)
    return F.interpolate((masks == 1).float(), (grid, grid), mode="area"), known
