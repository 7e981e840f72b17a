"""Masks that are stored as images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.errors import InputError


def read(path: Path, above: int, where: str) -> NDArray[np.bool_]:
    """The pixels of a mask that are brighter than a value in any colour.

    Args:
        path: A grey, colour, palette or one-bit image.
        above: The largest value of the background.
        where: Where the sample stands, for messages.

    Returns:
        `(H, W)` bool.

    Raises:
        InputError: The mask is missing or cannot be read.
    """
    if not path.is_file():
        raise InputError(f"{where}: the mask {path} is not there.")
    try:
        with Image.open(path) as image:
            grey = len(image.getbands()) == 1 and image.mode not in ("1", "P")
            pixels = np.asarray(image) if grey else np.asarray(image.convert("RGB")).max(-1)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as cause:
        raise InputError(f"{where}: the mask {path} cannot be read: {cause}") from cause
    foreground: NDArray[np.bool_] = pixels > above
    return foreground
