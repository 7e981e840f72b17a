"""Names of files are whatever a disk takes: bytes that are no UTF-8, bars, blanks, brackets."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from engine.errors import EngineError, OutputError, RasterError
from engine.files.boundary import make_folder
from engine.files.names import readable
from engine.raster.source import Source, open_source
from engine.raster.window import Window

NAMES = (
    b"caf\xe9.tif",
    b"\xff\xfe.tif",
    b"d\xe9/scene.tif",
    b"d\xe9/caf\xe9.tif",
    b"a|b.tif",
    b"a|layername=b.tif",
    b"d|e/a.tif",
    b"a b.tif",
    b"[a]*?.tif",
    "größte Fläche.tif".encode(),
)


@pytest.fixture(params=NAMES, ids=[os.fsdecode(name).encode("ascii", "replace") for name in NAMES])
def named(request, tmp_path: Path, make_raster, numbered) -> Path:
    """A raster of that name."""
    path = tmp_path / os.fsdecode(request.param)
    try:
        path.parent.mkdir(exist_ok=True)
        Path(make_raster(numbered)).rename(path)
    except OSError:
        pytest.skip("the disk does not take this name")
    return path


def test_a_raster_of_any_name_is_read(named: Path, numbered) -> None:
    with open_source(Source(str(named))) as raster:
        assert (raster.read(Window(0, 0, 60, 50)).pixels == numbered).all()


def test_what_lies_beside_a_raster_of_any_name_counts(named: Path, numbered) -> None:
    with rasterio.MemoryFile() as memory:
        with memory.open(driver="PNG", width=50, height=60, count=3, dtype="uint8",
                         transform=Affine(7, 0, 7, 0, -7, 7)) as plain:  # fmt: skip
            plain.write(numbered)
        named.with_suffix(".png").write_bytes(memory.read())
    named.with_suffix(".pgw").write_text("2\n0\n0\n-2\n500001\n4999999\n")
    with open_source(Source(str(named.with_suffix(".png")))) as raster:
        assert raster.grid.transform == Affine(2, 0, 500_000, 0, -2, 5_000_000)


def test_errors_name_the_file_and_can_be_written(named: Path) -> None:
    whole = named.read_bytes()
    for content in (whole[:200], whole[: len(whole) // 2]):
        named.write_bytes(content)
        with pytest.raises(EngineError) as failed, open_source(Source(str(named))) as raster:
            raster.read(Window(0, 0, 60, 50))
        assert readable(named) in str(failed.value)
        str(failed.value).encode("utf-8")


def test_nothing_is_left_of_the_other_names(named: Path, tmp_path: Path, monkeypatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with open_source(Source(str(named))):
        pass
    assert list(temporary.iterdir()) == []


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.tif")
    with pytest.raises(RasterError, match="Rename it"), open_source(Source(str(path))):
        pass


@pytest.mark.parametrize("path", ["/vsizip/caf\udce9.zip/a.tif", "\ud800.tif", "a\ud800/b.tif"])
def test_a_name_of_no_file_is_refused(path: str) -> None:
    with pytest.raises(EngineError) as failed, open_source(Source(path)):
        pass
    str(failed.value).encode("utf-8")


def test_a_folder_for_results_has_a_name_that_all_programs_take(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="not UTF-8"):
        make_folder(tmp_path / os.fsdecode(b"caf\xe9"))


def test_parts_of_other_names_are_refused_in_words(tmp_path: Path, make_raster) -> None:
    Path(make_raster(np.ones((1, 4, 4), np.uint8))).rename(tmp_path / os.fsdecode(b"caf\xe9.tif"))
    path = tmp_path / "parts.vrt"
    path.write_bytes(
        b'<VRTDataset rasterXSize="4" rasterYSize="4"><VRTRasterBand dataType="Byte" band="1">'
        b'<SimpleSource><SourceFilename relativeToVRT="1">caf\xe9.tif</SourceFilename>'
        b"</SimpleSource></VRTRasterBand></VRTDataset>"
    )
    with (
        pytest.raises(RasterError, match="parts whose names are not UTF-8"),
        open_source(Source(str(path))),
    ):
        pass
