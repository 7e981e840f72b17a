"""Seconds of a first and of a second expression about one view of 512 x 512 pixels.

`python benchmarks/second_expression.py`: the model alone (encode, decode), then the whole way of a
request with its reading and writing, each the median of twenty. The view is four sample scenes.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import rasterio
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.raster.source import Source
from engine.segmentation.features import FeatureCache
from engine.segmentation.segment import segment
from engine.systems.loading import load

SCENES = Path(__file__).resolve().parents[1] / "resources/scenes"
EXPRESSION = "the airplane on the left"
TIMES = 20


def view() -> np.ndarray:
    """Four scenes as one view, `(3, 512, 512)` uint8."""
    names = ("airport", "courts", "marina", "tank_farm")
    scenes = [rasterio.open(SCENES / f"{name}.tif").read() for name in names]
    rows = (np.concatenate(scenes[:2], 2), np.concatenate(scenes[2:], 2))
    return np.concatenate(rows, 1)


def median(run: Callable[[], object], times: int) -> float:
    """Median seconds of a call."""
    run()
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def seconds(times: int = TIMES) -> dict[str, Any]:
    """Threads, and the seconds of a first and a second expression, of the model and a request."""
    model = load("rsrefseg2-compact", "cpu")
    pixels = view()
    features = model.encode(torch.from_numpy(pixels)[None])
    encode = median(lambda: model.encode(torch.from_numpy(pixels)[None]), times)
    decode = median(lambda: model.decode(features, EXPRESSION), times)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "view.tif"
        profile = {"driver": "GTiff", "width": 512, "height": 512, "count": 3, "dtype": "uint8"}
        with rasterio.open(path, "w", **profile) as made:
            made.write(pixels)

        def request(cache: FeatureCache) -> None:
            segment(Source(str(path)), EXPRESSION, model, Path(folder), features=cache)

        kept = FeatureCache()
        first = median(lambda: request(FeatureCache()), times)
        second = median(lambda: request(kept), times)
    return {
        "threads": torch.get_num_threads(),
        "model": (encode + decode, decode),
        "request": (first, second),
    }


def main() -> None:
    """Prints the seconds."""
    found = seconds()
    print(f"{found['threads']} threads")
    for name in ("model", "request"):
        first, second = found[name]
        print(f"{name:8} first {first:.3f} s   second {second:.3f} s")


if __name__ == "__main__":
    main()
