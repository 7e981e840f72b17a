"""Comparing rasters on the same grid."""

from __future__ import annotations

import numpy as np
from osgeo import gdal

gdal.UseExceptions()


def iou(first: str, second: str) -> float:
    """Intersection over union of the ones in two masks.

    Raises:
        ValueError: They are not on the same grid, or both are empty.
    """
    a, b = (pixels == 1 for pixels in _on_one_grid(first, second))
    union = (a | b).sum()
    if not union:
        raise ValueError(f"{first} and {second} are both empty")
    return float((a & b).sum() / union)


def _on_one_grid(*paths: str) -> list[np.ndarray]:
    rasters = [gdal.Open(path) for path in paths]
    grids = {
        (raster.GetGeoTransform(), raster.RasterXSize, raster.RasterYSize, raster.GetProjection())
        for raster in rasters
    }
    if len(grids) > 1:
        raise ValueError(f"{paths} are not on the same grid")
    return [raster.ReadAsArray() for raster in rasters]
