"""Windowed inference: what a model says about a raster, row of windows by row of windows."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.compute import memory
from engine.errors import RasterError
from engine.raster.origin import Origin
from engine.raster.raster import Raster, View
from engine.raster.source import Source
from engine.raster.window import Window
from engine.segmentation.blend import Band, RowBlender, first_needed
from engine.segmentation.features import FeatureCache
from engine.segmentation.threads import ahead
from engine.systems.segmenter import Segmenter

Floats = NDArray[np.float32]

BATCH = {"cuda": 8}
"""Windows that a device looks at together; a CPU is as quick with one at a time."""


class WindowTooLarge(Exception):
    """A single window needs more memory than the device has."""


@dataclass(frozen=True)
class Step:
    """Windows done so far, and the rows that the last of them finished, if any."""

    done: int
    band: Band | None


@dataclass
class Inference:
    """Looks at windows: reads them ahead, encodes them in batches (or remembers), decodes, blends.

    Attributes:
        source: What is looked at.
        origin: The files it stands on, as they were when it was opened.
        raster: The same, open.
        expression: What for.
        model: Who looks.
        features: Where features of windows are kept.
        plan: Rows of windows; those that do not touch the raster's area are not looked at.
        batch: Windows that are looked at together; halved where the memory does not suffice.
    """

    source: Source
    origin: Origin
    raster: Raster
    expression: str
    model: Segmenter
    features: FeatureCache
    plan: list[list[Window]]
    batch: int = 0
    _wanted: list[list[Window]] = field(init=False)

    def __post_init__(self) -> None:
        self.batch = self.batch or BATCH.get(self.model.device.type, 1)
        self.features.next_request()
        self._wanted = [[w for w in row if self.raster.touches(w)] for row in self.plan]

    @property
    def windows(self) -> int:
        """How many windows are looked at in all."""
        return sum(map(len, self._wanted))

    def steps(self, finished: int = 0) -> Iterator[Step]:
        """Looks at every window that says something about the rows from `finished` on.

        Raises:
            RasterError: A window cannot be read.
            WindowTooLarge: The device has too little memory for one window.
        """
        if finished == self.raster.grid.height:
            return
        first = first_needed(self.plan, finished)
        blender = RowBlender(self.plan, first)
        done = sum(map(len, self._wanted[:first]))
        due = [window for row in self._wanted[first:] for window in row]
        with closing(ahead(self._read, due, depth=2 * self.batch)) as views:
            for row, wanted in zip(self.plan[first:], self._wanted[first:], strict=True):
                band = _skip(blender, set(row).difference(wanted))
                coming = deque(wanted)
                while coming:
                    batch = [coming.popleft() for _ in range(min(self.batch, len(coming)))]
                    band = self._blend(blender, [(window, next(views)) for window in batch]) or band
                    done += len(batch)
                    if coming:
                        yield Step(done, None)
                yield Step(done, band if band and band.row >= finished else None)

    def _read(self, window: Window) -> View:
        try:
            return self.raster.read(window)
        except RasterError as cause:
            raise RasterError(
                f"{cause} It happened in the window of {window.width} x {window.height} pixels at "
                f"row {window.row}, column {window.col}. Finished rows are kept: the same request "
                "goes on from there."
            ) from cause

    def _blend(self, blender: RowBlender, read: list[tuple[Window, View]]) -> Band | None:
        """Adds what the model says about windows; gives the rows that they finished, if any."""
        shown = [(window, view) for window, view in read if view.valid.any()]
        band = _skip(blender, {window for window, _ in read}.difference(w for w, _ in shown))
        for (window, view), probability in zip(shown, self._look(shown), strict=True):
            band = blender.add(window, probability, view.valid)
        return band

    def _look(self, read: list[tuple[Window, View]], again: bool = False) -> list[Floats]:
        """Probabilities `(h, w)` of windows; fewer at a time where the memory does not suffice."""
        if not read:
            return []
        found = self._probabilities(read)
        if found is not None:
            return list(found)
        # What is cached is only worth its memory while there is enough.
        self.features.clear()
        torch.cuda.empty_cache()
        if len(read) > 1:
            self.batch = len(read) // 2
            return [p for half in _halves(read) for p in self._look(half)]
        if again:
            raise WindowTooLarge
        return self._look(read, again=True)

    def _probabilities(self, read: list[tuple[Window, View]]) -> Floats | None:
        """Probabilities `(B, h, w)`; None where there is too little memory for them."""
        model = (self.model.card.id, self.model.weights_sha256)
        keys = [(self.source, self.origin.stamp, *model, window) for window, _ in read]
        try:
            features = self.features.get(
                keys,
                lambda missing: self.model.encode(
                    _together([read[index][1] for index in missing]),
                    self.raster.resolution,
                ),
            )
            logits = self.model.decode(features, self.expression)
            probability: Floats = logits.sigmoid().numpy()
            return probability
        except Exception as cause:
            if memory.exhausted(cause):
                return None
            raise


def _together(views: list[View]) -> Tensor:
    """Pixels `(B, 3, h, w)`; of one view they are not copied."""
    pixels = [view.pixels[None] for view in views]
    return torch.from_numpy(pixels[0] if len(pixels) == 1 else np.concatenate(pixels))


def _skip(blender: RowBlender, windows: Iterable[Window]) -> Band | None:
    """Passes over windows; gives the rows that they finished, if any."""
    bands = [blender.skip(window) for window in windows]
    return next((band for band in bands if band), None)


def _halves(read: list[tuple[Window, View]]) -> tuple[list[tuple[Window, View]], ...]:
    middle = len(read) // 2
    return read[:middle], read[middle:]
