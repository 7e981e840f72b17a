"""A window: a rectangle of pixels that a raster is worked through in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels of a grid; `row` and `col` are its upper left pixel."""

    row: int
    col: int
    height: int
    width: int
