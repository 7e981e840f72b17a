"""Which files a name of GDAL's stands on, however it is spelled."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rasterio.shutil import copy

from engine.errors import OutputError
from engine.files.atomic import check_apart
from engine.raster.origin import Origin
from tests.engine.painting import write


@pytest.fixture
def raster(tmp_path: Path) -> Path:
    return Path(write(tmp_path / "a.tif", np.zeros((3, 9, 9), np.uint8)))


VRT = """<VRTDataset rasterXSize="9" rasterYSize="9"><VRTRasterBand dataType="Byte" band="1">
<SimpleSource><SourceFilename relativeToVRT="{}">{}</SourceFilename><SourceBand>1</SourceBand>
</SimpleSource></VRTRasterBand></VRTDataset>"""


def vrt(raster: Path) -> str:
    """A VRT over a raster, in a folder of its own."""
    path = raster.parent / "over" / f"{raster.stem}.vrt"
    path.parent.mkdir()
    path.write_text(VRT.format(1, f"../{raster.name}"))
    return str(path)


def vrt_in_vrt(raster: Path) -> str:
    path = raster
    for _ in range(3):
        path = Path(vrt(path))
    return str(path)


def vrt_mask(raster: Path) -> str:
    """A VRT that only its mask leads to the raster, which GDAL does not list."""
    write(raster.with_name("b.tif"), np.zeros((3, 9, 9), np.uint8))
    path = raster.with_name("masked.vrt")
    mask = VRT.format(1, raster.name).split(">", 1)[1].replace(' band="1"', "")
    mask = mask.replace("</VRTDataset>", "")
    text = VRT.format(1, "b.tif").replace("</VRTDataset>", "")
    path.write_text(f"{text}<MaskBand>{mask}</MaskBand></VRTDataset>")
    return str(path)


def inline(raster: Path) -> str:
    return VRT.format(0, raster)


def geopackage(raster: Path) -> str:
    raster.unlink()
    copy(write(raster.with_name("b.tif"), np.zeros((3, 9, 9), np.uint8)), raster, driver="GPKG")
    return f"GPKG:{raster}:a"


def zipped(raster: Path) -> str:
    content = raster.read_bytes()
    with zipfile.ZipFile(raster, "w") as archive:
        archive.writestr("inner.tif", content)
    return f"/vsizip/{{{raster}}}/inner.tif"


def overviews(raster: Path) -> str:
    whole = write(raster.with_name("whole.tif"), np.zeros((3, 18, 18), np.uint8))
    os.link(raster, f"{whole}.ovr")
    return whole


NAMES: dict[str, Callable[[Path], str]] = {
    "itself": str,
    "VRT": vrt,
    "VRT in VRT": vrt_in_vrt,
    "mask of a VRT": vrt_mask,
    "VRT as text": inline,
    "VRT as an address": lambda raster: f"vrt://{raster}?bands=1,2,3",
    "GeoPackage": geopackage,
    "archive": zipped,
    "directory of a TIFF": lambda raster: f"GTIFF_DIR:1:{raster}",
    "subdataset": lambda raster: f"DERIVED_SUBDATASET:AMPLITUDE:{raster}",
    "part of a file": lambda raster: f"/vsisubfile/0_{raster.stat().st_size},{raster}",
    "overviews of another": overviews,
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_every_file_that_a_raster_stands_on_is_found(
    raster: Path, name: Callable[[Path], str]
) -> None:
    path = name(raster)
    found = Origin.of(path).files
    assert any(os.path.samefile(file, raster) for file in found), found
    assert len({os.path.realpath(file) for file in found}) == len(found)


def test_a_name_without_a_file_stands_on_none() -> None:
    for name in ("none.tif", "WMS:https://host/?LAYERS=a", "/vsicurl/https://host/a.tif", ":", "/"):
        assert Origin.of(name).files == ()


def symbolic(raster: Path) -> Path:
    link = raster.with_name("link.tif")
    link.symlink_to(raster)
    return link


def hard(raster: Path) -> Path:
    link = raster.with_name("link.tif")
    os.link(raster, link)
    return link


def through_a_linked_folder(raster: Path) -> Path:
    link = raster.parent / "folder"
    link.symlink_to(raster.parent, target_is_directory=True)
    return link / raster.name


SPELLINGS: dict[str, Callable[[Path], Path]] = {
    "same": Path,
    "relative": lambda raster: Path(os.path.relpath(raster)),
    "dots": lambda raster: raster.parent / ".." / raster.parent.name / "." / raster.name,
    "symbolic link": symbolic,
    "hard link": hard,
    "linked folder": through_a_linked_folder,
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("turned", [False, True], ids=["output", "input"])
def test_an_output_is_no_input_however_it_is_spelled(
    raster: Path, spelling: Callable[[Path], Path], turned: bool
) -> None:
    pair = [raster, spelling(raster)]
    output, read = reversed(pair) if turned else pair
    with pytest.raises(OutputError, match="is read, and would be written over"):
        check_apart([raster.with_name("b.tif"), output], [read])
    check_apart([raster.with_name("b.tif"), raster.with_name("A.tif")], [read])


def test_two_outputs_are_two_files(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="are one file"):
        check_apart([tmp_path / "a.md", tmp_path / "x" / ".." / "A.md"], [])


def test_an_output_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "r.json").mkdir()
    with pytest.raises(OutputError, match=r"r\.json is a folder"):
        check_apart([tmp_path / "a.md", tmp_path / "r.json"], [])
