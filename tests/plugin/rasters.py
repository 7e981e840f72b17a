"""Small rasters for tests."""

from __future__ import annotations

from pathlib import Path

from osgeo import gdal, osr

gdal.UseExceptions()

UTM = (500000.0, 0.5, 0.0, 3000000.0, 0.0, -0.5)


SCENE = Path(__file__).resolve().parents[2] / "resources" / "scenes" / "tank_farm.tif"


def write_scene(path: Path) -> Path:
    """Four storage tanks in 256 pixels squared, laid over the 32 m of `UTM`."""
    gdal.Translate(str(path), str(SCENE), outputBounds=(500000, 3000000, 500032, 2999968))
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
