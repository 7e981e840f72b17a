"""What only QGIS's GDAL opens is handed to the engine as a copy, the same in all it holds."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProject,
    QgsRasterBlockFeedback,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from segment_by_text.plugin.engine.process import interpreter
from segment_by_text.plugin.map import export
from segment_by_text.plugin.map.export import Export
from segment_by_text.plugin.map.extents import Refusal, rectangle
from segment_by_text.plugin.map.formats import DRIVERS, engine_opens
from segment_by_text.plugin.map.labelled import labelled_layer
from segment_by_text.plugin.map.layers import source_of
from segment_by_text.plugin.settings import Settings

from tests.plugin.rasters import write_raster, write_scene

UTM = QgsCoordinateReferenceSystem("EPSG:32617")
FOREIGN = {"FITS": "scene.fits", "HDF4Image": "scene.hdf", "PDF": "scene.pdf", "ARG": "scene.arg"}
WIDTH, HEIGHT, PIXEL = 48, 40, 10.0


def values(driver: str) -> np.ndarray:
    """What is in a file: numbers where its format has them."""
    ramp = np.arange(WIDTH * HEIGHT).reshape(1, HEIGHT, WIDTH)
    bands = np.concatenate([ramp + 100 * band for band in range(1 if driver == "ARG" else 3)])
    return (bands % 251).astype("uint8") if driver == "PDF" else bands.astype("int16")


def write(driver: str, folder: Path) -> Path:
    pixels = values(driver)
    kind = gdal.GDT_Byte if driver == "PDF" else gdal.GDT_Int16
    memory = gdal.GetDriverByName("MEM").Create("", WIDTH, HEIGHT, len(pixels), kind)
    memory.SetGeoTransform((500000, PIXEL, 0, 3000000, 0, -PIXEL))
    memory.SetProjection(UTM.toWkt())
    for number, band in enumerate(pixels, start=1):
        memory.GetRasterBand(number).WriteArray(band)
        if driver != "PDF":
            memory.GetRasterBand(number).SetNoDataValue(7)
    path = folder / FOREIGN[driver]
    options = ["TILED=YES", "COMPRESS=DEFLATE"] if driver == "PDF" else []
    gdal.GetDriverByName(driver).CreateCopy(str(path), memory, 0, options)
    return path


@pytest.fixture(params=[name for name in FOREIGN if gdal.GetDriverByName(name)])
def driver(request: pytest.FixtureRequest) -> str:
    return request.param


def spellings(path: Path) -> dict[str, str]:
    """The file, and what else stands for it."""
    folder = path.parent
    gdal.BuildVRT(str(folder / "mosaic.vrt"), [str(path)])
    gdal.Translate(str(folder / "outer.vrt"), str(folder / "mosaic.vrt"))
    names = {"file": str(path), "mosaic": f"{folder}/mosaic.vrt", "nested": f"{folder}/outer.vrt"}
    if path.suffix == ".pdf":
        with zipfile.ZipFile(folder / "packed.zip", "w") as packed:
            packed.write(path, path.name)
        names["packed"] = f"/vsizip/{folder}/packed.zip/{path.name}"
    return names


def test_its_numbers_place_and_nodata_are_handed_over(
    project: QgsProject, tmp_path: Path, driver: str
) -> None:
    for name, place in spellings(write(driver, tmp_path)).items():
        layer = QgsRasterLayer(place, name)
        layer.setCrs(UTM)
        part = QgsRectangle(500100, 2999700, 500305, 2999900)
        source = source_of(layer, rectangle(part, UTM))
        assert isinstance(source, Export), name
        with source.exported(QgsRasterBlockFeedback(), lambda *_: None) as params:
            copy = gdal.Open(params["path"])
            assert copy.GetGeoTransform() == pytest.approx((500100, PIXEL, 0, 2999900, 0, -PIXEL))
            assert copy.GetSpatialRef().GetAuthorityCode(None) == "32617"
            truth = gdal.Open(str(tmp_path / FOREIGN[driver]))
            expected = truth.ReadAsArray().reshape(-1, HEIGHT, WIDTH)[:, 10:30, 10:31]
            assert (copy.ReadAsArray().reshape(expected.shape) == expected).all(), name
            assert copy.ReadAsArray().dtype == expected.dtype
            nodata = truth.GetRasterBand(1).GetNoDataValue()
            assert copy.GetRasterBand(1).GetNoDataValue() == nodata
            assert params["resolution"] is None
            assert params["name"] == name


def test_a_subdataset_is_told_by_the_driver_that_opens_it(tmp_path: Path) -> None:
    if not gdal.GetDriverByName("HDF4Image"):
        pytest.skip("this GDAL has no HDF4")
    path = write("HDF4Image", tmp_path)
    assert not engine_opens(f"HDF4_SDS:UNKNOWN:{path}:0")


@pytest.mark.parametrize("name", ["tif", "png", "mbtiles", "jp2", "vrt", "img", "gpkg"])
def test_what_the_engine_opens_is_not_copied(project: QgsProject, tmp_path: Path, name: str):
    path = tmp_path / f"scene.{name}"
    gdal.Translate(str(path), str(write_raster(tmp_path / "plain.tif")))
    layer = QgsRasterLayer(str(path), "scene")
    assert layer.isValid()
    assert isinstance(source_of(layer), dict)


def test_what_nobody_opens_is_left_to_the_engine_to_tell(tmp_path: Path) -> None:
    (tmp_path / "note.tif").write_text("no raster", "utf-8")
    assert engine_opens(str(tmp_path / "note.tif"))
    assert engine_opens(str(tmp_path / "missing.tif"))


def test_the_engine_has_the_drivers_it_is_said_to_have() -> None:
    program = "import json, rasterio\nwith rasterio.Env() as e: print(json.dumps([*e.drivers()]))"
    python = str(interpreter(Settings()))
    told = subprocess.run([python, "-c", program], capture_output=True, check=True, text=True)
    assert set(json.loads(told.stdout)) >= DRIVERS


def test_more_than_can_be_copied_is_refused_with_what_to_do(
    project: QgsProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = QgsRasterLayer(str(write("FITS", tmp_path)), "scene")
    monkeypatch.setattr(export, "MOST_FILE_PIXELS", WIDTH * HEIGHT - 1)
    with pytest.raises(Refusal, match=r"“scene” has 48 x 40 pixels.*smaller extent.*GeoTIFF"):
        source_of(layer, None, None, 20.0)


def test_it_is_taught_from_at_its_own_resolution(project: QgsProject, tmp_path: Path) -> None:
    drawn = QgsVectorLayer("Polygon?crs=EPSG:32617", "drawn", "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(500100, 2999700, 500200, 2999800)))
    drawn.dataProvider().addFeature(feature)
    layer = QgsRasterLayer(str(write("FITS", tmp_path)), "scene")
    layer.setCrs(UTM)
    source = labelled_layer(layer, drawn, expression="tank")["raster"]
    assert source.params["resolution"] is None
    assert (source.pixels.width, source.pixels.height) == (WIDTH, HEIGHT)


def test_a_damaged_one_is_a_refusal_and_not_black(project: QgsProject, tmp_path: Path) -> None:
    path = write("FITS", tmp_path)
    layer = QgsRasterLayer(str(path), "scene")
    source = source_of(layer)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    refused = pytest.raises(Refusal, match=r"“scene” could not be fetched whole: .*FITS")
    with refused, source.exported(QgsRasterBlockFeedback(), lambda *_: None):
        pass


def test_the_real_engine_finds_the_same_in_fits(
    project: QgsProject, engine, tmp_path: Path
) -> None:
    plain = write_scene(tmp_path / "scene.tif")
    gdal.Translate(str(tmp_path / "scene.fits"), str(plain), format="FITS")
    found = []
    for name in ("scene.tif", "scene.fits"):
        layer = QgsRasterLayer(str(tmp_path / name), name)
        layer.setCrs(UTM)
        source = source_of(layer)
        params = {"expression": "storage tank", "model": "rsrefseg2-compact"}
        if isinstance(source, Export):
            with source.exported(QgsRasterBlockFeedback(), lambda *_: None) as copy:
                params |= {"source": copy, "out": str(tmp_path / f"{name} out")}
                found.append(engine.ask("segment", params, print, lambda: False))
        else:
            params |= {"source": source, "out": str(tmp_path / f"{name} out")}
            found.append(engine.ask("segment", params, print, lambda: False))
    assert found[0]["count"] == found[1]["count"] > 0
    assert found[0]["area_m2"] == pytest.approx(found[1]["area_m2"], rel=1e-3)
