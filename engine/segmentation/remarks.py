"""Remarks: what an analyst should know of a source, or of a result in which nothing is found."""

from __future__ import annotations

import math
from pathlib import Path

import pyproj
from rasterio.crs import CRS

from engine.raster.raster import Raster
from engine.raster.stored import TAGS, highest
from engine.vector.shape import Shape

WORTH = 0.05
"""The least probability that a threshold is worth lowering to: below, everything looks alike."""


def of_source(raster: Raster, name: str) -> list[str]:
    """What nobody has told of a source, and what it means for the result.

    Args:
        raster: The source, open.
        name: What the analyst calls it.
    """
    remarks = []
    if raster.dataset.tags(ns=TAGS):
        remarks.append(f"{name} is a result of this plugin, not an image.")
    if raster.resolution is None:
        crs = raster.grid.crs
        why = f"its CRS, {_name(crs)}, gives its pixels no size" if crs else "it has no CRS"
        remarks.append(
            f"The ground resolution of {name} is not known: {why}. A model judges things "
            "by their size, so the result may be another than at the right one. Tell how many "
            "metres a pixel has: Resolution (under More in the panel), RESOLUTION, or "
            "--pixel-size. Or set the CRS: of the layer, or --crs."
        )
    fills = raster.stretch.fills
    for value in dict.fromkeys(fill.value for fill in fills):
        same = [fill for fill in fills if fill.value == value]
        share = max(fill.share for fill in same)
        bands = ", ".join(str(fill.band) for fill in same)
        remarks.append(
            f"The value {value:.17g} fills {share:.0%} of {name} (band {bands}), as nodata does. "
            "The stretch leaves it out, but it is looked at as a part of the picture. If it means "
            "that there is no data, say so: layer properties > Transparency > Additional no data "
            f"value, or --nodata {value:.17g}."
        )
    return remarks


def of_nothing(probability: Path, threshold: float, shape: Shape) -> str:
    """Why no object was found in stored probabilities, and what would help.

    Raises:
        RasterError: They cannot be read.
    """
    best = highest(probability)
    if best is None:
        return "The extent holds no valid pixels: everything in it is nodata or transparent."
    if best >= threshold:
        return (
            f"All that reaches the threshold of {threshold:g} is smaller than the minimum area of "
            f"{shape.minimum_area:g}. Choose a smaller one."
        )
    # Rounded down: 126 of 254 would be said to be the 0.5 that it does not reach.
    shown = math.floor(best * 1000) / 1000
    missed = (
        f"Nothing reaches the threshold of {threshold:g}: the highest probability is {shown:g}."
    )
    if best >= WORTH:
        return f"{missed} Lower the threshold, or use other words."
    return f"{missed} A lower threshold would not help. Use other words, or look elsewhere."


def _name(crs: CRS) -> str:
    return str(pyproj.CRS.from_wkt(crs.to_wkt()).name)
