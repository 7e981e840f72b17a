"""The engine, through `engine.segmentation.segment.segment`, in its own environment."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import shapely
import torch
from rasterio.features import geometry_mask
from torch import Tensor

from benchmarks.measuring.cost import cost
from benchmarks.subjects.stub import GRADED, StubNetwork
from benchmarks.subjects.stub_segmenter import StubSegmenter
from engine.raster.source import Source, open_source
from engine.segmentation.segment import plans, segment
from engine.systems.loading import load
from engine.systems.segmenter import Segmenter

EXPRESSION = "storage tank"


def segment_stub(
    raster: str,
    out: str,
    stub: tuple[float, float],
    window: int,
    overlap: int,
    outputs: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Probabilities of the stub over a raster, and the outputs asked for."""
    model = StubSegmenter(StubNetwork(*stub), window, overlap)
    return {**_segment(Source(raster), model, out, outputs), "encoded": model.encoded}


def segment_bundled(raster: str, out: str) -> dict[str, Any]:
    """The bundled model over a raster, and the seconds that were its own."""
    model = Timed(load("rsrefseg2-compact", "cpu"))
    measured = _segment(Source(raster), model, out, ("mask", "polygons"))
    return {**measured, "model_s": model.seconds}


def area_of_interest(raster: str, out: str, area: str, window: int, overlap: int) -> dict[str, int]:
    """Windows that were encoded for an area (WKT), and windows that hold a pixel of it."""
    model = StubSegmenter(StubNetwork(*GRADED), window, overlap)
    source = Source(raster, area=area)
    _segment(source, model, out, ())
    with open_source(source) as opened:
        grid = opened.grid
        shape = grid.height, grid.width
        inside = geometry_mask([shapely.from_wkt(area)], shape, grid.transform, invert=True)
        plan = [place for row in next(plans(grid, model.card)) for place in row]
    needed = sum(
        bool(inside[w.row : w.row + w.height, w.col : w.col + w.width].any()) for w in plan
    )
    return {"encoded": model.encoded, "needed": needed, "box": len(plan)}


class Timed:
    """A model with a stop-watch."""

    def __init__(self, model: Segmenter) -> None:
        self.model = model
        self.card, self.device = model.card, model.device
        self.weights_sha256 = model.weights_sha256
        self.seconds = 0.0

    def encode(self, views: Tensor, resolution: float | None = None) -> list[Any]:
        """As the model."""
        return self._timed(self.model.encode, views, resolution)

    def decode(self, features: Sequence[Any], expression: str) -> Tensor:
        """As the model."""
        return self._timed(self.model.decode, features, expression)

    def _timed(self, step: Any, *arguments: Any) -> Any:
        start = time.perf_counter()
        given = step(*arguments)
        self.seconds += time.perf_counter() - start
        return given


def _segment(
    source: Source, model: Segmenter, out: str, outputs: tuple[str, ...]
) -> dict[str, Any]:
    # A run that was ended would go on here, and be quicker than it is.
    shutil.rmtree(out, ignore_errors=True)
    with cost() as spent:
        result = segment(source, EXPRESSION, model, Path(out), outputs=outputs)
    return {
        "cost": asdict(spent),
        "threads": torch.get_num_threads(),
        "windows": result.windows,
        "count": result.count,
        "seconds": result.seconds,
    }
