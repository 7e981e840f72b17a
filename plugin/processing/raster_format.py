"""Formats of rasters: what a name asks for, and whether the engine's rasters survive in it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from osgeo import gdal, osr
from qgis.core import QgsRasterFileWriter
from qgis.PyQt.QtCore import QCoreApplication

from ...engine.files.apart import mentioned
from ...engine.files.placing import sidecars
from ..map.extents import Refusal

translate = QCoreApplication.translate

GEOTIFF = "GTiff"
UNCHANGED = {
    "JP2OpenJPEG": ["QUALITY=100", "REVERSIBLE=YES"],
    "JP2ECW": ["TARGET=0"],
    "JP2KAK": ["QUALITY=100"],
    "WEBP": ["LOSSLESS=YES"],
}
"""What tells formats that no pixel may change."""

TAGS = "SEGMENT_BY_TEXT"
"""Where the engine's rasters say what they are."""

NODATA = 255
SIDE = 16
ROWS = 1024
"""Rows that are compared at a time."""

NOISE = 0.01
"""Parts of a pixel that a format may move a raster by, for some write numbers as short texts."""


@dataclass(frozen=True)
class Ground:
    """Where a raster lies, by its CRS as WKT and GDAL's transform; an image lies nowhere."""

    crs: str = ""
    transform: Optional[tuple[float, ...]] = None


def listed(name: str) -> list[str]:
    """The files that GDAL lists for what it opens under a name."""
    if "://" in name and not mentioned(name):
        return []  # a server's, which would have to be asked
    raster = _opened(name)
    return list(raster.GetFileList() or []) if raster is not None else []


def ground_of(name: str) -> Ground:
    """Where what GDAL opens under a name lies."""
    raster = _opened(name)
    if raster is None:
        return Ground()
    return Ground(raster.GetProjection(), raster.GetGeoTransform(can_return_null=True))


def problem(path: str, ground: Ground) -> str:
    """What is wrong with the format of a name, tried on a small raster; empty where all is well."""
    if _driver(path) == GEOTIFF:
        return ""
    with tempfile.TemporaryDirectory(prefix="segment_by_text_") as folder:
        sample, written = Path(folder, "sample.tif"), Path(folder, "written", Path(path).name)
        written.parent.mkdir()
        expected = _sample(ground)
        gdal.GetDriverByName(GEOTIFF).CreateCopy(str(sample), expected)
        try:
            _write(sample, written)
            sample.unlink()  # a format that only refers to it would be left with nothing
            _check_same(expected, written)
        except Refusal as cause:
            return str(cause)
    return ""


def convert(raster: Path, written: Path) -> None:
    """Writes a raster in the format of a name.

    Raises:
        Refusal: The format cannot hold it unchanged.
        OSError: The disk is full.
    """
    if _driver(written.name) == GEOTIFF:
        shutil.copyfile(raster, written)
        for sidecar in sidecars(raster):
            ending = sidecar.name[len(raster.name) :]
            shutil.copyfile(sidecar, written.with_name(written.name + ending))
        return
    _write(raster, written)
    _check_same(_opened(str(raster)), written)


def _driver(name: str) -> str:
    """GDAL's name of the format that a file's ending asks for; GeoTIFF where it has none."""
    ending = Path(name).suffix[1:].lower()
    return QgsRasterFileWriter.driverForExtension(ending) if ending else GEOTIFF


def _write(raster: Path, written: Path) -> None:
    name = _driver(written.name)
    driver = gdal.GetDriverByName(name) if name else None
    source = _opened(str(raster))
    if driver is None or source is None:
        raise _refusal(written)
    with _quiet(written):
        made = driver.CreateCopy(str(written), source, strict=0, options=UNCHANGED.get(name, []))
        if made is None:
            raise _refusal(written)
        made.SetMetadata(source.GetMetadata(TAGS), TAGS)
        made = None


def _check_same(expected: Any, written: Path) -> None:
    """Refuses a file that does not say what it was made of."""
    found = _opened(str(written))
    with _quiet(written):
        if found is None or not (_same_ground(expected, found) and _same_pixels(expected, found)):
            raise _refusal(written)


@contextmanager
def _quiet(written: Path) -> Iterator[None]:
    """GDAL says nothing; what it raises, where somebody has told it to, is a refusal."""
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        yield
    except RuntimeError as cause:
        raise _refusal(written) from cause
    finally:
        gdal.PopErrorHandler()


def _same_ground(one: Any, other: Any) -> bool:
    width, height = one.RasterXSize, one.RasterYSize
    if (width, height) != (other.RasterXSize, other.RasterYSize) or other.RasterCount != 1:
        return False
    crs, also = (osr.SpatialReference(each.GetProjection()) for each in (one, other))
    if one.GetProjection() and not (other.GetProjection() and crs.IsSame(also)):
        return False
    transform = one.GetGeoTransform()
    pixel = min(abs(transform[1]) + abs(transform[2]), abs(transform[4]) + abs(transform[5]))
    return all(
        abs(here - there) <= NOISE * pixel
        for col, row in ((0, 0), (width, 0), (0, height))
        for here, there in zip(_at(one, col, row), _at(other, col, row))
    )


def _at(raster: Any, col: int, row: int) -> tuple[float, float]:
    a, b, c, d, e, f = raster.GetGeoTransform()
    return a + b * col + c * row, d + e * col + f * row


def _same_pixels(one: Any, other: Any) -> bool:
    width, height = one.RasterXSize, one.RasterYSize
    bands = one.GetRasterBand(1), other.GetRasterBand(1)
    if bands[0].GetNoDataValue() not in (None, bands[1].GetNoDataValue()):
        return False
    for row in range(0, height, ROWS):
        window = 0, row, width, min(ROWS, height - row)
        here, there = (band.ReadRaster(*window, buf_type=gdal.GDT_Byte) for band in bands)
        if here is None or here != there:
            return False
    return True


def _sample(ground: Ground) -> Any:
    """A small raster of every value that there can be."""
    raster = gdal.GetDriverByName("MEM").Create("", SIDE, SIDE, 1)
    raster.SetProjection(ground.crs)
    if ground.transform is not None:
        raster.SetGeoTransform(ground.transform)
    band = raster.GetRasterBand(1)
    band.SetNoDataValue(NODATA)
    band.WriteRaster(0, 0, SIDE, SIDE, bytes(range(SIDE * SIDE)))
    return raster


def _opened(name: str) -> Any:
    """What GDAL opens under a name; None where it cannot."""
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        return gdal.OpenEx(name, gdal.OF_RASTER)
    except RuntimeError:
        return None
    finally:
        gdal.PopErrorHandler()


def _refusal(written: Path) -> Refusal:
    text = translate(
        "RasterFormat",
        "A raster named {} would not keep its values and its place. Choose a name with .tif.",
    )
    return Refusal(text.format(written.name))
