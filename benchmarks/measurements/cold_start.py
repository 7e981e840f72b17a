"""From no process at all to the first polygons: what an analyst waits after opening QGIS."""

from __future__ import annotations

import statistics
import time

from benchmarks.measurements.worker import engine, request
from benchmarks.measuring import rasters
from benchmarks.measuring.measurement import Measurement, Row, Setting

SCENE = rasters.SCENES / "tank_farm.tif"
TIMES, QUICK_TIMES = 5, 1


def measure(setting: Setting) -> Measurement:
    """Starts the engine, segments a sample scene with the bundled model, ends it; several times."""
    ready, first = [], []
    for _ in range(QUICK_TIMES if setting.quick else TIMES):
        with engine(setting) as client:
            start = time.perf_counter()
            client.start()
            ready.append(time.perf_counter() - start)
            client.request("segment", request(SCENE, setting.folder / "cold")).result()
            first.append(time.perf_counter() - start)
    row = Row(
        "Engine cold start (files in the page cache): ready, first result on a sample scene",
        f"{statistics.median(ready):.1f} s, {statistics.median(first):.1f} s",
    )
    return Measurement((row,), {"ready_s": ready, "first_result_s": first})
