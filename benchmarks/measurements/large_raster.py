"""A raster that does not fit into memory: whether it completes, and in how much of it.

geoai is not asked: its two float64 accumulators alone would take 16 bytes a pixel, 25.6 GB.
"""

from __future__ import annotations

from benchmarks.measuring import rasters
from benchmarks.measuring.measurement import Measurement, Row, Setting
from benchmarks.subjects.stub import ORACLE

SIDE, QUICK_SIDE = 40_000, 4_000
CELL = 150
WINDOW, OVERLAP = 512, 128
MOST_MIB = 1.5 * 1024


def measure(setting: Setting) -> Measurement:
    """Probabilities, mask and polygons of objects all over it."""
    side = QUICK_SIDE if setting.quick else SIDE
    cells = side // CELL
    raster = rasters.objects(setting.folder, side, side, cells, cells)
    rasters.warm(raster)
    run = setting.ours(
        "segment_stub",
        raster=str(raster),
        out=str(setting.folder / "large"),
        stub=ORACLE,
        window=WINDOW,
        overlap=OVERLAP,
        outputs=("mask", "polygons"),
    )
    spent, objects = run["cost"], cells * cells
    above = spent["peak_mib"] - spent["before_mib"]
    name = f"{side:,} x {side:,} px with mask and {objects:,} polygons: "
    rows = (
        Row(
            f"{name}completes",
            f"{run['count']:,} polygons, {spent['wall_s']:,.0f} s, "
            f"{side * side / 1e6 / spent['wall_s']:.1f} Mpx/s",
            target="completes, every object one polygon",
            met=run["count"] == objects,
        ),
        Row(
            f"{name}peak memory above the model's",
            f"{above:,.0f} MiB",
            f"geoai would need {16 * side * side / 2**20:,.0f} MiB for its accumulators",
            f"at most {MOST_MIB:,.0f} MiB",
            None if setting.quick else above <= MOST_MIB,
        ),
    )
    return Measurement(rows, {"side": side, "objects": objects, "ours": run})
