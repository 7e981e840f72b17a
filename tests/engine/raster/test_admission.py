"""What would hang, fill the memory or run code is refused: each within 30 s and 1 GB."""

from __future__ import annotations

import os
import socket
import zipfile

import numpy as np
import pytest
import rasterio
from affine import Affine

from engine.errors import RasterError
from engine.files import boundary
from engine.raster import admission
from engine.raster.source import Source, open_source
from tests.engine.raster.confined import PROGRAM, SECONDS, outcomes

pytest.importorskip("resource", reason="needs limits on a process")
if not hasattr(os, "mkfifo"):
    pytest.skip("needs named pipes", allow_module_level=True)

PLACE = {"crs": "EPSG:32633", "transform": Affine(1, 0, 5e5, 0, -1, 5e6)}


@pytest.fixture
def claim(tmp_path):
    """Makes tiny files that claim to be large."""

    def make(width, height, name="claim.tif", **profile):
        settings = {"driver": "GTiff", "count": 1, "dtype": "uint8", "compress": "deflate"}
        with rasterio.open(
            tmp_path / name, "w", width=width, height=height, sparse_ok=True, bigtiff="YES",
            **PLACE, **{**settings, **profile},
        ):  # fmt: skip
            pass
        return tmp_path / name

    return make


def vrt(path, bands, side=64):
    path.write_text(f'<VRTDataset rasterXSize="{side}" rasterYSize="{side}">{bands}</VRTDataset>')
    return path


def of(source, side=64):
    rectangle = f'xOff="0" yOff="0" xSize="{side}" ySize="{side}"'
    return (
        f'<VRTRasterBand dataType="Byte" band="1"><SimpleSource><SourceFilename>{source}'
        f"</SourceFilename><SourceBand>1</SourceBand><SrcRect {rectangle}/><DstRect {rectangle}/>"
        "</SimpleSource></VRTRasterBand>"
    )


def outcome(path):
    return outcomes([path])[str(path)]


def tiled(side):
    return {"tiled": True, "blockxsize": side, "blockysize": side}


@pytest.mark.parametrize(
    ("size", "profile"),
    [((10**6, 10**6), {}), ((2**21, 1), {}), ((2 * 10**6, 2 * 10**6), tiled(8192))],
    ids=["square", "wide", "tiled"],
)
def test_more_pixels_than_one_run_may_have_are_refused_with_advice(claim, size, profile):
    assert "too many for one run. Choose a smaller extent" in outcome(claim(*size, **profile))


def test_a_part_of_a_vast_raster_is_read(claim):
    path = str(claim(10**6, 10**6, **tiled(512)))
    with open_source(Source(path, extent=(5e5, 4_999_900, 500_100, 5e6))) as raster:
        assert (raster.grid.width, raster.grid.height) == (100, 100)


def test_large_blocks_of_large_numbers_are_sampled_in_time(claim):
    path = claim(300_000, 300_000, dtype="uint16", **tiled(8192))
    with rasterio.open(path, "r+") as dataset:
        for place in (0, 299_900):
            window = rasterio.windows.Window(place, place, 64, 64)
            dataset.write(np.full((1, 64, 64), 500, np.uint16), window=window)
    assert outcome(path) == "read"


def test_a_vast_raster_that_looks_empty_is_refused_rather_than_searched(claim):
    path = claim(200_000, 200_000, dtype="float32", nodata=0, **tiled(1024))
    assert "Build Overviews" in outcome(path)


def test_blocks_that_fill_the_memory_are_refused_inside_a_virtual_raster_too(claim, tmp_path):
    part = claim(2**15, 2**15, **tiled(2**15))
    assert "TILED=YES" in outcome(part)
    text = outcome(vrt(tmp_path / "over.vrt", of(part, 2**15), 2**15))
    assert "TILED=YES" in text
    assert str(part) in text


def test_sixty_thousand_bands_are_read(claim):
    assert outcome(claim(8, 8, count=60_000, compress=None)) == "read"


@pytest.mark.parametrize("name", ["pipe.tif", "scene.tif.aux.xml", "scene.tif.ovr"])
def test_pipes_are_refused_instead_of_waited_for(make_raster, numbered, tmp_path, name):
    path = make_raster(numbered, name="scene.tif")
    os.mkfifo(tmp_path / name)
    text = outcome(tmp_path / name if name == "pipe.tif" else path)
    assert "a pipe or a device" in text
    assert name in text


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full"])
def test_devices_are_refused(device, tmp_path):
    assert "device" in outcome(device)
    raw = (
        '<VRTRasterBand dataType="Byte" band="1" subClass="VRTRawRasterBand">'
        f'<SourceFilename relativetoVRT="0">{device}</SourceFilename></VRTRasterBand>'
    )
    assert "device" in outcome(vrt(tmp_path / "raw.vrt", raw))


def test_virtual_rasters_that_contain_themselves_are_refused(tmp_path):
    one, other = tmp_path / "one.vrt", tmp_path / "other.vrt"
    vrt(one, of(other))
    vrt(other, of(one))
    vrt(tmp_path / "itself.vrt", of(tmp_path / "itself.vrt"))
    found = outcomes([one, other, tmp_path / "itself.vrt"])
    assert all("cannot be read" in text for text in found.values())


def test_python_in_a_virtual_raster_does_not_run(make_raster, numbered, tmp_path):
    code = f"def f(*a, **k): open({str(tmp_path / 'ran')!r}, 'w')"
    bands = (
        '<VRTRasterBand dataType="Byte" band="1" subClass="VRTDerivedRasterBand">'
        "<PixelFunctionType>f</PixelFunctionType><PixelFunctionLanguage>Python"
        f"</PixelFunctionLanguage><PixelFunctionCode><![CDATA[{code}]]></PixelFunctionCode>"
        f"<SimpleSource><SourceFilename>{make_raster(numbered)}</SourceFilename></SimpleSource>"
        "</VRTRasterBand>"
    )
    assert "cannot be read" in outcome(vrt(tmp_path / "code.vrt", bands))
    assert not (tmp_path / "ran").exists()


def test_a_virtual_raster_over_what_is_no_raster_names_the_part(tmp_path):
    (tmp_path / "notes.txt").write_text("no raster")
    text = outcome(vrt(tmp_path / "over.vrt", of(tmp_path / "notes.txt")))
    assert "over.vrt cannot be read" in text
    assert "notes.txt" in text


def test_rasters_in_archives_are_read_up_to_a_size(make_raster, numbered, tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(make_raster(numbered), "small.tif")
    source = Source(f"/vsizip/{tmp_path}/all.zip/small.tif")
    with open_source(source) as raster:
        assert raster.grid.width == 50
    monkeypatch.setattr(admission, "PACKED_BYTES", 60 * 50 * 3 - 1)
    with pytest.raises(RasterError, match="Unpack it first"), open_source(source):
        pass


def test_a_server_that_never_answers_is_an_error(monkeypatch):
    monkeypatch.setitem(boundary.SETTINGS, "GDAL_HTTP_TIMEOUT", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"/vsicurl/http://127.0.0.1:{silent.getsockname()[1]}/scene.tif"
        with pytest.raises(RasterError, match="cannot be read"), open_source(Source(url)):
            pass


@pytest.mark.parametrize("beside", [".aux.xml", ".ovr", ".msk"])
def test_nonsense_beside_a_raster_does_not_spoil_it(make_raster, numbered, tmp_path, beside):
    path = make_raster(numbered)
    nonsense = "<PAMDataset><SRS>?</SRS><PAMRasterBand band='99'><NoDataValue>x</NoDataValue>"
    (tmp_path / f"raster.tif{beside}").write_text(nonsense)
    assert outcome(path) == "read"


@pytest.mark.parametrize("name", ["ünïcödé 中文.tif", "a" * 240 + ".tif", "sp ace'\"%20&.tif"])
def test_odd_names_are_read(make_raster, numbered, name):
    assert outcome(make_raster(numbered, name=name)) == "read"


def test_a_folder_is_no_raster(tmp_path):
    assert "cannot be read" in outcome(tmp_path)


def test_the_guard_itself_notices_what_goes_wrong(make_raster, numbered, monkeypatch):
    path = make_raster(numbered)
    for fault, sign, seconds in (
        ("import time; time.sleep(600)", "died of -14", 1),
        ("bytearray(2**30)", "CRASH MemoryError", SECONDS),
        ("raise ValueError", "CRASH ValueError", SECONDS),
        ("leak.append(open(path, 'rb'))", "leaked", SECONDS),
    ):
        opening = "    with open_source"
        program = "leak = []\n" + PROGRAM.replace(opening, f"    {fault}\n{opening}")
        monkeypatch.setattr("tests.engine.raster.confined.PROGRAM", program)
        monkeypatch.setattr("tests.engine.raster.confined.SECONDS", seconds)
        with pytest.raises(AssertionError, match=sign):
            outcomes([path])
