"""samgeo (segment-geospatial), in the peers' environment.

Its windows and its merge are its own. Its detector, SAM 3, is not: the weights are gated, so a
perfect one takes its place, which finds exactly the objects that are painted into a window.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from samgeo.samgeo3 import SamGeo3
from scipy import ndimage

from benchmarks.measuring.cost import cost


class OracleSamGeo3(SamGeo3):
    """SamGeo3 with a perfect detector instead of SAM 3."""

    def __init__(self) -> None:
        self.backend = "transformers"  # whose windows need no encoder of Meta's

    def generate_masks(self, prompt: str, *_: Any, **__: Any) -> None:
        """A mask for each 4-connected object in the first band of the window."""
        labels, count = ndimage.label(self.image[..., 0] > 127)
        self.masks = [labels == number for number in range(1, count + 1)]
        self.scores = self.boxes = np.zeros(count)


def merge(raster: str, out: str, window: int, overlap: int) -> dict[str, Any]:
    """Object numbers over a raster, merged from windows by `generate_masks_tiled`."""
    with cost() as spent:
        OracleSamGeo3().generate_masks_tiled(
            raster, "object", out, tile_size=window, overlap=overlap, verbose=False
        )
    return {"cost": asdict(spent)}
