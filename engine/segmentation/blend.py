"""Blending: what a model says about overlapping windows becomes one raster without seams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import ModelError
from engine.raster.window import Window

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


LEAST_WEIGHT = 1e-3
"""A pixel is valid where the windows in which it is have at least this weight together."""


@dataclass(frozen=True)
class Band:
    """Finished rows of the whole width: the first row, probability and validity `(n, width)`."""

    row: int
    probability: Floats
    valid: Mask


class RowBlender:
    """Takes windows row by row and gives the raster's rows once no later window can change them.

    A window weighs least at its borders with neighbours and most in its middle. The weights at a
    pixel are a partition of unity; where a window has no valid pixel, the others are weighed up.
    One row of windows is kept in memory.

    Args:
        rows: the plan of `plan_windows`: rows of windows of one shape.
        first: index of the row of windows to begin with. What it gives is right from the row on
            that no earlier window reaches, see `first_needed`.
    """

    def __init__(self, rows: Sequence[Sequence[Window]], first: int = 0) -> None:
        last = rows[-1][-1]
        self._height, self._width = last.row + last.height, last.col + last.width
        self._rows = rows
        self._down = _tapers([row[0].row for row in rows], last.height)
        self._across = _tapers([window.col for window in rows[0]], last.width)
        self._weights: dict[tuple[bytes, bytes], Floats] = {}
        self._share = np.empty((last.height, last.width), np.float32)
        self._current = first
        self._missing = set(rows[first])
        self._top = rows[first][0].row
        self._sum = self._rows_of_zeros()
        self._lack: Floats | None = None  # weight of what was not valid, where anything was not

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
        self._check_due(window)
        if not (window.height, window.width) == probability.shape == valid.shape:
            raise ValueError(f"{window} got arrays of {probability.shape} and {valid.shape}.")
        if not valid.all():
            self._leave_out(window, ~valid)
            probability = np.where(valid, probability, np.float32(0))
        # A sum is a number only if all of its terms are.
        if not np.isfinite(probability.sum()):
            raise ModelError("The model gave a probability that is not a number. Try another one.")
        share = np.multiply(self._weight(window), probability, out=self._share)
        self._sum[:, _columns(window)] += share
        return self._done(window)

    def skip(self, window: Window) -> Band | None:
        """Pass over a window without a valid pixel; as `add`."""
        self._check_due(window)
        self._leave_out(window, np.True_)
        return self._done(window)

    def _check_due(self, window: Window) -> None:
        if window not in self._missing:
            raise ValueError(f"{window} is not due: windows are added once each, row after row.")

    def _leave_out(self, window: Window, what: Mask | np.bool_) -> None:
        if self._lack is None:
            self._lack = self._rows_of_zeros()
        self._lack[:, _columns(window)] += self._weight(window) * what

    def _weight(self, window: Window) -> Floats:
        """Weights `(h, w)` of a window; those inside a raster are all alike, and kept."""
        down, across = self._down[window.row], self._across[window.col]
        key = down.tobytes(), across.tobytes()
        if key not in self._weights:
            self._weights[key] = np.outer(down, across)
        return self._weights[key]

    def _done(self, window: Window) -> Band | None:
        self._missing.remove(window)
        return None if self._missing else self._finish_row()

    def _finish_row(self) -> Band:
        self._current += 1
        following = self._rows[self._current] if self._current < len(self._rows) else ()
        self._missing = set(following)
        count = (following[0].row if following else self._height) - self._top
        mean = self._sum[:count].copy()
        _move_up(self._sum, count)
        valid = np.ones(mean.shape, np.bool_)
        if self._lack is not None:
            weight = 1 - self._lack[:count]
            np.greater(weight, LEAST_WEIGHT, out=valid)
            mean = np.divide(mean, weight, out=np.zeros_like(mean), where=valid)
            _move_up(self._lack, count)
            self._lack = self._lack if self._lack.any() else None
        band = Band(self._top, np.minimum(mean, 1, out=mean), valid)
        self._top += count
        return band

    def _rows_of_zeros(self) -> Floats:
        return np.zeros((self._rows[0][0].height, self._width), np.float32)


def _move_up(kept: Floats, count: int) -> None:
    """Forgets the first `count` rows; zeros follow behind the others."""
    left = len(kept) - count
    kept[:left] = kept[count:]
    kept[left:] = 0


def first_needed(rows: Sequence[Sequence[Window]], finished: int) -> int:
    """Index of the first row of windows that says anything about the rows from `finished` on."""
    return next(i for i, row in enumerate(rows) if row[0].row + row[0].height > finished)


def _columns(window: Window) -> slice:
    return slice(window.col, window.col + window.width)


def _tapers(starts: Sequence[int], size: int) -> dict[int, Floats]:
    """Weights `(size,)` of the window at each start of one axis; their sum is 1 everywhere."""
    tapers = {}
    total = np.zeros(starts[-1] + size)
    for index, start in enumerate(starts):
        before = starts[index - 1] + size - start if index else 0
        after = start + size - starts[index + 1] if index + 1 < len(starts) else 0
        tapers[start] = _ramp(size, before) * _ramp(size, after)[::-1]
        total[start : start + size] += tapers[start]
    return {
        start: (taper / total[start : start + size]).astype(np.float32)
        for start, taper in tapers.items()
    }


def _ramp(size: int, overlap: int) -> npt.NDArray[np.float64]:
    """From nearly 0, never 0, to 1 over the first `overlap` pixels: a raised cosine."""
    ramp = np.ones(size)
    ramp[:overlap] = np.sin((np.arange(overlap) + 0.5) / max(overlap, 1) * np.pi / 2) ** 2
    return ramp
