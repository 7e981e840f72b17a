"""Results never take the place of what they are made of, or of what an analyst has edited."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
from affine import Affine
from rasterio.shutil import copy
from torch import Tensor

from engine.errors import Cancelled, OutputError, RasterError
from engine.files.outputs import FILES, UNFINISHED
from engine.raster.source import Source
from engine.segmentation.features import FeatureCache
from engine.segmentation.result import Result
from engine.segmentation.segment import rethreshold, segment
from tests.engine.painting import NORTH_UP, UTM, Graded, Oracle, Partial, painted, truth, write

ROOT = Path(__file__).resolve().parents[3]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


class Unasked(Oracle):
    """Must not be asked."""

    def encode(self, views: Tensor, resolution: float | None = None) -> list[Tensor]:
        raise AssertionError("the model was asked")


# Sources


def itself(path: Path) -> Source:
    return Source(write(path, painted(truth()), driver="GTiff"))


def geopackage(path: Path) -> Source:
    scene = write(path.with_name("scene.tif"), painted(truth()))
    copy(scene, path, driver="GPKG", RASTER_TABLE="SCENE")
    return Source(f"GPKG:{path}:SCENE")


def vrt(path: Path) -> Source:
    whole = path.with_name("scene.vrt")
    copy(write(path, painted(truth())), whole, driver="VRT")
    return Source(str(whole))


@pytest.mark.parametrize("make", [itself, geopackage, vrt])
@pytest.mark.parametrize("name", [*FILES.values(), UNFINISHED, "mask.tif.ovr", "mask.tif.aux.xml"])
def test_no_output_takes_the_place_of_a_source(
    tmp_path: Path, make: Callable[[Path], Source], name: str
) -> None:
    source = make(tmp_path / name)
    before = contents(tmp_path)
    with pytest.raises(OutputError, match=r"is read, and would be written over\. Nothing was done"):
        segment(source, "the ship", Unasked(), tmp_path)
    assert contents(tmp_path) == before
    segment(source, "the ship", Oracle(), tmp_path / "out")


@pytest.mark.parametrize("name", ["n" * 300, "/".join(["n" * 200] * 25)], ids=["name", "path"])
def test_a_folder_whose_name_is_too_long_is_refused_in_words(tmp_path: Path, name: str) -> None:
    source = itself(tmp_path / "scene.tif")
    with pytest.raises(OutputError, match="cannot be made: File name too long"):
        segment(source, "the ship", Unasked(), tmp_path / name)


def test_a_link_to_a_source_is_no_place_for_an_output(tmp_path: Path) -> None:
    source = itself(tmp_path / "scene.tif")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mask.tif").symlink_to(source.path)
    with pytest.raises(OutputError, match=r"scene\.tif, which is .*mask\.tif, is read"):
        segment(source, "the ship", Unasked(), tmp_path / "out")
    assert segment(source, "the ship", Oracle(), tmp_path / "out", outputs=("polygons",)).count


@pytest.mark.parametrize("name", [*FILES.values(), UNFINISHED])
def test_a_folder_in_the_place_of_an_output_is_refused_before_the_run(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "out" / name).mkdir(parents=True)
    with pytest.raises(OutputError, match=f"{name} is a folder"):
        segment(itself(tmp_path / "scene.tif"), "the ship", Unasked(), tmp_path / "out")


@pytest.mark.parametrize("name", ["mask.tif", "polygons.gpkg"])
def test_probabilities_are_not_replaced_by_what_is_made_of_them(tmp_path: Path, name: str) -> None:
    first = segment(itself(tmp_path / "scene.tif"), "the ship", Oracle(), tmp_path / "out")
    stored = Path(shutil.copy(first.probability, tmp_path / name))
    before = contents(tmp_path)
    with pytest.raises(OutputError, match="would be written over"):
        rethreshold(stored, tmp_path, 0.5)
    assert contents(tmp_path) == before


# Sources that change


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def replaced(path: Path) -> None:
    write(path.with_name("new.tif"), painted(~truth()))
    os.replace(path.with_name("new.tif"), path)


def edited(path: Path) -> None:
    with rasterio.open(path, "r+") as raster:
        raster.write(np.zeros((3, 10, 10), np.uint8), window=rasterio.windows.Window(0, 0, 10, 10))
    # The clocks of some disks are slower than this test.
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 10**9))


def deleted(path: Path) -> None:
    path.unlink()


TILED = {"tiled": True, "blockxsize": 16, "blockysize": 16}
CHANGES = (truncated, replaced, edited, deleted)


class Meanwhile(Partial):
    """Something happens while it looks for the `number`th time."""

    def __init__(self, happens: Callable[[], None], number: int = 9) -> None:
        super().__init__()
        self.looks, self.number, self.happens = 0, number, happens

    def decode(self, features: Sequence[Tensor], expression: str) -> Tensor:
        self.looks += 1
        if self.looks == self.number:
            self.happens()
        return super().decode(features, expression)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("number", [1, 9, 20], ids=["first", "middle", "last"])
@pytest.mark.parametrize("name", ["scene.tif", "scene.vrt"])
def test_nothing_comes_of_a_source_that_changed(
    tmp_path: Path, change: Callable[[Path], None], number: int, name: str
) -> None:
    path = Path(write(tmp_path / "scene.tif", painted(truth()), **TILED))
    copy(path, tmp_path / "scene.vrt", driver="VRT")
    source, status, content = Source(str(tmp_path / name)), path.stat(), path.read_bytes()
    out, features = tmp_path / "out", FeatureCache()
    with pytest.raises(RasterError, match=r"was changed while it was read.*Nothing was written"):
        segment(
            source,
            "the ship",
            Meanwhile(lambda: change(path), number),
            out,
            features=features,
        )
    assert contents(out) == {}

    # As it was, to the nanosecond: yet nothing that was seen meanwhile may come back.
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    again, encoded = Meanwhile(lambda: None), features.encoded
    segment(source, "the ship", again, out, features=features)
    assert (again.looks, features.encoded - encoded) == (20, 20)
    segment(source, "the ship", Partial(), tmp_path / "whole")
    assert (out / "mask.tif").read_bytes() == (tmp_path / "whole" / "mask.tif").read_bytes()


def test_a_cancelled_run_of_a_source_that_changed_is_not_gone_on_with(tmp_path: Path) -> None:
    path = Path(write(tmp_path / "scene.tif", painted(truth())))
    source, model = Source(str(path)), Meanwhile(lambda: edited(path))
    with pytest.raises(Cancelled):
        segment(source, "the ship", model, tmp_path / "out", cancelled=lambda: model.looks > 11)
    assert contents(tmp_path / "out") == {}


def test_statistics_that_a_program_keeps_beside_a_source_change_nothing(tmp_path: Path) -> None:
    path = Path(write(tmp_path / "scene.tif", painted(truth())))
    aside = Path(f"{path}.aux.xml")
    aside.write_text("<PAMDataset/>")
    model = Meanwhile(lambda: aside.write_text("<PAMDataset></PAMDataset>"))
    assert segment(Source(str(path)), "the ship", model, tmp_path / "out").count


def test_probabilities_that_change_while_they_are_read_give_nothing(tmp_path: Path) -> None:
    source = Source(write(tmp_path / "scene.tif", painted(truth())))
    first = segment(source, "the ship", Graded(), tmp_path / "first", outputs=())
    with pytest.raises(RasterError, match=r"probability\.tif was changed"):
        rethreshold(
            first.probability,
            tmp_path / "out",
            0.5,
            progress=lambda step: os.utime(first.probability, ns=(0, step.done)),
        )
    assert contents(tmp_path / "out") == {}


# What was edited


def sql(path: Path, command: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute(command)
        database.commit()


def added(result: Result) -> None:
    pyogrio.raw.write(
        result.polygons,
        geometry=pyogrio.raw.read(result.polygons)[2][:1],
        field_data=[np.array(["drawn by hand"], object)],
        fields=["expression"],
        crs=UTM,
        layer="segments",
        driver="GPKG",
        geometry_type="Polygon",
        append=True,
    )


def removed(result: Result) -> None:
    sql(result.polygons, "DELETE FROM segments WHERE fid = 2")


def column(result: Result) -> None:
    sql(result.polygons, "ALTER TABLE segments ADD COLUMN remark TEXT")


def table(result: Result) -> None:
    sql(result.polygons, "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY, styleQML TEXT)")
    sql(result.polygons, "INSERT INTO layer_styles VALUES (1, '<qgis/>')")


def strangers(result: Result) -> None:
    result.polygons.write_bytes(b"the analyst's own notes")


def crashed(result: Result) -> None:
    script = (
        "import os, sqlite3, sys\n"
        "database = sqlite3.connect(sys.argv[1])\n"
        "database.execute('PRAGMA journal_mode=WAL')\n"
        "database.execute('DELETE FROM segments WHERE fid = 2')\n"
        "database.commit()\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", script, result.polygons], check=True)
    assert Path(f"{result.polygons}-wal").stat().st_size


def painted_over(result: Result) -> None:
    with rasterio.open(result.mask, "r+") as raster:
        raster.write(np.ones((1, 5, 5), np.uint8), window=rasterio.windows.Window(0, 0, 5, 5))


EDITS = (added, removed, column, table, strangers, crashed, painted_over)


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("again", ["segment", "rethreshold"])
def test_what_was_edited_is_kept_under_another_name_and_told(
    tmp_path: Path, edit: Callable[[Result], None], again: str
) -> None:
    source, out = Source(write(tmp_path / "scene.tif", painted(truth()))), tmp_path / "out"
    first = segment(source, "the ship", Oracle(), out)
    edit(first)
    name = "mask.tif" if edit is painted_over else "polygons.gpkg"
    kept = name.replace(".", "-kept.")
    was = rows(out / name)
    if again == "segment":
        second = segment(source, "the green ship", Oracle(), out)
    else:
        second = rethreshold(first.probability, out, 0.9)
    told = [warning for warning in second.warnings if "kept as" in warning]
    assert told == [
        f"{out / name} was edited, or was not written by this version: it is kept as {kept}."
    ]
    assert rows(out / kept) == was
    assert {path.name for path in out.iterdir()} == {*FILES.values(), kept}
    # Once is enough.
    rethreshold(first.probability, out, 0.8)
    assert {path.name for path in out.iterdir()} == {*FILES.values(), kept}


OWN = ("gpkg_", "rtree_", "sqlite_")


def rows(path: Path) -> object:
    """What an analyst would miss."""
    if path.suffix == ".tif":
        with rasterio.open(path) as raster:
            return raster.read().tobytes()
    try:
        with closing(sqlite3.connect(path)) as database:
            names = "SELECT name FROM sqlite_master WHERE type = 'table'"
            tables = [name for (name,) in database.execute(names) if not name.startswith(OWN)]
            return {name: list(database.execute(f"SELECT * FROM {name}")) for name in tables}
    except sqlite3.DatabaseError:
        return path.read_bytes()


def test_what_was_only_looked_at_is_replaced(tmp_path: Path) -> None:
    source, out = Source(write(tmp_path / "scene.tif", painted(truth()))), tmp_path / "out"
    first = segment(source, "the ship", Oracle(), out)
    # As QGIS does when it shows a layer.
    with closing(sqlite3.connect(first.polygons)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("SELECT count(*) FROM segments").fetchone()
    pyogrio.raw.read(first.polygons)
    for path in (first.mask, first.probability):
        Path(f"{path}.aux.xml").write_text("<PAMDataset/>")
    second = segment(source, "the ship", Oracle(), out)
    assert second.warnings == ()
    assert {path.name for path in out.iterdir()} == set(FILES.values())


def test_an_edited_file_that_cannot_be_replaced_keeps_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.files import placing

    source, out = Source(write(tmp_path / "scene.tif", painted(truth()))), tmp_path / "out"
    removed(segment(source, "the ship", Oracle(), out))
    before = contents(out)

    def locked(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(placing.os, "replace", locked)
    with pytest.raises(OutputError, match="cannot be replaced"):
        segment(source, "the green ship", Oracle(), out)
    (out / UNFINISHED).unlink()
    assert contents(out) == before


# A CRS that a GeoTIFF cannot hold

ROTATED_POLE = (
    'GEOGCRS["Rotated_pole",BASEGEOGCRS["unknown",DATUM["unnamed",ELLIPSOID["Spheroid",6367470,'
    '594.313048347956,LENGTHUNIT["metre",1]]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",'
    '0.0174532925199433]]],DERIVINGCONVERSION["unknown",METHOD["PROJ ob_tran o_proj=longlat"],'
    'PARAMETER["o_lon_p",0,ANGLEUNIT["degree",0.0174532925199433]],PARAMETER["o_lat_p",37.5,'
    'ANGLEUNIT["degree",0.0174532925199433]],PARAMETER["lon_0",357.5,ANGLEUNIT["degree",'
    '0.0174532925199433]]],CS[ellipsoidal,2],AXIS["longitude",east,ORDER[1],ANGLEUNIT["degree",'
    '0.0174532925199433]],AXIS["latitude",north,ORDER[2],ANGLEUNIT["degree",0.0174532925199433]]]'
)


def test_a_crs_that_only_a_sidecar_can_hold_comes_along(tmp_path: Path) -> None:
    place = Affine(3e-6, 0, 1, 0, -3e-6, 2)
    source = Source(write(tmp_path / "scene.tif", painted(truth()), place, ROTATED_POLE))
    first = segment(source, "the ship", Oracle(), tmp_path / "out")
    again = rethreshold(first.probability, tmp_path / "again", 0.5)
    with rasterio.open(source.path) as scene:
        crs = scene.crs
    for path in (first.probability, first.mask, again.mask):
        with rasterio.open(path) as raster:
            assert raster.crs == crs


# A disk that is full from the beginning

FULL = """
import resource, signal, sys
from pathlib import Path
from engine.errors import OutputError
from engine.raster.source import Source
from engine.segmentation.segment import segment
from tests.engine.painting import Oracle

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    segment(Source(sys.argv[1]), "the ship", Oracle(), Path(sys.argv[2]))
except OutputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("room", [0, 1, 100])
def test_a_disk_that_is_full_before_the_first_row_is_an_error_of_ours(
    tmp_path: Path, room: int
) -> None:
    source = write(tmp_path / "scene.tif", painted(truth()), NORTH_UP, UTM)
    told = subprocess.run(
        [sys.executable, "-c", FULL, source, str(tmp_path / "out"), str(room)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "cannot be written" in told
    assert "disk has space" in told
    assert list((tmp_path / "out").iterdir()) == []
