"""Placement: where on the ground a raster lies, and warps for those without a transform."""

from __future__ import annotations

import math
from contextlib import ExitStack
from typing import Any

from affine import AffineError
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info
from rasterio.crs import CRS
from rasterio.enums import ColorInterp, Resampling
from rasterio.vrt import WarpedVRT

from engine.errors import RasterError
from engine.raster.grid import crs_of, transform_of

PIXEL_ERROR = 0.01
"""Parts of a pixel that a transform and its inverse may differ by: beyond, pixels run together."""

POLAR = 84
"""Degrees of latitude beyond which there are no UTM zones."""

WGS84 = "EPSG:4326"

WARPED_HERE = ", or have it warped here: Warp (under More in the panel), WARP, or --warp"


def placed(stack: ExitStack, dataset: Any, path: str, warp: bool | str) -> Any:
    """The dataset itself where it has a transform or is a plain image; else a warp of it.

    The warp has the CRS asked for, else that of the ground control points; where that is in
    degrees, as it always is for rational polynomials, the UTM zone of the middle, so that pixels
    are as high as wide. Polynomials are taken at their own mean height. What the warp does not
    reach is not valid.

    Args:
        stack: closes the warp.
        dataset: an open raster.
        path: its name in messages.
        warp: whether it may be warped, or the CRS to warp it onto.

    Raises:
        InputError: the CRS to warp onto is none.
        RasterError: it has no certain place on the ground.
    """
    if not dataset.count:
        inner = ", ".join(dataset.subdatasets[:5])
        raise RasterError(
            f"{path} has no bands itself. {f'Choose one of {inner}.' if inner else ''}"
        )
    _check_transform(dataset, path)
    if transform_of(dataset) is not None:
        return dataset
    points, crs = dataset.gcps
    if points:
        tie, warpable = "ground control points", bool(crs)
    elif dataset.rpcs:
        tie, warpable = "rational polynomials (RPC)", True
    elif dataset.tags(ns="GEOLOCATION"):
        tie, warpable = "geolocation arrays", False
    else:
        return dataset
    if not warpable or not warp:
        raise RasterError(
            f"{path} is placed by {tie} only. Warp it first (Raster > Projections > Warp)"
            f"{WARPED_HERE if warpable else ''}."
        )
    if points:
        x = sum(point.x for point in points) / len(points)
        y = sum(point.y for point in points) / len(points)
        settings = {"src_crs": crs, "crs": _metric(crs, x, y)}
    else:
        rpcs = dataset.rpcs
        settings = {
            "crs": _metric(CRS.from_string(WGS84), rpcs.long_off, rpcs.lat_off),
            "METHOD": "RPC",
            "RPC_HEIGHT": repr(rpcs.height_off),
        }
    if isinstance(warp, str):
        settings["crs"] = crs_of(warp)
    return stack.enter_context(_warped(dataset, settings))


def _warped(dataset: Any, settings: dict[str, Any]) -> WarpedVRT:
    palette = ColorInterp.palette in dataset.colorinterp
    masked = dataset.nodata is not None or ColorInterp.alpha in dataset.colorinterp
    return WarpedVRT(
        dataset,
        resampling=Resampling.nearest if palette else Resampling.bilinear,
        add_alpha=not masked,
        **settings,
    )


def _metric(crs: CRS, x: float, y: float) -> CRS:
    """The CRS itself unless it is in degrees; then a projection in metres around x, y."""
    if not crs.is_geographic:
        return crs
    if abs(y) > POLAR:
        return CRS.from_epsg(32661 if y > 0 else 32761)
    # A zone's own longitudes end at 180 degrees; those of a raster may run on.
    x = (x + 180) % 360 - 180
    zones = query_utm_crs_info("WGS 84", AreaOfInterest(x, y, x, y), contains=True)
    return CRS.from_epsg(int(zones[0].code))


def _check_transform(dataset: Any, path: str) -> None:
    transform = dataset.transform
    far = dataset.width, dataset.height
    try:
        back = ~transform @ (transform @ far)
        certain = math.dist(far, back) < PIXEL_ERROR
    except (AffineError, ArithmeticError):
        certain = False
    if not certain:
        raise RasterError(f"{path} has a transform that gives its pixels no size: {transform[:6]}.")
