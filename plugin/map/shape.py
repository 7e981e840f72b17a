"""What is asked of polygons, as the engine's Shape takes it."""

from __future__ import annotations

from enum import Enum
from math import inf
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


def checked(values: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a Shape as a project has kept them.

    Raises:
        KeyError, TypeError, ValueError: They make no sense.
    """
    if not values:
        return {}
    asked = {name: float(values[name]) for name in ("minimum_area", "simplify")}
    if not all(0 <= number < inf for number in asked.values()):
        raise ValueError(asked)
    return {**asked, "right_angles": bool(values["right_angles"])}


def outlines_of(values: dict[str, Any]) -> Outlines:
    """How the outlines of a Shape are drawn."""
    if values.get("right_angles"):
        return Outlines.RIGHT_ANGLES
    return Outlines.SMOOTH if values.get("simplify") else Outlines.EXACT
