"""Files take the place of others whole, with all that belongs to them, and wait for no ghost."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import OutputError
from engine.files import placing
from engine.files.atomic import replacing
from engine.files.placing import kept, sidecars

OWN = ("m.tif.aux.xml", "m.tif.ovr", "m.tif.msk", "m.tif.msk.ovr", "m.tif.ovr.aux.xml", "m.tfw")
ALONE = ("m.wld", "m.prj")
OTHERS = ("m.qml", "mm.tif.ovr", "m.tif.txt", "n.tfw", "m.tiff.ovr")


def fill(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_text(f"old {name}")


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def write_with_sidecar(path: Path) -> None:
    with replacing(path) as partial:
        partial.write_text("new")
        partial.with_name(f"{path.name}.aux.xml").write_text("its own")


def test_sidecars_are_what_means_nothing_without_the_file(tmp_path: Path) -> None:
    fill(tmp_path, "m.tif", *OWN, *ALONE)
    assert {path.name for path in sidecars(tmp_path / "m.tif")} == {*OWN, *ALONE}
    fill(tmp_path, *OTHERS)
    # They may be those of another file of that name, as a shapefile's .prj.
    assert {path.name for path in sidecars(tmp_path / "m.tif")} == set(OWN)


@pytest.mark.parametrize("other", ["m.tiff", "m.TIF"])
def test_a_world_file_that_another_raster_may_need_stays(tmp_path: Path, other: str) -> None:
    fill(tmp_path, other, "m.tfw")
    write_with_sidecar(tmp_path / "m.tif")
    assert texts(tmp_path)["m.tfw"] == "old m.tfw"
    (tmp_path / other).unlink()
    write_with_sidecar(tmp_path / "m.tif")
    assert "m.tfw" not in texts(tmp_path)


def test_sidecars_go_with_their_file_and_come_with_theirs(tmp_path: Path) -> None:
    fill(tmp_path, "m.tif", *OWN, *OTHERS)
    write_with_sidecar(tmp_path / "m.tif")
    others = {name: f"old {name}" for name in OTHERS}
    assert texts(tmp_path) == {"m.tif": "new", "m.tif.aux.xml": "its own", **others}


def test_a_pipe_or_a_device_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "mask.tif"
    os.mkfifo(path)
    with pytest.raises(OutputError, match="pipe or a device"), replacing(path) as written:
        written.write_text("new")
    assert path.is_fifo()
    assert [each.name for each in tmp_path.iterdir()] == ["mask.tif"]


@pytest.mark.parametrize("step", range(1 + len(OWN) + 1))
def test_what_fails_on_the_way_leaves_all_as_it_was(
    tmp_path: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "m.tif", *OWN)
    before, moves = texts(tmp_path), []

    def failing(old: Path, new: Path) -> None:
        moves.append(old)
        if len(moves) == step + 1:
            raise PermissionError(13, "Permission denied")
        os.rename(old, new)

    monkeypatch.setattr(placing.os, "replace", failing)
    with pytest.raises(OutputError, match=r"m\.tif cannot be replaced: Permission denied"):
        write_with_sidecar(tmp_path / "m.tif")
    assert texts(tmp_path) == before


def test_an_error_names_the_file_and_no_temporary_one(tmp_path: Path) -> None:
    path = tmp_path / "m.tif"
    with pytest.raises(OutputError) as told, replacing(path) as one, replacing(one) as other:
        raise OutputError(f"{other} cannot be written")
    assert str(told.value) == f"{path} cannot be written"


@pytest.mark.parametrize("same", [True, False])
def test_a_sidecar_of_another_file_is_not_replaced_by_other_words(
    tmp_path: Path, same: bool
) -> None:
    fill(tmp_path, "m.asc", "m.prj", "m.shp")
    before = texts(tmp_path)

    def write() -> None:
        with replacing(tmp_path / "m.asc") as partial:
            partial.write_text("new")
            partial.with_name("m.prj").write_text("old m.prj" if same else "another CRS")

    if same:
        write()
        before["m.asc"] = "new"
    else:
        with pytest.raises(OutputError, match=r"m\.prj beside it is another file's"):
            write()
    assert texts(tmp_path) == before


@pytest.mark.parametrize("links", [True, False])
def test_what_is_kept_keeps_its_sidecars_and_never_takes_a_name(
    tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not links:
        monkeypatch.setattr(placing.os, "link", _no_links)
    fill(tmp_path, "m.tif", "m.tif.ovr", "m.tfw", "m-kept.tif")
    before = texts(tmp_path)
    with kept(tmp_path / "m.tif") as copy, replacing(tmp_path / "m.tif") as partial:
        partial.write_text("new")
    assert copy == tmp_path / "m-kept-2.tif"
    assert texts(tmp_path) == {
        "m.tif": "new",
        "m-kept.tif": before["m-kept.tif"],
        "m-kept-2.tif": before["m.tif"],
        "m-kept-2.tif.ovr": before["m.tif.ovr"],
        "m-kept-2.tfw": before["m.tfw"],
    }


def test_what_is_not_replaced_after_all_keeps_its_one_name(tmp_path: Path) -> None:
    fill(tmp_path, "m.tif", "m.tif.ovr")
    before = texts(tmp_path)
    with pytest.raises(OSError, match="full"), kept(tmp_path / "m.tif"):
        raise OSError("full")
    assert texts(tmp_path) == before


def _no_links(*_: object) -> None:
    raise OSError("no links here")


# Databases that are open, or were when their program ended

WRITER = """
import os, sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute(f"PRAGMA journal_mode={sys.argv[2]}")
database.execute("CREATE TABLE IF NOT EXISTS edits (text)")
database.execute("INSERT INTO edits VALUES ('the first')")
database.commit()
database.execute("INSERT INTO edits VALUES ('the second')")
if sys.argv[2] == "WAL":
    database.commit()
print("written", flush=True)
sys.stdin.read()
os._exit(0)
"""
MODES = ("WAL", "DELETE", "PERSIST", "TRUNCATE")


@pytest.fixture(params=MODES)
def writer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[subprocess.Popen]:
    """A process that has edited p.gpkg and not closed it."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "p.gpkg"), request.param],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        process.stdout.readline()
        yield process
        process.kill()


def test_a_database_that_a_program_has_open_is_left_alone(
    tmp_path: Path, writer: subprocess.Popen
) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    with (
        pytest.raises(OutputError, match=r"p\.gpkg is open in another program"),
        replacing(tmp_path / "p.gpkg"),
    ):
        pass
    assert writer.poll() is None
    assert {path.name for path in tmp_path.iterdir()} == before


def test_a_database_whose_program_crashed_is_completed_and_replaced(
    tmp_path: Path, writer: subprocess.Popen
) -> None:
    path = tmp_path / "p.gpkg"
    writer.kill()
    writer.wait()
    with replacing(path) as partial:
        with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as database:
            rows = [text for (text,) in database.execute("SELECT text FROM edits")]
        # Committed edits are in the file itself now, so that it can be kept.
        assert rows[0] == "the first"
        partial.write_text("new")
    assert texts(tmp_path) == {"p.gpkg": "new"}


@pytest.mark.parametrize("journal", ["-wal", "-shm", "-journal"])
@pytest.mark.parametrize("there", [True, False], ids=["damaged", "gone"])
def test_a_journal_of_nothing_does_not_block(tmp_path: Path, journal: str, there: bool) -> None:
    fill(tmp_path, f"p.gpkg{journal}", *(["p.gpkg"] if there else []))
    with replacing(tmp_path / "p.gpkg") as partial:
        partial.write_text("new")
    assert texts(tmp_path) == {"p.gpkg": "new"}
