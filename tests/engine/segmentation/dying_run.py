"""A segmentation that is killed while it looks at a window: `dying_run SOURCE OUT NUMBER`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from torch import Tensor

from engine.raster.source import Source
from engine.segmentation.segment import segment
from tests.engine.painting import Partial


class Dying(Partial):
    """Sees windows until the fatal one, counted from 0."""

    def __init__(self, fatal: int) -> None:
        super().__init__()
        self.fatal = fatal
        self.looks = count()

    def decode(self, features: Sequence[Tensor], expression: str) -> Tensor:
        if next(self.looks) == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().decode(features, expression)


if __name__ == "__main__":
    segment(Source(sys.argv[1]), "the ship", Dying(int(sys.argv[3])), Path(sys.argv[2]))
