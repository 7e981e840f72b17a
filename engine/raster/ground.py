"""Metres on the ground: the true size of pixels and polygons, whatever their CRS."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import ProjError

from engine.raster.grid import Grid

TRUE_TO_SCALE = 0.01
"""Projected units are taken at their word where they are within this share of the true distance."""

Size = tuple[float, float]


def pixel_size(grid: Grid) -> Size | None:
    """Width and height in metres of the pixel at a grid's centre.

    Measured along the ellipsoid, so that degrees, feet and the stretched metres of Web Mercator all
    come out true. Projections that are true to scale within 1 % (UTM, national grids) keep their
    nominal size.

    Returns:
        None where there is no CRS, or where the centre lies nowhere on the ellipsoid.
    """
    if grid.crs is None:
        return None
    try:
        crs = CRS.from_wkt(grid.crs.to_wkt())
        nominal, true = _nominal_size(grid, crs), _true_size(grid, crs)
    except ProjError:
        return None
    if nominal is None or true is None:
        return nominal or true
    trusted = all(abs(n / t - 1) < TRUE_TO_SCALE for n, t in zip(nominal, true, strict=True))
    return nominal if trusted else true


def square_pixels(grid: Grid) -> Size:
    """What columns and rows are multiplied by so that distances in every direction compare.

    The unit is the side of a square pixel as large as the one at the grid's centre.
    """
    a, b, _, d, e, _ = grid.transform[:6]
    width, height = pixel_size(grid) or (math.hypot(a, d), math.hypot(b, e))
    side = math.sqrt(width * height)
    return width / side, height / side


def areas(
    polygons: npt.NDArray[np.object_], grid: Grid, resolution: float | None = None
) -> npt.NDArray[np.float64]:
    """Square metres of polygons on a grid, `(n,)`: on the ellipsoid, else by their pixels.

    Args:
        polygons: holes run the other way round than their shells, as `shapely.orient_polygons`
            leaves them.
        grid: what they are on, in its coordinates.
        resolution: metres a pixel of the grid, which somebody may know without a CRS.

    Returns:
        NaN where they cannot be known.
    """
    wkt = grid.crs.to_wkt() if grid.crs else None
    found = _ellipsoidal(polygons, wkt)
    if resolution is None:
        return found
    pixels = shapely.area(polygons) / abs(grid.transform.determinant)
    return np.where(np.isnan(found), pixels * resolution**2, found)


def _ellipsoidal(polygons: npt.NDArray[np.object_], wkt: str | None) -> npt.NDArray[np.float64]:
    """Square metres of polygons in a CRS, `(n,)`; NaN where they cannot be known."""
    try:
        ellipsoid = _ellipsoid(CRS.from_wkt(wkt)) if wkt else None
    except ProjError:
        ellipsoid = None
    if ellipsoid is None:
        return np.full(len(polygons), np.nan)
    degrees, geod = ellipsoid
    rings, polygon_of_ring = shapely.get_rings(polygons, return_index=True)
    points, ring_of_point = shapely.get_coordinates(rings, return_index=True)
    lon, lat = degrees.transform(*points.T)
    starts = np.searchsorted(ring_of_point, np.arange(1, len(rings)))
    signed = [
        geod.polygon_area_perimeter(*ring)[0]
        for ring in zip(np.split(lon, starts), np.split(lat, starts), strict=True)
    ]
    found: npt.NDArray[np.float64] = np.abs(
        np.bincount(polygon_of_ring, weights=signed, minlength=len(polygons))
    )
    return found


def _ellipsoid(crs: CRS) -> tuple[Transformer, Geod] | None:
    """The way from a CRS to longitude and latitude, and the ellipsoid that they are on."""
    if crs.is_bound and crs.source_crs:
        crs = crs.source_crs
    geodetic = crs.geodetic_crs
    geod = geodetic.get_geod() if geodetic else None
    if geodetic is None or geod is None:
        return None
    return Transformer.from_crs(crs, geodetic, always_xy=True), geod


def _nominal_size(grid: Grid, crs: CRS) -> Size | None:
    if crs.is_geographic or not crs.axis_info:
        return None
    metres = crs.axis_info[0].unit_conversion_factor
    a, b, _, d, e, _ = grid.transform[:6]
    return _positive(math.hypot(a, d) * metres, math.hypot(b, e) * metres)


def _true_size(grid: Grid, crs: CRS) -> Size | None:
    ellipsoid = _ellipsoid(crs)
    if ellipsoid is None:
        return None
    degrees, geod = ellipsoid
    col, row = grid.width / 2, grid.height / 2
    corners = [grid.transform @ at for at in ((col, row), (col + 1, row), (col, row + 1))]
    centre, right, below = (degrees.transform(x, y) for x, y in corners)
    return _positive(geod.inv(*centre, *right)[2], geod.inv(*centre, *below)[2])


def _positive(width: float, height: float) -> Size | None:
    return (width, height) if all(math.isfinite(m) and m > 0 for m in (width, height)) else None
