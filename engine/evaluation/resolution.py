"""Predictions and truths at the size they are compared at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image

from engine.raster.stored import NODATA, SCALE, at_least, open_stored

Shape = tuple[int, int]

TOLERANCE = 1e-6
"""Parts of a stored step that interpolation may take from an even area that is just enough."""


def prediction_at(shape: Shape, probability: Path, threshold: float) -> NDArray[np.bool_]:
    """Where stored probabilities, resized bilinearly to a shape, reach the threshold.

    Networks that are compared at their own size resize their scores and decide afterwards. Resized
    so, a mask keeps the borders that it would lose as a mask.

    Raises:
        EngineError: The raster cannot be read, or the threshold is no probability.
    """
    with open_stored(probability) as stored:
        codes = np.concatenate([band for _, band in stored.bands()])
    if codes.shape == shape:
        return at_least(codes, threshold)
    steps = torch.from_numpy(np.where(codes == NODATA, 0.0, codes))
    resized = F.interpolate(steps[None, None], shape, mode="bilinear", align_corners=False)[0, 0]
    reached: NDArray[np.bool_] = (resized >= threshold * SCALE - TOLERANCE).numpy()
    return reached


def truth_at(shape: Shape, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A mask resized to a shape by its nearest pixels."""
    if mask.shape == shape:
        return mask
    picture = Image.fromarray(mask.astype(np.uint8))
    height, width = shape
    return np.asarray(picture.resize((width, height), Image.Resampling.NEAREST), bool)
