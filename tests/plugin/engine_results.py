"""Results as the engine gives them, drawn by hand: no model, no process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from osgeo import gdal, ogr, osr

from engine.files import seal
from tests.plugin.rasters import UTM

gdal.UseExceptions()
ogr.UseExceptions()

SIZE = 64
Box = tuple[int, int, int, int]
"""First column and row, width and height in pixels of half a metre."""


def write_result(
    run: Path, boxes: Sequence[Box], version: str = "", threshold: float = 0.5, **changes: Any
) -> dict[str, Any]:
    """A result whose objects are boxes, its mask and polygons in a folder of the run."""
    folder = run / version
    folder.mkdir(parents=True, exist_ok=True)
    probability = run / "probability.tif"
    if not probability.exists():
        _raster(probability, [(0, 0, SIZE, SIZE)], 178)
    _raster(folder / "mask.tif", boxes, 1)
    _polygons(folder / "polygons.gpkg", boxes)
    return {
        "probability": str(probability),
        "mask": str(folder / "mask.tif"),
        "polygons": str(folder / "polygons.gpkg"),
        "count": len(boxes),
        "area_m2": sum(width * height for _, _, width, height in boxes) / 4,
        "expression": "storage tank",
        "model": "by hand",
        "weights_sha256": "0" * 64,
        "source": "scene.tif",
        "threshold": threshold,
        "shape": {"minimum_area": 0.0, "simplify": 0.0, "right_angles": False},
        "warnings": [],
        **changes,
    }


def _utm() -> osr.SpatialReference:
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32617)
    return reference


def _raster(path: Path, boxes: Sequence[Box], value: int) -> None:
    raster = gdal.GetDriverByName("GTiff").Create(str(path), SIZE, SIZE, 1)
    raster.SetGeoTransform(UTM)
    raster.SetProjection(_utm().ExportToWkt())
    raster.GetRasterBand(1).SetNoDataValue(255)
    for col, row, width, height in boxes:
        pixels = bytes([value] * width * height)
        raster.GetRasterBand(1).WriteRaster(col, row, width, height, pixels)


def _polygons(path: Path, boxes: Sequence[Box]) -> None:
    file = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    layer = file.CreateLayer("segments", _utm(), ogr.wkbPolygon)
    for name, kind in (("expression", ogr.OFTString), ("score", ogr.OFTReal)):
        layer.CreateField(ogr.FieldDefn(name, kind))
    for number, (col, row, width, height) in enumerate(boxes):
        left, top = UTM[0] + col / 2, UTM[3] - row / 2
        right, bottom = left + width / 2, top - height / 2
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetField("expression", "storage tank")
        feature.SetField("score", 0.9 - 0.1 * number)
        corners = ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
        text = ", ".join(f"{x} {y}" for x, y in corners)
        feature.SetGeometry(ogr.CreateGeometryFromWkt(f"POLYGON(({text}))"))
        layer.CreateFeature(feature)
    layer.SyncToDisk()
    layer.SetMetadataItem(seal.SEAL, seal.digest(path))
