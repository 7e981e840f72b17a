"""The bundled model over a raster of several windows: what the plumbing adds to it."""

from __future__ import annotations

from benchmarks.measuring import rasters
from benchmarks.measuring.measurement import Measurement, Row, Setting

SIDE, QUICK_SIDE = 4096, 1344


def measure(setting: Setting) -> Measurement:
    """Its throughput on the CPU, and the share of the time that is not the model's."""
    side = QUICK_SIDE if setting.quick else SIDE
    raster = rasters.aerial(setting.folder, side)
    rasters.warm(raster)
    run = setting.ours("segment_bundled", raster=str(raster), out=str(setting.folder / "bundled"))
    wall = run["cost"]["wall_s"]
    row = Row(
        f"Bundled model on {side:,} x {side:,} px, {run['windows']} windows, CPU, with mask and "
        "polygons",
        f"{side * side / 1e6 / wall:.2f} Mpx/s, {1 - run['model_s'] / wall:.0%} of it outside the "
        "model",
    )
    return Measurement((row,), {"side": side, "ours": run})
