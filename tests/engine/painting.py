"""Painted rasters, and a Segmenter that sees exactly what was painted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from affine import Affine
from torch import Tensor

from engine.files.boundary import open_dataset
from engine.models import zoo

COLOURS = ("red", "green", "blue")
NORTH_UP = Affine(0.3, 0, 500_000, 0, -0.3, 5_000_000)
UTM = "EPSG:32633"


class Oracle:
    """Means what is painted in the colour that an expression names, red unless it names one.

    Logits are +8 where that colour is above 200, else -8. Views of up to 64 pixels are looked at
    as one, larger ones in windows of 48 pixels that share at least 16.
    """

    def __init__(self, **card: object) -> None:
        values = {"view": 64, "window": 48, "overlap": 16, **card}
        self.card = replace(zoo.card("rsrefseg2-compact"), **values)
        self.device = torch.device("cpu")
        self.weights_sha256 = "0123456789abcdef" * 4

    def encode(self, views: Tensor, resolution: float | None = None) -> list[Tensor]:
        return list(views.clone())

    def decode(self, features: Sequence[Tensor], expression: str) -> Tensor:
        return torch.where(self.seen(features, expression) > 200, 8.0, -8.0)

    def seen(self, features: Sequence[Tensor], expression: str) -> Tensor:
        named = [i for i, colour in enumerate(COLOURS) if colour in expression]
        return torch.stack(list(features))[:, named[0] if named else 0]


class Graded(Oracle):
    """As sure as the colour is bright: the probability is the colour's share of 255."""

    def decode(self, features: Sequence[Tensor], expression: str) -> Tensor:
        return (self.seen(features, expression).float() / 255).logit(eps=1e-6)


class Partial(Graded):
    """Surer towards the lower end of a window, so that windows disagree where they overlap."""

    def decode(self, features: Sequence[Tensor], expression: str) -> Tensor:
        logits = super().decode(features, expression)
        return logits + torch.linspace(-2, 2, logits.shape[1])[:, None]


def truth() -> np.ndarray:
    """`(130, 150)` bool: a bar across many windows, a ring, two squares corner to corner, a dot."""
    mask = np.zeros((130, 150), bool)
    mask[20:30, 10:140] = True
    mask[50:90, 40:80] = True
    mask[60:80, 50:70] = False
    mask[100:110, 100:110] = True
    mask[110:120, 110:120] = True
    mask[124:126, 4:6] = True
    return mask


def painted(mask: np.ndarray, colour: int = 0) -> np.ndarray:
    """`(3, h, w)` uint8: 250 in one colour where the mask is, dull elsewhere."""
    pixels = np.empty((3, *mask.shape), np.uint8)
    pixels[:] = np.array([90, 120, 60], np.uint8)[:, None, None]
    pixels[colour][mask] = 250
    return pixels


def write(
    path: Path,
    pixels: np.ndarray,
    transform: Affine = NORTH_UP,
    crs: str | None = UTM,
    **profile: object,
) -> str:
    """A GeoTIFF of pixels `(bands, h, w)`; its path."""
    count, height, width = pixels.shape
    with open_dataset(
        path,
        "w",
        **{"driver": "GTiff", "dtype": pixels.dtype, **profile},
        count=count,
        height=height,
        width=width,
        transform=transform,
        crs=crs,
    ) as raster:
        raster.write(pixels)
    return str(path)
