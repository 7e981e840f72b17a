"""An area of interest: only windows that hold a pixel of it are looked at.

geoai's `predict_geotiff` and samgeo's `generate_masks_tiled` have no such option.
"""

from __future__ import annotations

import rasterio
import shapely

from benchmarks.measuring import rasters
from benchmarks.measuring.measurement import Measurement, Row, Setting

SIDE, QUICK_SIDE = 8192, 2048
WINDOW, OVERLAP = 512, 128
CORNERS = ((0.05, 0.1), (0.2, 0.02), (0.95, 0.85), (0.8, 0.97), (0.5, 0.62), (0.4, 0.9), (0.3, 0.5))
"""A bent strip across the raster, in parts of its side: most of its box is outside."""


def measure(setting: Setting) -> Measurement:
    """Windows computed over windows needed."""
    side = QUICK_SIDE if setting.quick else SIDE
    raster = rasters.aerial(setting.folder, side)
    with rasterio.open(raster) as opened:
        corners = [opened.transform @ (x * side, y * side) for x, y in CORNERS]
    counts = setting.ours(
        "area_of_interest",
        raster=str(raster),
        out=str(setting.folder / "area"),
        area=shapely.Polygon(corners).wkt,
        window=WINDOW,
        overlap=OVERLAP,
    )
    ratio = counts["encoded"] / counts["needed"]
    row = Row(
        f"Area of interest on {side:,} x {side:,} px: windows computed / needed",
        f"{counts['encoded']} / {counts['needed']} = {ratio:.2f} (its box has {counts['box']})",
        target="1.00",
        met=counts["encoded"] == counts["needed"],
    )
    return Measurement((row,), counts)
