"""Tiles on this computer: what was never made is a hole, and not a fault of a server."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import (
    Qgis,
    QgsProject,
    QgsRasterBlock,
    QgsRasterBlockFeedback,
    QgsRasterDataProvider,
    QgsRasterLayer,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QRectF
from qgis.PyQt.QtGui import QColor, QImage, QPainter
from segment_by_text.plugin.map import tiles as tiles_of
from segment_by_text.plugin.map.extents import Refusal, rectangle
from segment_by_text.plugin.map.layers import source_of

from tests.plugin.rasters import write_scene
from tests.plugin.tile_server import SIDE, TileServer, paint, tile_colour

EDGE = 20037508.342789244
ZOOM = 17
PIXEL = 2 * EDGE / SIDE / 2**ZOOM
FIRST = 2**16
"""Column and row of the tile at 0, 0."""

THERE = [(0, 0), (1, 0), (1, 1)]
"""Which of two by two tiles were made."""

SQUARE = QgsRectangle(0, -2 * SIDE * PIXEL, 2 * SIDE * PIXEL, 0)


def exported(layer: QgsRasterLayer, extent: QgsRectangle | None, resolution: float | None = PIXEL):
    """The parameters of the engine's source, and what its file holds."""
    place = extent and rectangle(extent, layer.crs())
    source = source_of(layer, place, None, resolution)
    with source.exported(QgsRasterBlockFeedback(), lambda *_: None) as params:
        raster = gdal.Open(params["path"])
        return params, raster.GetGeoTransform(), raster.ReadAsArray(), raster.GetRasterBand


def write_folder(folder: Path) -> str:
    for col, row in THERE:
        path = folder / str(ZOOM) / str(FIRST + col) / f"{FIRST + row}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(paint(tile_colour(FIRST + col, FIRST + row)))
    return f"type=xyz&zmin={ZOOM}&zmax={ZOOM}&url={folder.as_uri()}/{{z}}/{{x}}/{{y}}.png"


def write_mbtiles(folder: Path) -> str:
    path = folder / "some tiles.mbtiles"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE metadata (name text, value text)")
        database.execute(
            "CREATE TABLE tiles (zoom_level int, tile_column int, tile_row int, tile_data blob)"
        )
        degrees = 2 * 360 / 2**ZOOM
        facts = {"format": "png", "minzoom": ZOOM, "maxzoom": ZOOM, "name": "some"}
        facts["bounds"] = f"0,{-degrees},{degrees},0"
        database.executemany("INSERT INTO metadata VALUES (?, ?)", facts.items())
        for col, row in THERE:
            up = 2**ZOOM - 1 - FIRST - row
            picture = paint(tile_colour(FIRST + col, FIRST + row))
            values = (ZOOM, FIRST + col, up, picture)
            database.execute("INSERT INTO tiles VALUES (?, ?, ?, ?)", values)
    return f"type=mbtiles&url={path.as_uri()}"


@pytest.fixture(params=[write_folder, write_mbtiles], ids=["folder", "mbtiles"])
def some(request: pytest.FixtureRequest, project: QgsProject, tmp_path: Path) -> QgsRasterLayer:
    """Three of two by two tiles; each test has its own, as QGIS keeps what it has read."""
    layer = QgsRasterLayer(request.param(tmp_path), "some", "wms")
    assert layer.isValid()
    return layer


def test_a_tile_that_was_never_made_is_a_hole(some: QgsRasterLayer) -> None:
    _, transform, pixels, band = exported(some, SQUARE)
    assert band(4).GetColorInterpretation() == gdal.GCI_AlphaBand
    assert transform == pytest.approx((0, PIXEL, 0, 0, 0, -PIXEL), abs=1e-6)
    for col, row in ((0, 0), (1, 0), (0, 1), (1, 1)):
        inside = pixels[:, row * SIDE : (row + 1) * SIDE, col * SIDE : (col + 1) * SIDE]
        inside = inside[:, 3:-3, 3:-3]
        assert (inside[3] == (255 if (col, row) in THERE else 0)).all()
        if (col, row) in THERE:
            down, across = np.mgrid[3 : SIDE - 3, 3 : SIDE - 3]
            blue = np.full_like(down, tile_colour(FIRST + col, FIRST + row))
            assert (inside[:3] == np.stack((across, down, blue))).all()


def test_where_no_tile_was_made_there_is_nothing_to_segment(some: QgsRasterLayer) -> None:
    hole = QgsRectangle(9, -2 * SIDE * PIXEL + 9, SIDE * PIXEL - 9, -SIDE * PIXEL - 9)
    with pytest.raises(Refusal, match=r"“some” could not be fetched whole: it has no tiles there"):
        exported(some, hole)


def test_mbtiles_are_taken_whole_at_their_own_resolution(
    project: QgsProject, tmp_path: Path
) -> None:
    layer = QgsRasterLayer(write_mbtiles(tmp_path), "some", "wms")
    params, transform, pixels, _ = exported(layer, None, None)
    assert transform[1] == pytest.approx(PIXEL, rel=1e-3)
    assert pixels.shape[1:] == pytest.approx((2 * SIDE, 2 * SIDE), abs=2)
    assert params["resolution"] is None


def test_a_tile_that_a_server_lacks_is_still_a_refusal(tiles, server: TileServer) -> None:
    server.faults[(FIRST + 1, FIRST)] = "404"
    reason = "the server did not give all of the image"

    with pytest.raises(Refusal, match=reason):
        exported(tiles, SQUARE)


@pytest.mark.parametrize("provider", ["wms", "gdal"])
def test_the_real_engine_segments_mbtiles(
    project: QgsProject, engine, tmp_path: Path, provider: str
) -> None:
    path = tmp_path / "scene.mbtiles"
    plain = write_scene(tmp_path / "scene.tif")
    gdal.Translate(str(path), str(plain), format="MBTiles", creationOptions=["TILE_FORMAT=PNG"])
    uri = f"type=mbtiles&url={path.as_uri()}" if provider == "wms" else str(path)
    layer = QgsRasterLayer(uri, "scene", provider)
    params = {"expression": "storage tank", "model": "rsrefseg2-compact"}
    params["out"] = str(tmp_path / "out")
    source = source_of(layer)
    if provider == "gdal":
        result = engine.ask("segment", {**params, "source": source}, print, lambda: False)
    else:
        with source.exported(QgsRasterBlockFeedback(), lambda *_: None) as copy:
            result = engine.ask("segment", {**params, "source": copy}, print, lambda: False)
    assert result["count"] > 0


# -- the order in which tiles arrive ---------------------------------------------------------------


class Overlapping(QgsRasterDataProvider):
    """Draws as QGIS does since 3.42: tiles stretched to whole pixels, the last to arrive on top."""

    def __init__(self, uri: str, seed: int) -> None:
        super().__init__(uri)
        self._uri, self._chance, self._at_hand = uri, random.Random(seed), False

    def name(self) -> str:
        return "wms"

    def dataSourceUri(self, expand: bool = False) -> str:
        return self._uri

    def nativeResolutions(self) -> list[float]:
        return [1.0]

    def block(self, band, extent, width, height, feedback=None) -> QgsRasterBlock:
        places = [(col, row) for row in range(9) for col in range(9)]
        if not self._at_hand:
            self._chance.shuffle(places)
        self._at_hand = True
        picture = QImage(width, height, QImage.Format.Format_ARGB32)
        side = width / 8.5
        painter = QPainter(picture)
        for col, row in places:
            tile = QRectF(col * side, row * side, side, side).toAlignedRect()
            painter.fillRect(tile, QColor(28 * col, 28 * row, 9))
        painter.end()
        block = QgsRasterBlock(Qgis.DataType.ARGB32, width, height)
        block.setData(bytes(picture.constBits().asarray(picture.sizeInBytes())))
        return block


def test_overlapping_tiles_make_one_picture_in_whatever_order_they_arrive(tiles) -> None:
    whole, found = source_of(tiles, rectangle(SQUARE, tiles.crs()), None, PIXEL), []
    for seed in range(3):
        provider = Overlapping(tiles.source(), seed)
        assert tiles_of.arrive(provider)
        export = replace(whole, provider=provider)
        with export.exported(QgsRasterBlockFeedback(), lambda *_: None) as params:
            found.append((Path(params["path"]), Path(params["path"]).read_bytes()))
    assert found[0] == found[1] == found[2]


def test_a_map_in_one_piece_is_asked_for_once(project: QgsProject, tmp_path: Path) -> None:
    shutil.copy(write_scene(tmp_path / "scene.tif"), tmp_path / "copy.tif")
    assert not tiles_of.arrive(QgsRasterLayer(str(tmp_path / "copy.tif"), "file").dataProvider())
    assert not tiles_of.are_local(QgsRasterLayer(str(tmp_path / "copy.tif"), "f").dataProvider())
