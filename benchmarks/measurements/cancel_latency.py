"""From the click on Cancel to the engine's answer, at random moments of a windowed run."""

from __future__ import annotations

import math
import random
import threading
import time

from benchmarks.measurements.worker import engine, request
from benchmarks.measuring import rasters
from benchmarks.measuring.measurement import Measurement, Row, Setting
from engine.service.client import EngineClient, EngineFailure
from engine.service.protocol import Message

SIDE, QUICK_SIDE = 8192, 4096
TIMES, QUICK_TIMES = 40, 3
LONGEST_WAIT_S, QUICK_LONGEST_WAIT_S = 4.0, 1.0
SHARE = 7 / 8
"""Of the raster's side, what each run looks at: more than it sees in time, and elsewhere than the
one before, so that nothing is cached."""


def measure(setting: Setting) -> Measurement:
    """The bundled model on the CPU, a real process, the protocol's `cancel`."""
    side = QUICK_SIDE if setting.quick else SIDE
    raster = rasters.aerial(setting.folder, side)
    extent = round(side * SHARE)
    longest = QUICK_LONGEST_WAIT_S if setting.quick else LONGEST_WAIT_S
    chance = random.Random(0)
    latencies = []
    with engine(setting) as client:
        client.start()
        for _ in range(QUICK_TIMES if setting.quick else TIMES):
            xmin = rasters.PLACE.c + chance.randrange(side - extent) * rasters.PIXEL_M
            ymax = rasters.PLACE.f - chance.randrange(side - extent) * rasters.PIXEL_M
            reach = extent * rasters.PIXEL_M
            source = request(
                raster, setting.folder / "cancel", extent=(xmin, ymax - reach, xmin + reach, ymax)
            )
            latencies.append(_latency(client, source, chance.uniform(0, longest)))
    latencies.sort()
    row = Row(
        f"Cancel during a windowed run of the bundled model, {len(latencies)} times: p50, p95, "
        "longest",
        f"{_percentile(latencies, 50):.2f} s, {_percentile(latencies, 95):.2f} s, "
        f"{latencies[-1]:.2f} s",
    )
    return Measurement((row,), {"seconds": latencies, "p95": _percentile(latencies, 95)})


def _latency(client: EngineClient, params: Message, wait: float) -> float:
    """Seconds from `cancel` to the answer; the run is cancelled `wait` seconds into its windows."""
    looking = threading.Event()

    def watch(progress: Message) -> None:
        if progress["stage"] == "windows":
            looking.set()

    call = client.request("segment", params, watch)
    looking.wait()
    time.sleep(wait)
    start = time.perf_counter()
    call.cancel()
    try:
        call.result()
    except EngineFailure as failure:
        if not failure.cancelled:
            raise
        return time.perf_counter() - start
    raise RuntimeError(f"The run ended before it was cancelled, {wait:.1f} s into its windows.")


def _percentile(ordered: list[float], percent: float) -> float:
    """The smallest value that at least so many per cent do not exceed."""
    return ordered[math.ceil(percent / 100 * len(ordered)) - 1]
