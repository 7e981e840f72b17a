"""A segmentation that is killed while it looks at a window: `dying_run SOURCE OUT NUMBER`."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from torch import Tensor

from engine.files.outputs import UNFINISHED
from engine.raster.source import Source
from engine.segmentation.segment import segment
from engine.segmentation.unfinished import RECORD
from tests.engine.painting import Partial

WINDOWS = 5
"""In a row."""


def stored(out: Path) -> int:
    """How many records a run has written: one for every row of windows that it has finished."""
    with (out / UNFINISHED).open("rb") as file:
        file.readline()
        records = 0
        while len(head := file.read(RECORD.size)) == RECORD.size:
            size = RECORD.unpack(head)[1]
            records += len(file.read(size)) == size
        return records


class Dying(Partial):
    """Sees windows until the fatal one, counted from 0; what is before it is written by then."""

    def __init__(self, out: Path, fatal: int) -> None:
        super().__init__()
        self.out, self.fatal = out, fatal
        self.looks = count()

    def decode(self, features: Sequence[Tensor], expression: str) -> Tensor:
        if next(self.looks) == self.fatal:
            while stored(self.out) < self.fatal // WINDOWS:
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGKILL)
        return super().decode(features, expression)


if __name__ == "__main__":
    source, out, fatal = sys.argv[1:]
    segment(Source(source), "the ship", Dying(Path(out), int(fatal)), Path(out))
