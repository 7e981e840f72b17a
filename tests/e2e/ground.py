"""Ground to learn from: sample scenes beside each other, with what is drawn in two of them."""

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
TANKS, BALLPARK = "tank_farm", "ballpark"
TANK, INFIELD = "oil tank", "sand infield"
CIRCLES = ((95, 90, 33), (182, 115, 34), (84, 172, 30), (155, 190, 26))
"""Middle and radius in pixels of the tanks in their scene."""

SAND = (
    (127, 50), (150, 48), (200, 52), (208, 62), (208, 140), (190, 147),
    (160, 147), (130, 132), (112, 105), (109, 80), (118, 58), (127, 50),
)  # fmt: skip
"""Corners in pixels of the infield in its scene."""


def lay_out(scenes: Path, folder: Path) -> tuple[Path, Path]:
    """Writes a raster of 384 m squared and a layer of polygons with the column `name`.

    Args:
        scenes: The sample scenes.
        folder: Where to write.

    Returns:
        The raster and the polygons: 28 tanks and 6 infields.
    """
    files = {s["name"]: s["file"] for s in json.loads((scenes / "scenes.json").read_text("utf-8"))}
    others = sorted(set(files) - {TANKS, BALLPARK})
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32617)
    raster, polygons = folder / "ground.tif", folder / "drawn.gpkg"
    target = gdal.GetDriverByName("GTiff").Create(str(raster), TILES * SIDE, TILES * SIDE, 3)
    target.SetGeoTransform((LEFT, PIXEL, 0, TOP, 0, -PIXEL))
    target.SetProjection(reference.ExportToWkt())
    vector = ogr.GetDriverByName("GPKG").CreateDataSource(str(polygons))
    layer = vector.CreateLayer("drawn", reference, ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("name", ogr.OFTString))
    for number in range(TILES * TILES):
        row, col = divmod(number, TILES)
        name = (
            others[number // 2 % len(others)] if number % 2 else (TANKS, BALLPARK)[number % 4 // 2]
        )
        scene = gdal.Open(str(scenes / files[name]))
        target.WriteRaster(col * SIDE, row * SIDE, SIDE, SIDE, scene.ReadRaster(0, 0, SIDE, SIDE))
        for text, corners in drawn(name):
            feature = ogr.Feature(layer.GetLayerDefn())
            feature["name"] = text
            feature.SetGeometry(on_the_ground(corners, row, col))
            layer.CreateFeature(feature)
    return raster, polygons


def drawn(name: str) -> list[tuple[str, ogr.Geometry]]:
    """What is drawn in a scene, in its pixels."""
    if name == TANKS:
        points = [(ogr.CreateGeometryFromWkt(f"POINT ({x} {y})"), r) for x, y, r in CIRCLES]
        return [(TANK, point.Buffer(radius)) for point, radius in points]
    if name == BALLPARK:
        corners = ", ".join(f"{x} {y}" for x, y in SAND)
        return [(INFIELD, ogr.CreateGeometryFromWkt(f"POLYGON (({corners}))"))]
    return []


def on_the_ground(shape: ogr.Geometry, row: int, col: int) -> ogr.Geometry:
    """A shape in the pixels of a scene, where that scene lies."""
    ring = ogr.Geometry(ogr.wkbLinearRing)
    for x, y, *_ in shape.GetGeometryRef(0).GetPoints():
        ring.AddPoint_2D(LEFT + PIXEL * (col * SIDE + x), TOP - PIXEL * (row * SIDE + y))
    polygon = ogr.Geometry(ogr.wkbPolygon)
    polygon.AddGeometry(ring)
    return polygon
