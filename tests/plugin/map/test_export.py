"""Layers without a file: fetched whole through a cloned provider, or refused."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsNetworkAccessManager,
    QgsProject,
    QgsRasterBlockFeedback,
    QgsRasterLayer,
    QgsRectangle,
)
from segment_by_text.engine.service.client import EngineFailure
from segment_by_text.plugin.engine.tasks import EngineTask
from segment_by_text.plugin.map.export import CHUNK, Export
from segment_by_text.plugin.map.extents import Refusal, rectangle
from segment_by_text.plugin.map.layers import source_of

from tests.plugin.map_server import BOUNDS, CELLS, MapServer, colours
from tests.plugin.rasters import write_raster
from tests.plugin.tile_server import SIDE, TileServer, serving, tile_colour
from tests.plugin.waiting import until

MERCATOR = QgsCoordinateReferenceSystem("EPSG:3857")
EDGE = 20037508.342789244
ZOOM = 17
PIXEL = 2 * EDGE / SIDE / 2**ZOOM
"""About 1.19 m, at the equator also on the ground."""

FIRST = (2**16, 2**16)
"""The tile at 0, 0: column and row."""


def over(columns: int, rows: int) -> QgsRectangle:
    """The extent of so many tiles to the right of and below `FIRST`."""
    return QgsRectangle(0, -rows * SIDE * PIXEL, columns * SIDE * PIXEL, 0)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def export(layer: QgsRasterLayer, extent: QgsRectangle, resolution: float = PIXEL, **asked):
    return source_of(layer, rectangle(extent, layer.crs()), resolution=resolution, **asked)


class Reader:
    """Stands where the engine is and reads what it is given."""

    installed = running = True

    def __init__(self) -> None:
        self.source, self.facts, self.stamp = None, None, None

    def ask(self, method, params, progress, cancelled):
        self.source = params["source"]
        status = Path(self.source["path"]).stat()
        self.stamp = self.source["path"], status.st_size, status.st_mtime_ns
        raster = gdal.Open(self.source["path"])
        self.facts = raster.GetGeoTransform(), raster.GetSpatialRef(), raster.ReadAsArray()
        return "done"


def run(source, reader: Reader | None = None) -> tuple[Reader, list]:
    """Runs the task that exports a source; what it told at its end."""
    reader, told = reader or Reader(), []
    task = EngineTask("test", reader, "segment", {"source": source})
    task.answered.connect(lambda _: told.append("answered"))
    task.failed.connect(told.append)
    task.stopped.connect(lambda: told.append("stopped"))
    QgsApplication.taskManager().addTask(task)
    until(lambda: told)
    return reader, told


# -- tiles ---------------------------------------------------------------------------------------


def test_every_pixel_of_the_export_lies_where_its_tile_lies(tiles, temporary: Path) -> None:
    reader, told = run(export(tiles, over(3, 2)))
    assert told == ["answered"]
    (left, across, _, top, _, down), crs, pixels = reader.facts
    assert crs.GetAuthorityCode(None) == "3857"
    assert pixels.shape[0] == 3
    wrong = 0
    for row in range(3, pixels.shape[1], 37):
        for col in range(3, pixels.shape[2], 37):
            x = (left + (col + 0.5) * across) / PIXEL
            y = -(top + (row + 0.5) * down) / PIXEL
            red, green, blue = map(int, pixels[:, row, col])
            apart = max(abs(red - x % SIDE), abs(green - y % SIDE))
            near_an_edge = min(x % SIDE, y % SIDE, -x % SIDE, -y % SIDE) < 3
            tile = tile_colour(FIRST[0] + int(x // SIDE), FIRST[1] + int(y // SIDE))
            wrong += not near_an_edge and (apart > 1.5 or blue != tile)
    assert wrong == 0


def test_the_export_has_the_resolution_asked_for_and_covers_the_extent(tiles) -> None:
    source = export(tiles, over(1, 1), 2.5)
    reader, _ = run(source)
    (left, across, _, top, _, down), _, pixels = reader.facts
    assert across == -down == pytest.approx(2.5, rel=0.01)
    assert (left, top) == (0, 0)
    assert left + pixels.shape[2] * across >= SIDE * PIXEL - 0.01 * 2.5
    assert top + pixels.shape[1] * down <= -SIDE * PIXEL + 0.01 * 2.5
    assert reader.source["resolution"] is None
    assert reader.source["name"] == "tiles"


def test_metres_are_metres_on_the_ground(tiles) -> None:
    north = QgsRectangle(0, 8399737, 1000, 8400737)  # at 60 degrees a unit is half a metre
    pixels = export(tiles, north, 1.0).pixels
    assert pixels.width == pytest.approx(501, abs=3)
    assert pixels.height == pytest.approx(501, abs=3)


def test_degrees_become_square_metres_in_the_engine(
    server: TileServer, project: QgsProject
) -> None:
    layer = QgsRasterLayer(server.uri, "tiles", "wms")
    layer.setCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    source = export(layer, QgsRectangle(10, 60, 10.01, 60.01), 2.0)
    assert source.params["resolution"] == 2.0
    assert source.pixels.extent.width() / source.pixels.width == pytest.approx(
        source.pixels.extent.height() / source.pixels.height
    )
    assert source.pixels.height == pytest.approx(0.01 * 111_400 / 2.0, abs=3)


def test_the_temporary_file_is_gone_afterwards(tiles, temporary: Path) -> None:
    reader, _ = run(export(tiles, over(1, 1)))
    assert temporary in Path(reader.source["path"]).parents
    assert list(temporary.iterdir()) == []


def test_the_next_expression_asks_the_server_for_no_tile_again(tiles, server: TileServer) -> None:
    first, _ = run(export(tiles, over(3, 2)))
    asked = len(server.asked)
    assert asked >= 6
    second, _ = run(export(tiles, over(3, 2)))
    assert len(server.asked) == asked
    assert (first.facts[2] == second.facts[2]).all()


@pytest.mark.parametrize("ratio", [1, 0.7, 0.93, 1.21])
def test_the_same_picture_comes_of_the_same_tiles_in_whatever_order_they_arrive(
    project: QgsProject, ratio: float
) -> None:
    extent = QgsRectangle(100.3, -1900.7, 2000.9, -50.2)
    pictures, stamps = [], []
    for seed in range(3):
        server = TileServer()  # under an address of its own, so that QGIS has no tile at hand
        server.chance = random.Random(seed)
        with serving(server):
            layer = QgsRasterLayer(server.uri, "tiles", "wms")
            first, _ = run(export(layer, extent, ratio * PIXEL))
            # Tiles of another view, which QGIS has at hand from then on.
            run(export(layer, over(2, 2), 4 * PIXEL))
            again, _ = run(export(layer, extent, ratio * PIXEL))
        pictures += [first.facts[2], again.facts[2]]
        stamps += [first.stamp, again.stamp]
    assert all((picture == pictures[0]).all() for picture in pictures)
    assert len(set(stamps)) == 1


def test_another_picture_is_known_by_another_name(tiles) -> None:
    stamps = {run(export(tiles, over(1, 1), side * PIXEL))[0].stamp for side in (1, 1.5)}
    stamps.add(run(export(tiles, QgsRectangle(SIDE * PIXEL, 0, 2 * SIDE * PIXEL, 99)))[0].stamp)
    assert len({path for path, _, _ in stamps}) == 3


def test_two_exports_of_the_same_at_the_same_time_have_files_of_their_own(
    tiles, temporary: Path
) -> None:
    done = []

    def both() -> None:
        feedback = QgsRasterBlockFeedback()
        with export(tiles, over(1, 1)).exported(feedback, lambda *_: None) as first:
            with export(tiles, over(1, 1)).exported(feedback, lambda *_: None) as second:
                done.append((first["path"], second["path"]))
            done.append(gdal.Open(first["path"]).ReadAsArray())

    both()
    assert done[0][0] != done[0][1]
    assert done[1].any()
    assert list(temporary.iterdir()) == []


def test_what_an_ended_process_left_is_not_in_the_way(tiles, temporary: Path) -> None:
    reader, _ = run(export(tiles, over(1, 1)))
    left = Path(reader.source["path"])
    left.parent.mkdir()
    left.write_bytes(b"half a file")
    again, told = run(export(tiles, over(1, 1)))
    assert told == ["answered"]
    assert again.stamp == reader.stamp
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("fault", ["404", "500", "blank", "page", "torn"])
def test_a_missing_tile_is_a_refusal(
    tiles, server: TileServer, temporary: Path, fault: str
) -> None:
    server.faults[(FIRST[0] + 1, FIRST[1] + 1)] = fault
    reader, told = run(export(tiles, over(3, 2)))
    assert reader.source is None
    assert "“tiles” could not be fetched whole" in told[0]
    assert list(temporary.iterdir()) == []


def test_a_missing_tile_beside_the_polygon_does_not_matter(tiles, server: TileServer) -> None:
    far = (FIRST[0] + 9, FIRST[1])
    server.faults[far] = "404"
    triangle = rectangle(over(1, 1), MERCATOR)
    left, right = over(1, 1), over(10, 10)
    corner = QgsRectangle(
        right.xMaximum() - 9, right.yMinimum(), right.xMaximum(), right.yMinimum() + 9
    )
    triangle.geometry.addPartGeometry(rectangle(corner, MERCATOR).geometry)
    assert left.xMaximum() < corner.xMinimum()
    _, told = run(source_of(tiles, triangle, resolution=PIXEL))
    assert told == ["answered"]


def test_a_server_that_never_answers_is_a_refusal(tiles, server: TileServer) -> None:
    server.faults[FIRST] = "slow"
    before = QgsNetworkAccessManager.timeout()
    QgsNetworkAccessManager.setTimeout(300)
    try:
        reader, told = run(export(tiles, over(1, 1)))
    finally:
        QgsNetworkAccessManager.setTimeout(before)
    assert reader.source is None
    assert "could not be fetched whole" in told[0]


def test_cancel_reaches_an_export_that_waits(tiles, server: TileServer, temporary: Path) -> None:
    server.faults[FIRST] = "slow"
    reader, told = Reader(), []
    task = EngineTask("test", reader, "segment", {"source": export(tiles, over(2, 2))})
    for name in ("answered", "failed"):
        getattr(task, name).connect(told.append)
    task.stopped.connect(lambda: told.append("stopped"))
    QgsApplication.taskManager().addTask(task)
    until(server.waiting.is_set)
    task.cancel()
    until(lambda: told)  # while the server still keeps silent
    assert not server.go_on.is_set()
    assert told == ["stopped"]
    assert reader.source is None
    assert list(temporary.iterdir()) == []


def test_too_many_pixels_are_refused_with_what_to_do(tiles) -> None:
    with pytest.raises(Refusal, match=r"“tiles”.*pixels, too many.*coarser"):
        source_of(tiles)


def test_the_layer_may_be_removed_meanwhile(tiles, project: QgsProject) -> None:
    source = export(tiles, over(1, 1))
    project.removeMapLayer(tiles)
    _, told = run(source)
    assert told == ["answered"]


# -- maps ----------------------------------------------------------------------------------------


@pytest.fixture
def maps() -> Iterator[MapServer]:
    server = MapServer()
    with serving(server):
        yield server


@pytest.mark.parametrize("crs", CELLS)
def test_every_pixel_of_a_map_lies_where_the_server_put_it(
    maps: MapServer, project: QgsProject, crs: str
) -> None:
    layer = QgsRasterLayer(maps.map_uri(crs), "maps", "wms")
    reader, told = run(source_of(layer, resolution=1.0))
    assert told == ["answered"]
    (left, across, _, top, _, down), found, pixels = reader.facts
    assert f"EPSG:{found.GetAuthorityCode(None)}" == crs
    west, south, east, north = BOUNDS[crs]
    assert (left, top) == pytest.approx((west, north))
    assert left + pixels.shape[2] * across == pytest.approx(east, abs=across)
    assert top + pixels.shape[1] * down == pytest.approx(south, abs=-down)
    assert pixels.shape[2] > CHUNK  # more than one map is put together
    x = left + (np.arange(pixels.shape[2]) + 0.5) * across
    y = top + (np.arange(pixels.shape[1]) + 0.5) * down
    inside = np.abs((x - west) / CELLS[crs] % 1 - 0.5) < 0.45
    within = np.abs((north - y) / CELLS[crs] % 1 - 0.5) < 0.45
    expected = colours(crs, *np.meshgrid(x[inside], y[within]))
    assert (np.moveaxis(pixels, 0, -1)[within][:, inside] == expected).all()


@pytest.mark.parametrize("fault", ["exception", "500", "page", "blank"])
def test_a_map_that_is_refused_is_a_refusal(
    maps: MapServer, project: QgsProject, temporary: Path, fault: str
) -> None:
    maps.fault, maps.good = fault, 1
    layer = QgsRasterLayer(maps.map_uri("EPSG:32617"), "maps", "wms")
    reader, told = run(source_of(layer, resolution=1.0))
    assert reader.source is None
    assert len(maps.asked) > 1
    assert "“maps” could not be fetched whole" in told[0]
    assert list(temporary.iterdir()) == []


def test_a_coverage_keeps_its_values_and_its_place(maps: MapServer, project: QgsProject) -> None:
    layer = QgsRasterLayer(maps.coverage_uri, "coverage", "wcs")
    west, _, _, north = BOUNDS["EPSG:32617"]
    part = QgsRectangle(west + 100, north - 300, west + 1300, north - 20)
    reader, told = run(source_of(layer, rectangle(part, layer.crs())))
    assert told == ["answered"]
    transform, crs, pixels = reader.facts
    assert transform == (west + 100, 1, 0, north - 20, 0, -1)
    assert crs.GetAuthorityCode(None) == "32617"
    assert pixels.dtype == "uint16"
    x, y = np.meshgrid(west + 100.5 + np.arange(1200), north - 20.5 - np.arange(280))
    assert (np.moveaxis(pixels, 0, -1) == colours("EPSG:32617", x, y)).all()


@pytest.mark.parametrize("fault", ["exception", "500", "page"])
@pytest.mark.parametrize("good", [0, 1])
def test_a_coverage_that_is_refused_is_a_refusal(
    maps: MapServer, project: QgsProject, temporary: Path, fault: str, good: int
) -> None:
    layer = QgsRasterLayer(maps.coverage_uri, "coverage", "wcs")
    maps.fault, maps.good = fault, len(maps.asked) + good
    reader, told = run(source_of(layer))
    assert reader.source is None
    assert "“coverage” could not be fetched whole: the server gave nothing but zeros" in told[0]
    assert list(temporary.iterdir()) == []


# -- layers with pixels of their own -------------------------------------------------------------


@pytest.fixture
def in_memory(project: QgsProject, tmp_path: Path) -> Iterator[QgsRasterLayer]:
    path = write_raster(tmp_path / "scene.tif", bands=4)
    raster = gdal.Open(str(path), gdal.GA_Update)
    values = raster.ReadAsArray().astype("uint16")
    values[:] = [[[b * 5000 + 64 * r + c for c in range(64)] for r in range(64)] for b in range(4)]
    memory = gdal.GetDriverByName("GTiff").Create("/vsimem/m.tif", 64, 64, 4, gdal.GDT_UInt16)
    memory.SetGeoTransform(raster.GetGeoTransform())
    memory.SetProjection(raster.GetProjection())
    memory.WriteArray(values)
    memory.GetRasterBand(1).SetNoDataValue(7)
    memory = None
    yield QgsRasterLayer("/vsimem/m.tif", "memory")
    gdal.Unlink("/vsimem/m.tif")


def test_own_pixels_are_copied_exactly(in_memory: QgsRasterLayer) -> None:
    part = QgsRectangle(500004, 2999980, 500020.2, 2999990)
    source = source_of(in_memory, rectangle(part, in_memory.crs()), [4, 2, 1], 1.0)
    reader, told = run(source)
    assert told == ["answered"]
    transform, crs, pixels = reader.facts
    assert transform == (500004, 0.5, 0, 2999990, 0, -0.5)
    assert crs.GetAuthorityCode(None) == "32617"
    expected = gdal.Open("/vsimem/m.tif").ReadAsArray()[[3, 1, 0], 20:40, 8:41]
    assert pixels.dtype == "uint16"
    assert (pixels == expected).all()
    assert reader.source["resolution"] == 1.0


def test_options_of_the_layer_are_applied(project: QgsProject, tmp_path: Path) -> None:
    path = write_raster(tmp_path / "levels.tif", size=64)
    raster = gdal.Open(str(path), gdal.GA_Update)
    raster.BuildOverviews("NEAREST", [2])
    raster = None
    layer = QgsRasterLayer(f"{path}|option:OVERVIEW_LEVEL=0", "coarse")
    source = source_of(layer)
    assert isinstance(source, Export)
    reader, _ = run(source)
    assert reader.facts[2].shape == (3, 32, 32)
    assert reader.facts[0] == (500000, 1, 0, 3000000, 0, -1)


def test_a_colour_table_in_memory_is_to_be_exported_by_hand(
    project: QgsProject, tmp_path: Path
) -> None:
    table = gdal.ColorTable()
    table.SetColorEntry(40, (200, 10, 10, 255))
    raster = gdal.Open(str(write_raster(tmp_path / "classes.tif", bands=1)), gdal.GA_Update)
    raster.GetRasterBand(1).SetColorTable(table)
    gdal.GetDriverByName("GTiff").CreateCopy("/vsimem/classes.tif", raster)
    with pytest.raises(Refusal, match=r"“classes”.*colour table.*Export"):
        source_of(QgsRasterLayer("/vsimem/classes.tif", "classes"))
    gdal.Unlink("/vsimem/classes.tif")


def test_natural_colours_and_opacity_come_along(project: QgsProject, tmp_path: Path) -> None:
    path = write_raster(tmp_path / "bgra.tif", bands=4)
    raster = gdal.Open(str(path), gdal.GA_Update)
    raster.BuildOverviews("NEAREST", [2])
    meanings = (gdal.GCI_BlueBand, gdal.GCI_GreenBand, gdal.GCI_RedBand, gdal.GCI_AlphaBand)
    for band, means in enumerate(meanings, start=1):
        raster.GetRasterBand(band).SetColorInterpretation(means)
    raster = None
    told: list[int] = []

    class Opacity(Reader):
        def ask(self, method, params, progress, cancelled):
            raster = gdal.Open(params["source"]["path"])
            told.append(raster.GetRasterBand(4).GetColorInterpretation())
            return super().ask(method, params, progress, cancelled)

    layer = QgsRasterLayer(f"{path}|option:OVERVIEW_LEVEL=0", "bgra")
    reader, _ = run(source_of(layer), Opacity())
    assert reader.facts[2][:, 0, 0].tolist() == [120, 80, 40, 160]
    assert told == [gdal.GCI_AlphaBand]


# -- through the house ---------------------------------------------------------------------------


def test_the_real_engine_segments_tiles(tiles, engine, tmp_path: Path) -> None:
    export_ = export(tiles, over(1, 1))
    with export_.exported(QgsRasterBlockFeedback(), lambda *_: None) as source:
        params = {"source": source, "expression": "storage tank", "model": "rsrefseg2-compact"}
        result = engine.ask("segment", {**params, "out": str(tmp_path)}, print, lambda: False)
    assert result["source"] == "tiles"
    assert result["resolution"] == pytest.approx(PIXEL, rel=0.01)
    mask = gdal.Open(result["mask"])
    assert mask.GetGeoTransform()[0] == 0


def test_a_cancelled_run_over_tiles_goes_on_where_it_was(tiles, engine, tmp_path: Path) -> None:
    params = {"expression": "storage tank", "model": "rsrefseg2-compact"}
    params["out"] = str(tmp_path)

    def segment(until_window: int) -> list[int]:
        """The windows that were looked at, up to one."""
        done: list[int] = []

        def listen(news: dict) -> None:
            if news["message"].startswith("Window "):
                done.append(news["done"])

        export_ = export(tiles, over(2, 12))
        with export_.exported(QgsRasterBlockFeedback(), lambda *_: None) as source:
            asked = {**params, "source": source}
            engine.ask("segment", asked, listen, lambda: bool(done) and done[-1] >= until_window)
        return done

    with pytest.raises(EngineFailure, match="Cancelled"):
        segment(until_window=3)
    assert segment(until_window=10**6)[0] > 1
