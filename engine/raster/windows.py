"""The windows that a grid is worked through in."""

from __future__ import annotations

from engine.errors import InputError
from engine.raster.grid import Grid
from engine.raster.window import Window


def plan_windows(grid: Grid, size: int, overlap: int) -> list[list[Window]]:
    """Cover a grid with windows of one shape, spread evenly.

    Args:
        grid: what to cover.
        size: the longest side of a window, in pixels.
        overlap: the least number of pixels that neighbouring windows share.

    Returns:
        Rows of windows, from top to bottom and from left to right. A grid that fits into `size` x
        `size` is one window. No window goes beyond the grid.

    Raises:
        InputError: a size or overlap that no plan can keep.
    """
    if size < 1:
        raise InputError(f"A window size of {size} pixels is too small: give at least 1.")
    if not 0 <= overlap < size:
        raise InputError(
            f"An overlap of {overlap} pixels does not fit windows of {size}: give 0 to {size - 1}."
        )
    height, width = min(size, grid.height), min(size, grid.width)
    return [
        [Window(row, col, height, width) for col in _starts(grid.width, size, overlap)]
        for row in _starts(grid.height, size, overlap)
    ]


def _starts(length: int, size: int, overlap: int) -> list[int]:
    """First pixels of the fewest windows that cover `length` pixels and end with it."""
    if length <= size:
        return [0]
    steps = -(-(length - size) // (size - overlap))
    return [step * (length - size) // steps for step in range(steps + 1)]
