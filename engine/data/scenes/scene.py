"""An image with its objects: what expressions are generated from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Scene:
    """A labelled image.

    Attributes:
        name: The image's file name.
        pixels: `(3, H, W)` uint8.
        instances: `(H, W)` uint8, 0 for background, else the object's number.
        categories: Category of object `i + 1`, as an index.
        areas: Pixels of object `i + 1` in the whole image (crops show less).
        unlabelled: Categories that may be visible without a label; nothing is said about them.
    """

    name: str
    pixels: NDArray[np.uint8]
    instances: NDArray[np.uint8]
    categories: tuple[int, ...] = ()
    areas: tuple[int, ...] = ()
    unlabelled: frozenset[int] = field(default_factory=frozenset)
