"""Blending: what a model says about overlapping windows becomes one raster without seams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import ModelError
from engine.raster.windows import Window

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Band:
    """Finished rows of the whole width: the first row, probability and validity `(n, width)`."""

    row: int
    probability: Floats
    valid: Mask


class RowBlender:
    """Takes windows row by row and gives the raster's rows once no later window can change them.

    A window weighs least at its borders with neighbours and most in its middle. The weights at a
    pixel are divided by their sum over the windows in which it is valid: a partition of unity. One
    row of windows is kept in memory.

    Args:
        rows: the plan of `plan_windows`: rows of windows of one shape.
        first: index of the row of windows to begin with. What it gives is right from the row on
            that no earlier window reaches, see `first_needed`.
    """

    def __init__(self, rows: Sequence[Sequence[Window]], first: int = 0) -> None:
        last = rows[-1][-1]
        self._height, self._width = last.row + last.height, last.col + last.width
        self._rows = rows
        self._down = dict(_tapers([row[0].row for row in rows], last.height))
        self._across = dict(_tapers([window.col for window in rows[0]], last.width))
        self._weights: dict[tuple[bytes, bytes], Floats] = {}
        self._current = first
        self._missing = set(rows[first])
        self._top = rows[first][0].row
        self._sum = np.zeros((last.height, self._width), np.float32)
        self._weight = np.zeros_like(self._sum)

    def add(self, window: Window, probability: Floats, valid: Mask) -> Band | None:
        """Blend in one window of the current row; the order within a row is free.

        Args:
            window: a window of the plan.
            probability: `(h, w)`, 0..1; not looked at where not valid.
            valid: `(h, w)`.

        Returns:
            The rows that the window finished, if it was the last of its row.

        Raises:
            ModelError: a probability that is not a number.
            ValueError: a window out of turn, or arrays of another shape.
        """
        if window not in self._missing:
            raise ValueError(f"{window} is not due: windows are added once each, row after row.")
        if not (window.height, window.width) == probability.shape == valid.shape:
            raise ValueError(f"{window} got arrays of {probability.shape} and {valid.shape}.")
        weight = self._weight_of(window)
        if not valid.all():
            weight = weight * valid
            probability = np.where(valid, probability, np.float32(0))
        # A sum is a number only if all of its terms are.
        if not np.isfinite(probability.sum()):
            raise ModelError("The model gave a probability that is not a number. Try another one.")
        columns = slice(window.col, window.col + window.width)
        self._weight[:, columns] += weight
        self._sum[:, columns] += weight * probability
        self._missing.remove(window)
        return None if self._missing else self._finish_row()

    def skip(self, window: Window) -> Band | None:
        """Pass over a window without a valid pixel; as `add`."""
        if window not in self._missing:
            raise ValueError(f"{window} is not due: windows are added once each, row after row.")
        self._missing.remove(window)
        return None if self._missing else self._finish_row()

    def _weight_of(self, window: Window) -> Floats:
        """Weights `(h, w)` of a window; those inside a raster are all alike, and kept."""
        down, across = self._down[window.row], self._across[window.col]
        key = down.tobytes(), across.tobytes()
        if key not in self._weights:
            self._weights[key] = np.outer(down, across)
        return self._weights[key]

    def _finish_row(self) -> Band:
        self._current += 1
        following = self._rows[self._current] if self._current < len(self._rows) else ()
        self._missing = set(following)
        count = (following[0].row if following else self._height) - self._top
        weight = self._weight[:count]
        valid = weight > 0
        mean = self._sum[:count] / (weight if valid.all() else np.where(valid, weight, 1))
        band = Band(self._top, np.minimum(mean, 1, out=mean), valid)
        self._top += count
        for kept in (self._sum, self._weight):
            rest = len(kept) - count
            kept[:rest] = kept[count:].copy()
            kept[rest:] = 0
        return band


def first_needed(rows: Sequence[Sequence[Window]], finished: int) -> int:
    """Index of the first row of windows that says anything about the rows from `finished` on."""
    return next(i for i, row in enumerate(rows) if row[0].row + row[0].height > finished)


def _tapers(starts: Sequence[int], size: int) -> list[tuple[int, Floats]]:
    """Start and weights `(size,)` of each window along one axis: raised cosines across overlaps."""
    tapers = []
    for index, start in enumerate(starts):
        before = starts[index - 1] + size - start if index else 0
        after = start + size - starts[index + 1] if index + 1 < len(starts) else 0
        tapers.append((start, _ramp(size, before) * _ramp(size, after)[::-1]))
    return tapers


def _ramp(size: int, overlap: int) -> Floats:
    """From nearly 0, never 0, to 1 over the first `overlap` pixels."""
    ramp = np.ones(size, np.float32)
    ramp[:overlap] = np.sin((np.arange(overlap) + 0.5) / max(overlap, 1) * np.pi / 2) ** 2
    return ramp
