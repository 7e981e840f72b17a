"""What is asked of polygons, as the engine's Shape takes it."""

from __future__ import annotations

from enum import Enum
from typing import Any

STAIRS = 1.5
"""Pixels that an outline may move to turn the stairs of pixels into straight lines."""


class Outlines(Enum):
    """How outlines are drawn."""

    EXACT = "exact"
    SMOOTH = "smooth"
    RIGHT_ANGLES = "right angles"


def shape(smallest: float, outlines: Outlines) -> dict[str, Any]:
    """The parameters of the engine's Shape.

    Args:
        smallest: Square metres; square pixels without a CRS.
        outlines: How outlines are drawn.
    """
    return {
        "minimum_area": smallest,
        "simplify": 0.0 if outlines is Outlines.EXACT else STAIRS,
        "right_angles": outlines is Outlines.RIGHT_ANGLES,
    }
