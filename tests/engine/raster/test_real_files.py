"""Every real and every hostile file gives pictures or a clear error, and never a crash."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import rasterio
from affine import Affine
from pyproj import CRS
from rasterio.errors import NotGeoreferencedWarning

from engine.raster.grid import IMAGE
from tests.engine.raster.confined import REPOSITORY, outcomes

RASTERS = REPOSITORY.parent / "shared" / "data" / "rasters"


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """What became of the files of a folder, and the rasters written over them."""
    if not RASTERS.is_dir():
        pytest.skip("the shared rasters are not here")
    pytest.importorskip("resource", reason="needs limits on a process")
    done = {}

    def on(folder):
        if folder not in done:
            files = (RASTERS / folder).rglob("*")
            paths = sorted(p for p in files if p.suffix.lower() in (".tif", ".tiff"))
            out = tmp_path_factory.mktemp(folder)
            results = [out / f"{number}.tif" for number in range(len(paths))]
            done[folder] = outcomes(paths, out), dict(zip(map(str, paths), results, strict=True))
        return done[folder]

    return on


@pytest.mark.parametrize("folder", ["real", "hostile"])
def test_within_30_seconds_and_1_gb_all_are_read_or_refused_by_name(work, folder):
    refused = {path: text for path, text in work(folder)[0].items() if text != "read"}
    assert all(path in text and len(text) > len(path) + 20 for path, text in refused.items())


def test_all_real_rasters_are_read_but_those_without_a_certain_place(work):
    refused = {Path(path).name for path, outcome in work("real")[0].items() if outcome != "read"}
    placed_by_points = {"cog_gcps.tif", "cog_gcps_ovr.tif", "cint16.tif", "test_rpcs.tif"}
    assert refused == {"corrupt.tif", *placed_by_points}


@pytest.mark.parametrize("folder", ["real", "hostile"])
def test_what_is_written_overlays_its_source_exactly(work, folder):
    outcomes, results = work(folder)
    missing = []
    for path, outcome in outcomes.items():
        if results[path].exists():
            assert place(results[path]) == place(path), path
        elif outcome == "read":
            missing.append(Path(path).name)
    # All that are read are compared but those of more pixels than are written here.
    vast = {"real": "cog_world.tif", "hostile": "autotest__gdrivers__data__vrt__geos_vrtwarp.tif"}
    assert missing == [vast[folder]]


def place(path):
    """Size, transform and horizontal CRS, as GDAL says; where it says nothing, as QGIS shows it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path) as dataset:
            crs = dataset.crs and CRS.from_wkt(dataset.crs.to_wkt()).to_2d()
            plain = dataset.transform in (Affine.identity(), IMAGE)
            return dataset.shape, None if plain else dataset.transform, crs or None
