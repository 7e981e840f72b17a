"""Ground to learn from: sample scenes beside each other, with the storage tanks drawn."""

from __future__ import annotations

import json
from pathlib import Path

from osgeo import gdal, ogr, osr

gdal.UseExceptions()
ogr.UseExceptions()

TILES = 5
SIDE = 256
PIXEL = 0.3
LEFT, TOP = 500_000.0, 3_000_000.0
TANKS = "tank_farm"
DRAWN = ((95, 90, 33), (182, 115, 34), (84, 172, 30), (155, 190, 26))
"""Middle and radius in pixels of the tanks in their scene."""


def lay_out(scenes: Path, folder: Path) -> tuple[Path, Path]:
    """Writes a raster of 384 m squared and a layer of 52 tanks with the column `name`.

    Args:
        scenes: The sample scenes.
        folder: Where to write.

    Returns:
        The raster and the polygons.
    """
    files = {s["name"]: s["file"] for s in json.loads((scenes / "scenes.json").read_text("utf-8"))}
    others = sorted(name for name in files if name != TANKS)
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32617)
    raster, polygons = folder / "ground.tif", folder / "tanks.gpkg"
    target = gdal.GetDriverByName("GTiff").Create(str(raster), TILES * SIDE, TILES * SIDE, 3)
    target.SetGeoTransform((LEFT, PIXEL, 0, TOP, 0, -PIXEL))
    target.SetProjection(reference.ExportToWkt())
    vector = ogr.GetDriverByName("GPKG").CreateDataSource(str(polygons))
    layer = vector.CreateLayer("tanks", reference, ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("name", ogr.OFTString))
    for number in range(TILES * TILES):
        row, col = divmod(number, TILES)
        name = TANKS if number % 2 == 0 else others[number // 2 % len(others)]
        scene = gdal.Open(str(scenes / files[name]))
        across = min(SIDE, scene.RasterXSize), min(SIDE, scene.RasterYSize)
        pixels = scene.ReadRaster(0, 0, *across, buf_xsize=SIDE, buf_ysize=SIDE)
        target.WriteRaster(col * SIDE, row * SIDE, SIDE, SIDE, pixels)
        if name == TANKS:
            for x, y, radius in DRAWN:
                feature = ogr.Feature(layer.GetLayerDefn())
                feature["name"] = "oil tank"
                x_ground = LEFT + PIXEL * (col * SIDE + x)
                point = ogr.CreateGeometryFromWkt(
                    f"POINT ({x_ground} {TOP - PIXEL * (row * SIDE + y)})"
                )
                feature.SetGeometry(point.Buffer(PIXEL * radius))
                layer.CreateFeature(feature)
    return raster, polygons
