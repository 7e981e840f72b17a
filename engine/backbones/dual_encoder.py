"""What a system asks of any image-text encoder: dense image features and token-wise text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from engine.errors import ModelError


@dataclass(frozen=True)
class Text:
    """Encoded expressions.

    Attributes:
        tokens: `(B, L, D)`, one vector a token, in the space shared with the image.
        pooled: `(B, D)`, one vector a sentence.
        valid: `(B, L)` bool, False on padding; None when every token counts (the published
            SigLIP behaviour, where padding takes part).
    """

    tokens: Tensor
    pooled: Tensor
    valid: Tensor | None = None

    def repeat_interleave(self, counts: Tensor) -> Text:
        """Each sentence `counts[i]` times in a row."""
        return Text(
            self.tokens.repeat_interleave(counts, 0),
            self.pooled.repeat_interleave(counts, 0),
            None if self.valid is None else self.valid.repeat_interleave(counts, 0),
        )


@runtime_checkable
class DualEncoder(Protocol):
    """A pre-aligned image-text encoder with its pooling taken off.

    Attributes:
        dim: Width `D` of the shared space.
        image_size: Side of the square input in pixels.
        mean: Mean of each colour, for images in [0, 1].
        std: Standard deviation of each colour.
    """

    dim: int
    image_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    @property
    def logit_scale(self) -> nn.Parameter:
        """Logarithm of the factor on cosines, shape `()` or `(1,)`."""

    @property
    def logit_bias(self) -> nn.Parameter:
        """Added to the scaled cosines."""

    def image_map(self, image: Tensor) -> Tensor:
        """Dense features `(B, D, h, w)` of normalised images `(B, 3, S, S)`."""

    def text(self, token_ids: Tensor) -> Text:
        """Encodes token ids `(B, L)`."""

    def tokenize(self, expressions: list[str]) -> Tensor:
        """Token ids `(B, L)`, padded to one length.

        Raises:
            ModelError: The tokenizer's files are not there.
        """


def require_tokenizer(tokenizer: object | None, where: str) -> object:
    """`tokenizer`, or a clear error when the model was built without its files."""
    if tokenizer is None:
        raise ModelError(
            f"The tokenizer of {where} is not on this machine. Download the model's files first, "
            "or choose a folder that holds them."
        )
    return tokenizer


def token_tensor(rows: list[list[int]], padding: int) -> Tensor:
    """Rows of ids padded at the end, `(B, L)` int64."""
    length = max(len(row) for row in rows)
    return torch.tensor([row + [padding] * (length - len(row)) for row in rows])
