"""Small rasters for tests."""

from __future__ import annotations

import math
from pathlib import Path

from osgeo import gdal, osr

gdal.UseExceptions()

UTM = (500000.0, 0.5, 0.0, 3000000.0, 0.0, -0.5)


SCENE = Path(__file__).resolve().parents[2] / "resources" / "scenes" / "tank_farm.tif"


def write_scene(path: Path) -> Path:
    """Four storage tanks in 256 pixels squared, laid over the 32 m of `UTM`."""
    gdal.Translate(str(path), str(SCENE), outputBounds=(500000, 3000000, 500032, 2999968))
    return path


def write_tied_scene(path: Path) -> Path:
    """The scene turned by 30 degrees, placed by ground control points in degrees alone."""
    turn, metre = math.radians(30), 1 / 111_000
    points = []
    for col, row in ((0, 0), (256, 0), (0, 256), (256, 256), (128, 128)):
        x, y = 0.3 * col * metre, -0.3 * row * metre
        lon = 10 + x * math.cos(turn) - y * math.sin(turn)
        lat = 45 + x * math.sin(turn) + y * math.cos(turn)
        points.append(gdal.GCP(lon, lat, 0, col, row))
    gdal.Translate(str(path), str(SCENE), GCPs=points, outputSRS="EPSG:4326")
    return path


def write_raster(
    path: Path, epsg: int = 32617, transform: tuple = UTM, size: int = 64, bands: int = 3
) -> Path:
    """A raster of `size` squared pixels, every band of one value; `epsg` 0 for no CRS."""
    raster = gdal.GetDriverByName("GTiff").Create(str(path), size, size, bands)
    raster.SetGeoTransform(transform)
    if epsg:
        reference = osr.SpatialReference()
        reference.ImportFromEPSG(epsg)
        raster.SetProjection(reference.ExportToWkt())
    for band in range(1, bands + 1):
        raster.GetRasterBand(band).Fill(40 * band)
    return path
