"""Objects that cross windows, and a model that is always right: what is painted must come out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import rasterio
import shapely
from rasterio.features import rasterize

from benchmarks.measuring import rasters
from benchmarks.measuring.measurement import Measurement, Row, Setting
from benchmarks.subjects.stub import ORACLE

WIDTH, HEIGHT = 4000, 1500
DOWN, ACROSS = 10, 26
OBJECTS = DOWN * ACROSS
WINDOW, OVERLAP = 1024, 128
"""samgeo's own defaults, for both."""


def measure(setting: Setting) -> Measurement:
    """Counts what comes out, and compares it with what was painted, pixel by pixel."""
    raster = rasters.objects(setting.folder, WIDTH, HEIGHT, DOWN, ACROSS)
    task = {"raster": str(raster), "window": WINDOW, "overlap": OVERLAP}
    out = setting.folder / "oracle"
    ours = setting.ours("segment_stub", **task, out=str(out), stub=ORACLE, outputs=("polygons",))
    merged = setting.folder / "oracle-samgeo.tif"
    theirs = setting.peer("samgeo", "merge", **task, out=str(merged))
    ours |= _polygons(out / "polygons.gpkg", raster)
    theirs |= _numbers(merged, raster)
    name = f"{OBJECTS} objects on {WIDTH:,} x {HEIGHT:,} px, windows of {WINDOW}, perfect model: "
    rows = (
        Row(
            f"{name}objects that come out",
            f"{ours['polygons']} polygons",
            f"samgeo {theirs['ids']} ids, {theirs['split']} objects split",
            f"exactly {OBJECTS}",
            ours["polygons"] == OBJECTS,
        ),
        Row(
            f"{name}error of the area",
            f"{ours['area_error_px']:g} px, {ours['wrong_px']} px in the wrong place",
            f"samgeo {theirs['wrong_px']} px in the wrong place",
            "0",
            ours["area_error_px"] == 0 and ours["wrong_px"] == 0,
        ),
    )
    return Measurement(rows, {"objects": OBJECTS, "ours": ours, "samgeo": theirs})


def _polygons(path: Path, raster: Path) -> dict[str, Any]:
    """How many polygons there are, and how far they are from what was painted."""
    truth = rasters.truth(raster)
    with rasterio.open(raster) as opened:
        transform = opened.transform
    _, _, wkb, _ = pyogrio.raw.read(path, layer="segments")
    shapes = shapely.from_wkb(wkb)
    drawn = rasterize(shapes, truth.shape, transform=transform).astype(bool)
    area = shapely.area(shapes).sum() / rasters.PIXEL_M**2
    return {
        "polygons": len(shapes),
        "area_error_px": float(area - truth.sum()),
        "wrong_px": int((drawn != truth).sum()),
    }


def _numbers(path: Path, raster: Path) -> dict[str, Any]:
    """How many numbers a merged raster has, and how many objects got more than one."""
    truth = rasters.truth(raster)
    with rasterio.open(path) as opened:
        merged = opened.read(1)
    rows, columns = (
        np.repeat(np.arange(count), np.diff(np.linspace(0, side, count + 1, dtype=int)))
        for count, side in ((DOWN, HEIGHT), (ACROSS, WIDTH))
    )
    cell = rows[:, None] * ACROSS + columns[None, :]
    found = merged > 0
    pairs = np.unique(np.stack([cell[found], merged[found]]), axis=1)
    numbers_of_object = np.bincount(pairs[0], minlength=OBJECTS)
    return {
        "ids": len(np.unique(merged[found])),
        "split": int((numbers_of_object > 1).sum()),
        "wrong_px": int((found != truth).sum()),
    }
