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

import numpy as np
import rasterio
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine import zoo
from engine.features import FeatureCache
from engine.raster.source import Source
from engine.segment import segment

SCENES = Path(__file__).resolve().parents[1] / "resources/scenes"
TIMES = 20


def view() -> np.ndarray:
    """Four scenes as one view, `(3, 512, 512)` uint8."""
    names = ("airport", "courts", "marina", "tank_farm")
    scenes = [rasterio.open(SCENES / f"{name}.tif").read() for name in names]
    rows = (np.concatenate(scenes[:2], 2), np.concatenate(scenes[2:], 2))
    return np.concatenate(rows, 1)


def median(run: Callable[[], object]) -> float:
    """Median seconds of a call."""
    run()
    seconds = []
    for _ in range(TIMES):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main() -> None:
    """Prints the seconds."""
    model = zoo.load("rsrefseg2-compact", "cpu")
    pixels = view()
    features = model.encode(torch.from_numpy(pixels)[None])
    encode = median(lambda: model.encode(torch.from_numpy(pixels)[None]))
    decode = median(lambda: model.decode(features, "the airplane on the left"))
    print(f"{torch.get_num_threads()} threads")
    print(f"model    first {encode + decode:.3f} s   second {decode:.3f} s")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "view.tif"
        profile = {"driver": "GTiff", "width": 512, "height": 512, "count": 3, "dtype": "uint8"}
        with rasterio.open(path, "w", **profile) as made:
            made.write(pixels)

        def request(cache: FeatureCache) -> None:
            segment(
                Source(str(path)), "the airplane on the left", model, Path(folder), features=cache
            )

        kept = FeatureCache()
        first, second = median(lambda: request(FeatureCache())), median(lambda: request(kept))
    print(f"request  first {first:.3f} s   second {second:.3f} s")


if __name__ == "__main__":
    main()
