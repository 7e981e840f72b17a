"""Metres on the ground: the true size of pixels and polygons, whatever their CRS."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from engine.raster.grid import Grid

TRUE_TO_SCALE = 0.01
"""Projected units are taken at their word where they are within this share of the true distance."""


def pixel_size(grid: Grid) -> tuple[float, float] | None:
    """Width and height in metres of the pixel at a grid's centre.

    Measured along the ellipsoid, so that degrees, feet and the stretched metres of Web Mercator all come out true.
    Projections that are true to scale within 1 % (UTM, national grids) keep their nominal size.

    Returns:
        None where there is no CRS, or where the centre lies nowhere on the ellipsoid.
    """
    if grid.crs is None:
        return None
    crs = _crs(grid.crs.to_wkt())
    if crs is None:
        return None
    nominal = _nominal_size(grid, crs)
    true = _true_size(grid, crs)
    if nominal is None or true is None:
        return nominal or true
    pairs = list(zip(nominal, true, strict=True))
    return nominal if all(abs(n / t - 1) < TRUE_TO_SCALE for n, t in pairs) else true


def areas(polygons: npt.NDArray[np.object_], wkt: str | None) -> npt.NDArray[np.float64]:
    """Ellipsoidal areas in square metres of polygons in a CRS, `(n,)`; NaN where they cannot be known."""
    crs = _crs(wkt) if wkt else None
    geodetic = crs.geodetic_crs if crs else None
    geod = geodetic.get_geod() if geodetic else None
    if crs is None or geodetic is None or geod is None:
        return np.full(len(polygons), np.nan)
    transformer = Transformer.from_crs(crs, geodetic, always_xy=True)
    degrees = shapely.transform(polygons, transformer.transform, interleaved=False)
    ccw = shapely.orient_polygons(degrees)
    return np.array([abs(geod.geometry_area_perimeter(polygon)[0]) for polygon in ccw])


def _crs(wkt: str) -> CRS | None:
    try:
        crs = CRS.from_wkt(wkt)
    except CRSError:
        return None
    return crs.source_crs if crs.is_bound and crs.source_crs else crs


def _nominal_size(grid: Grid, crs: CRS) -> tuple[float, float] | None:
    if crs.is_geographic or not crs.axis_info:
        return None
    metres = crs.axis_info[0].unit_conversion_factor
    a, b, _, d, e, _ = grid.transform[:6]
    return math.hypot(a, d) * metres, math.hypot(b, e) * metres


def _true_size(grid: Grid, crs: CRS) -> tuple[float, float] | None:
    geodetic = crs.geodetic_crs
    geod = geodetic and geodetic.get_geod()
    if geodetic is None or geod is None:
        return None
    col, row = grid.width / 2, grid.height / 2
    xs, ys = zip(*(grid.transform @ at for at in ((col, row), (col + 1, row), (col, row + 1))), strict=True)
    try:
        lons, lats = Transformer.from_crs(crs, geodetic, always_xy=True).transform(xs, ys)
        _, _, metres = geod.inv([lons[0]] * 2, [lats[0]] * 2, lons[1:], lats[1:])
    except ProjError:
        return None
    size = float(metres[0]), float(metres[1])
    return size if all(math.isfinite(side) and side > 0 for side in size) else None
