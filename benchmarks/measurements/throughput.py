"""Pixels a second and memory over a large raster, beside geoai's `predict_geotiff`.

Both read the same file, run the same stub with as many threads on as many cores, blend and write
one probability raster. The rounds alternate between them, and the median counts. geoai runs twice
a round: with the settings that the engine starts its own process with, which make it quicker and
which the target is measured against, and without.
"""

from __future__ import annotations

import statistics
from typing import Any

from benchmarks.measuring import rasters
from benchmarks.measuring.measurement import Measurement, Row, Setting
from benchmarks.subjects.stub import GRADED

SIDE, QUICK_SIDE = 8192, 2048
WINDOW, OVERLAP = 512, 128
ROUNDS = 3
FASTER, SMALLER = 10, 4


def measure(setting: Setting) -> Measurement:
    """Runs both in turn."""
    side = QUICK_SIDE if setting.quick else SIDE
    raster = rasters.aerial(setting.folder, side)
    task = {"raster": str(raster), "stub": GRADED, "window": WINDOW, "overlap": OVERLAP}
    ours, theirs, untouched = [], [], []
    for _ in range(1 if setting.quick else ROUNDS):
        rasters.warm(raster)
        out = setting.folder / "throughput"
        ours.append(setting.ours("segment_stub", **task, out=str(out)))
        out = setting.folder / "throughput-geoai.tif"
        theirs.append(setting.peer("geoai", "predict", **task, out=str(out), blend="spline"))
        alone = setting.peer("geoai", "predict", False, **task, out=str(out), blend="spline")
        untouched.append(alone)
    details = {"side": side, "ours": ours, "geoai": theirs, "geoai as installed": untouched}
    return Measurement(_rows(setting, side, ours, theirs, untouched), details)


def _rows(
    setting: Setting,
    side: int,
    ours: list[dict[str, Any]],
    theirs: list[dict[str, Any]],
    untouched: list[dict[str, Any]],
) -> tuple[Row, ...]:
    pixels = side * side / 1e6
    wall, wall_theirs = (_median(rounds, "wall_s") for rounds in (ours, theirs))
    wall_untouched = _median(untouched, "wall_s")
    cpu, cpu_theirs = (_median(rounds, "cpu_s") for rounds in (ours, theirs))
    peak, peak_theirs = (_median(rounds, "peak_mib") for rounds in (ours, theirs))
    above = peak - _median(ours, "before_mib")
    above_theirs = peak_theirs - _median(theirs, "before_mib")
    name = f"{side:,} x {side:,} px, window {WINDOW}, overlap {OVERLAP}: "
    return (
        Row(
            f"{name}throughput",
            f"{pixels / wall:.1f} Mpx/s",
            f"geoai {pixels / wall_theirs:.1f} Mpx/s; ours is {wall_theirs / wall:.1f} times that",
            f"at least {FASTER} times",
            None if setting.quick else wall_theirs >= FASTER * wall,
        ),
        Row(
            f"{name}throughput, geoai without the engine's settings of threads and memory",
            f"{pixels / wall:.1f} Mpx/s",
            f"geoai {pixels / wall_untouched:.1f} Mpx/s; ours is {wall_untouched / wall:.1f} times",
        ),
        Row(
            f"{name}pixels a second of processor",
            f"{pixels / cpu:.1f} Mpx",
            f"geoai {pixels / cpu_theirs:.1f} Mpx; ours is {cpu_theirs / cpu:.1f} times that",
        ),
        Row(
            f"{name}peak memory above what was loaded before",
            f"{above:,.0f} MiB",
            f"geoai {above_theirs:,.0f} MiB; ours is {above / above_theirs:.2f} of that",
            f"at most 1/{SMALLER}",
            None if setting.quick else above * SMALLER <= above_theirs,
        ),
        Row(
            f"{name}peak memory, libraries included",
            f"{peak:,.0f} MiB",
            f"geoai {peak_theirs:,.0f} MiB; ours is {peak / peak_theirs:.2f} of that",
        ),
    )


def _median(rounds: list[dict[str, Any]], figure: str) -> float:
    return statistics.median(one["cost"][figure] for one in rounds)
