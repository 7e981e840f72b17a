"""Images without any of the objects a model knows: what "nothing found" is learnt from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from engine.data.scenes.scene import Scene
from engine.errors import InputError

EXTENSIONS = (".jpg", ".jpeg", ".png", ".tif", ".tiff")


def backgrounds(folder: Path) -> Iterator[Scene]:
    """The images of a folder as scenes without objects, in the order of their names.

    Raises:
        InputError: The folder holds no image, or one that cannot be read.
    """
    try:
        paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in EXTENSIONS)
    except OSError as cause:
        raise InputError(f"The folder {folder} cannot be read: {cause}") from cause
    if not paths:
        raise InputError(f"The folder {folder} holds no image ({', '.join(EXTENSIONS)}).")
    for path in paths:
        try:
            pixels = np.asarray(Image.open(path).convert("RGB")).transpose(2, 0, 1)
        except OSError as cause:
            raise InputError(f"The image {path} cannot be read: {cause}") from cause
        yield Scene(path.name, pixels, np.zeros(pixels.shape[1:], np.uint8))
