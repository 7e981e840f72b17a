"""A result lies where QGIS shows its source, pixel on pixel, however the source is placed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from osgeo import gdal, osr
from qgis.core import QgsPointXY, QgsProject, QgsRasterLayer
from segment_by_text.plugin.map.layers import source_of

HEIGHT, WIDTH = 30, 40
HOLE = 7
"""The value of the nodata in the upper left quarter of each source."""

IMAGE = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
IDENTITY = (0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
NEAR_IDENTITY = (1e-9, 1.0, 0.0, 1e-9, 0.0, 1.0)

PLACED = {
    "nothing": ("tif", None, 0, None),
    "nothing, a PNG": ("png", None, 0, None),
    "a CRS alone": ("tif", None, 32633, None),
    "a world file, identity": ("tif", None, 0, (1, 0, 0, 1, 0.5, 0.5)),
    "a PNG's world file, identity": ("png", None, 0, (1, 0, 0, 1, 0.5, 0.5)),
    "a world file, half a pixel away": ("tif", None, 0, (1, 0, 0, 1, 0, 0)),
    "a PNG's world file, half a pixel away": ("png", None, 0, (1, 0, 0, 1, 0, 0)),
    "a world file, as images are shown": ("tif", None, 0, (1, 0, 0, -1, 0.5, -0.5)),
    "an identity": ("tif", IDENTITY, 0, None),
    "an identity and a CRS": ("tif", IDENTITY, 32633, None),
    "an identity in a VRT": ("vrt", IDENTITY, 32633, None),
    "as images are shown": ("tif", IMAGE, 0, None),
    "as images are shown, and a CRS": ("tif", IMAGE, 32633, None),
    "nearly an identity": ("tif", NEAR_IDENTITY, 0, None),
    "nearly an identity, and a CRS": ("tif", NEAR_IDENTITY, 32633, None),
    "south-up": ("tif", (500000.0, 0.3, 0.0, 4000000.0, 0.0, 0.3), 32633, None),
    "south-up from 0, 0": ("tif", (0.0, 2.0, 0.0, 0.0, 0.0, 2.0), 32633, None),
    "from right to left": ("tif", (0.0, -1.0, 0.0, 0.0, 0.0, -1.0), 32633, None),
    "north-up": ("tif", (500000.0, 0.3, 0.0, 4000000.0, 0.0, -0.3), 32633, None),
}
"""By what a source is placed: its format, transform, EPSG code and world file."""


def write(folder: Path, kind: str, transform: Any, epsg: int, world: Any) -> Path:
    """A source whose upper left quarter, as stored, is nodata."""
    pixels = np.full((HEIGHT, WIDTH), 100, np.uint8)
    pixels[: HEIGHT // 2, : WIDTH // 2] = HOLE
    memory = gdal.GetDriverByName("MEM").Create("", WIDTH, HEIGHT, 1)
    memory.GetRasterBand(1).WriteArray(pixels)
    memory.GetRasterBand(1).SetNoDataValue(HOLE)
    if transform:
        memory.SetGeoTransform(transform)
    if epsg:
        reference = osr.SpatialReference()
        reference.ImportFromEPSG(epsg)
        memory.SetProjection(reference.ExportToWkt())
    path = folder / f"source.{kind}"
    if kind == "vrt":
        gdal.GetDriverByName("GTiff").CreateCopy(str(folder / "part.tif"), memory)
        gdal.Translate(str(path), str(folder / "part.tif"), format="VRT")
    else:
        driver = {"tif": "GTiff", "png": "PNG"}[kind]
        gdal.GetDriverByName(driver).CreateCopy(str(path), memory)
    if world:
        path.with_suffix(".wld").write_text("\n".join(map(str, world)), "utf-8")
    return path


def valid(layer: QgsRasterLayer) -> list[bool]:
    """Whether QGIS shows a value in the middle of each quarter of a layer."""
    extent, provider = layer.extent(), layer.dataProvider()
    quarters = [(x, y) for y in (0.75, 0.25) for x in (0.25, 0.75)]
    return [
        provider.sample(
            QgsPointXY(
                extent.xMinimum() + x * extent.width(), extent.yMinimum() + y * extent.height()
            ),
            1,
        )[1]
        for x, y in quarters
    ]


@pytest.fixture
def segment(engine, project: QgsProject, tmp_path: Path) -> Callable[[QgsRasterLayer], dict]:
    """Segments a layer with the real engine."""

    def run(layer: QgsRasterLayer) -> dict:
        params = {
            "source": source_of(layer),
            "expression": "storage tank",
            "model": "rsrefseg2-compact",
            "out": str(tmp_path / "out"),
            "threshold": 0.5,
        }
        return engine.ask("segment", params, lambda _: None, lambda: False)

    return run


@pytest.mark.parametrize("placed", PLACED.values(), ids=PLACED)
def test_results_lie_on_their_source(segment: Callable, tmp_path: Path, placed: tuple) -> None:
    source = QgsRasterLayer(str(write(tmp_path, *placed)), "source")
    result = segment(source)
    for role in ("mask", "probability"):
        layer = QgsRasterLayer(result[role], role)
        there, here = source.extent(), layer.extent()
        for side in ("xMinimum", "yMinimum", "xMaximum", "yMaximum"):
            assert getattr(here, side)() == pytest.approx(getattr(there, side)(), abs=1e-6)
        assert valid(layer) == valid(source)
        assert layer.crs() == source.crs()
