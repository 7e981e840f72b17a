"""A constant model: blending must not show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio

from benchmarks.measuring import rasters
from benchmarks.measuring.measurement import Measurement, Row, Setting
from benchmarks.subjects.stub import constant

SIDE = 1536
WINDOW, OVERLAP = 512, 128
PROBABILITY = 0.5
"""127 of the 254 steps that the engine stores, so that storing it costs nothing."""

BLENDS = ("spline", "cosine", "linear")
"""geoai's ways to weigh windows, its default first."""


def measure(setting: Setting) -> Measurement:
    """The largest deviation from the constant, and pixels that got no value at all."""
    raster = rasters.aerial(setting.folder, SIDE)
    stub = constant(PROBABILITY)
    task = {"raster": str(raster), "stub": stub, "window": WINDOW, "overlap": OVERLAP}
    out = setting.folder / "constant"
    setting.ours("segment_stub", **task, out=str(out))
    ours = _deviation(out / "probability.tif", scale=254)
    theirs = {}
    for blend in BLENDS[:1] if setting.quick else BLENDS:
        path = setting.folder / f"constant-geoai-{blend}.tif"
        setting.peer("geoai", "predict", **task, out=str(path), blend=blend)
        theirs[blend] = _deviation(path, scale=1)
    peers = (
        f"{blend} {found['largest']:.3g} ({found['half']} px below half, {found['lost']} px lost)"
        for blend, found in theirs.items()
    )
    row = Row(
        f"Constant model of {PROBABILITY} on {SIDE:,} x {SIDE:,} px: largest deviation",
        f"{ours['largest']:.3g} ({ours['lost']} px lost)",
        "geoai " + "; ".join(peers),
        "0",
        ours["largest"] == 0 and ours["lost"] == 0,
    )
    return Measurement((row,), {"probability": PROBABILITY, "ours": ours, "geoai": theirs})


def _deviation(path: Path, scale: int) -> dict[str, float]:
    with rasterio.open(path) as raster:
        values = raster.read(1, masked=True).astype(np.float64) / scale
    return {
        "largest": float(np.abs(values - PROBABILITY).max()),
        "half": int((values < PROBABILITY / 2).sum()),
        "lost": int(np.ma.getmaskarray(values).sum()),
    }
