"""Pictures of what a network makes of a few validation views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from engine.data.scenes.views import View
from engine.files.boundary import writing
from engine.presentation.picture import SKY, YELLOW, Picture, outline, stacked, text

MOST = 6
SIDE = 256
"""Longer side of a picture in pixels."""

TEXT, GAP = 14, 6
OPACITY = 0.5
FOLDER = "examples"


@dataclass(frozen=True)
class Examples:
    """The same few views at every validation.

    Attributes:
        predict: Logits `(E, H, W)` of a network for sentences about a view `(3, H, W)`.
        views: All views; those that are drawn lie evenly among them.
    """

    predict: Callable[[object, Tensor, list[str]], Tensor]
    views: Sequence[View]

    def draw(self, network: object, folder: Path, step: int) -> list[str]:
        """Draws pictures of a network's answers into a run's folder; gives their paths within it.

        Raises:
            OutputError: They cannot be written.
        """
        chosen = np.unique(np.linspace(0, len(self.views) - 1, MOST).round().astype(int))
        names = []
        for number in range(min(len(chosen), len(self.views))):
            picture = self._picture(network, self.views[int(chosen[number])])
            name = f"{FOLDER}/{step:06}-{number}.png"
            with writing(folder / name):
                (folder / FOLDER).mkdir(exist_ok=True)
                picture.save(folder / name)
            names.append(name)
        return names

    @torch.inference_mode()
    def _picture(self, network: object, view: View) -> Picture:
        expression = view.expressions[0]
        answer = self.predict(network, view.pixels, [expression.text])[0].cpu() > 0
        return example(view.pixels, view.mask(expression) == 1, answer, expression.text)


def example(pixels: Tensor, truth: Tensor, answer: Tensor, sentence: str) -> Picture:
    """A view `(3, H, W)`, its truth outlined, the answer filled, and the sentence below.

    Both masks are `(H, W)` bool.
    """
    picture = Image.fromarray(np.ascontiguousarray(pixels.permute(1, 2, 0).numpy()))
    scale = SIDE / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    picture = picture.resize(size, Image.Resampling.BILINEAR)
    filled, meant = (_covered(mask.numpy(), size) for mask in (answer, truth))
    picture.paste(SKY, mask=filled.point(lambda share: round(share * OPACITY)))
    outline(picture, meant, YELLOW)
    return stacked([picture, text(sentence, TEXT, picture.width)], GAP)


def _covered(mask: NDArray[np.bool_], size: tuple[int, int]) -> Picture:
    """The share of each pixel of a picture that a mask covers, 0 to 255."""
    return Image.fromarray(mask.astype(np.uint8) * 255).resize(size, Image.Resampling.BOX)
