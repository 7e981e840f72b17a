"""Probabilities and masks are stored exactly, and appear whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from rasterio.crs import CRS

from engine.errors import Cancelled, EngineError, InputError, OutputError, RasterError
from engine.raster.grid import IMAGE, Grid
from engine.raster.stored import at_least, decode, encode, open_stored
from engine.raster.writer import ProbabilityWriter, write_mask

UTM = CRS.from_epsg(32633)
GRID = Grid(300, 600, Affine(0.5, 0, 500_000, 0, -0.5, 5_000_000), UTM)


@pytest.fixture
def noise():
    """Probabilities and validity of `GRID`."""
    random = np.random.default_rng(0)
    shape = GRID.height, GRID.width
    return random.random(shape, np.float32), random.random(shape) > 0.2


def store(path, grid, probability, valid, tags=None, step=70):
    with ProbabilityWriter(path, grid, tags) as writer:
        for row in range(0, grid.height, step):
            writer.write(row, probability[row : row + step], valid[row : row + step])


def test_probabilities_come_back_within_half_a_step(tmp_path, noise):
    probability, valid = noise
    store(tmp_path / "p.tif", GRID, probability, valid)
    with rasterio.open(tmp_path / "p.tif") as dataset:
        stored = dataset.read(1)
        assert dataset.nodata == 255
    assert (stored == np.where(valid, np.rint(254 * probability), 255)).all()
    back, back_valid = decode(stored)
    assert (back_valid == valid).all()
    assert np.abs(back - probability)[valid].max() <= 0.5 / 254 + 1e-6


@pytest.mark.parametrize("step", [1, 256, 257, 600])
def test_rows_may_come_in_any_number(tmp_path, noise, step):
    probability, valid = noise
    store(tmp_path / "p.tif", GRID, probability, valid, step=step)
    with open_stored(tmp_path / "p.tif") as stored:
        rows = np.concatenate([codes for _, codes in stored.bands()])
    assert (rows == encode(probability, valid)).all()


@pytest.mark.parametrize(
    "grid",
    [
        Grid(30, 20, Affine(0.1, 0, 0.3, 0, 0.1, 0.7), UTM),
        Grid(30, 20, Affine.translation(5, 7) @ Affine.rotation(33) @ Affine.scale(0.3, -0.3), UTM),
        Grid(30, 20, Affine(1e-5, 0, 13.3, 0, -1e-5, 52.5), CRS.from_epsg(4326)),
        Grid(30, 20, Affine(1, 0, 1e6, 0, -1, 2e5), CRS.from_epsg(2263)),
        Grid(30, 20, Affine(1, 0, 7, 0, -1, -9), None),
        Grid(30, 20, Affine(1, 0, 0, 0, -1, 0), UTM),
    ],
    ids=["south-up", "rotated", "degrees", "feet", "no-crs", "at-zero"],
)
def test_the_grid_is_kept_exactly(tmp_path, grid):
    ones = np.ones((20, 30), np.float32)
    store(tmp_path / "p.tif", grid, ones, ones > 0)
    write_mask(tmp_path / "p.tif", tmp_path / "m.tif", 0.5)
    for name in ("p.tif", "m.tif"):
        with rasterio.open(tmp_path / name) as dataset:
            assert (dataset.transform, dataset.crs) == (grid.transform, grid.crs)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_an_image_without_georeference_stays_one(tmp_path):
    ones = np.ones((20, 30), np.float32)
    store(tmp_path / "p.tif", Grid(30, 20, IMAGE, None), ones, ones > 0)
    with rasterio.open(tmp_path / "p.tif") as dataset:
        assert (dataset.transform, dataset.crs) == (Affine.identity(), None)
    with open_stored(tmp_path / "p.tif") as stored:
        assert stored.grid.transform == IMAGE


def test_tags_are_kept(tmp_path, noise):
    tags = {"expression": 'the "big" <tank> & größte Halle, 最大', "model": "m"}
    store(tmp_path / "p.tif", GRID, *noise, tags)
    with open_stored(tmp_path / "p.tif") as stored:
        assert stored.tags == tags


def test_a_foreign_raster_is_no_probability_raster(make_raster, numbered):
    with (
        pytest.raises(RasterError, match="no probability raster"),
        open_stored(make_raster(numbered)),
    ):
        pass


# Thresholds


@given(st.floats(0, 1))
def test_a_higher_threshold_never_adds_pixels_and_nodata_never_belongs(threshold):
    codes = np.arange(256, dtype=np.uint8)
    reached = at_least(codes, threshold)
    assert not reached[255]
    assert (np.diff(reached[:255].astype(int)) >= 0).all()
    assert (reached[:255] == (codes[:255] / 254 >= threshold - 1e-11)).all()


@pytest.mark.parametrize("step", range(255))
def test_a_stored_probability_reaches_itself(step):
    assert at_least(np.array([step], np.uint8), step / 254)[0]


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_thresholds_that_are_no_probabilities_are_refused(tmp_path, noise, threshold):
    store(tmp_path / "p.tif", GRID, *noise)
    with pytest.raises(InputError, match="threshold"):
        write_mask(tmp_path / "p.tif", tmp_path / "m.tif", threshold)
    assert os.listdir(tmp_path) == ["p.tif"]


def test_the_mask_is_one_zero_or_nodata(tmp_path, noise):
    probability, valid = noise
    store(tmp_path / "p.tif", GRID, probability, valid)
    write_mask(tmp_path / "p.tif", tmp_path / "m.tif", 0.5)
    with rasterio.open(tmp_path / "m.tif") as dataset:
        mask = dataset.read(1)
        assert dataset.nodata == 255
    assert (mask == np.where(valid, np.rint(254 * probability) >= 127, 255)).all()


# Whole or not at all


def interrupted(error):
    def write(path):
        with ProbabilityWriter(path, GRID) as writer:
            writer.write(0, np.ones((300, 300), np.float32), np.ones((300, 300), bool))
            raise error

    return write


@pytest.mark.parametrize("error", [Cancelled("x"), RuntimeError("x"), KeyboardInterrupt()])
def test_an_interruption_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "p.tif"
    path.write_bytes(b"old")
    with pytest.raises(type(error)):
        interrupted(error)(path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["p.tif"]


def test_nothing_shows_under_the_name_before_it_is_whole(tmp_path, noise):
    probability, valid = noise
    with ProbabilityWriter(tmp_path / "p.tif", GRID) as writer:
        writer.write(0, probability, valid)
        assert not (tmp_path / "p.tif").exists()
    assert os.listdir(tmp_path) == ["p.tif"]


def test_a_cancelled_mask_leaves_the_old_one(tmp_path, noise):
    store(tmp_path / "p.tif", GRID, *noise)
    (tmp_path / "m.tif").write_bytes(b"old")
    with pytest.raises(Cancelled):
        write_mask(tmp_path / "p.tif", tmp_path / "m.tif", 0.5, cancelled=lambda: True)
    assert (tmp_path / "m.tif").read_bytes() == b"old"
    assert sorted(os.listdir(tmp_path)) == ["m.tif", "p.tif"]


def test_missing_rows_and_rows_out_of_order_are_refused(tmp_path, noise):
    probability, valid = noise
    with (
        pytest.raises(ValueError, match="300 of 600 rows"),
        ProbabilityWriter(tmp_path / "p.tif", GRID) as writer,
    ):
        writer.write(0, probability[:300], valid[:300])
    with (
        pytest.raises(ValueError, match="where 0 is next"),
        ProbabilityWriter(tmp_path / "p.tif", GRID) as writer,
    ):
        writer.write(1, probability[:300], valid[:300])
    assert os.listdir(tmp_path) == []


def test_statistics_and_overviews_of_the_old_file_go_with_it(tmp_path, noise):
    for sidecar in (".aux.xml", ".ovr"):
        (tmp_path / f"p.tif{sidecar}").write_bytes(b"old")
    store(tmp_path / "p.tif", GRID, *noise)
    assert os.listdir(tmp_path) == ["p.tif"]


def test_a_folder_that_is_not_there_is_named(tmp_path, noise):
    with pytest.raises(OutputError, match="nowhere"):
        store(tmp_path / "nowhere" / "p.tif", GRID, *noise)


def test_a_name_that_cannot_be_replaced_is_named(tmp_path, noise):
    (tmp_path / "p.tif").mkdir()
    with pytest.raises(OutputError, match=r"p\.tif cannot be replaced"):
        store(tmp_path / "p.tif", GRID, *noise)
    assert os.listdir(tmp_path) == ["p.tif"]


FULL_DISK = """
import resource, signal, sys
import numpy as np
from affine import Affine
from engine.errors import OutputError
from engine.raster.grid import IMAGE, Grid
from engine.raster.writer import ProbabilityWriter

grid = Grid(700, 700, Affine(1, 0, 9, 0, -1, 9), None)
noise = np.random.default_rng(0).random((700, 700), np.float32)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for limit in map(int, sys.argv[2:]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        with ProbabilityWriter(sys.argv[1], grid) as writer:
            writer.write(0, noise, noise >= 0)
        print("whole")
    except OutputError as error:
        print("refused")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_is_noticed_even_in_the_last_write(tmp_path):
    path = tmp_path / "p.tif"
    random = np.random.default_rng(0).random((700, 700), np.float32)
    store(path, Grid(700, 700, Affine(1, 0, 9, 0, -1, 9), None), random, random >= 0)
    size = path.stat().st_size
    limits = [*range(size // 10, size, size // 20), size - 4096, size - 1, 10 * size]
    repository = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path), *map(str, limits)],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["refused"] * (len(limits) - 1) + ["whole"]
    assert os.listdir(tmp_path) == ["p.tif"]


def test_errors_are_the_engines(tmp_path):
    with pytest.raises(EngineError, match=r"none\.tif cannot be read"):
        write_mask(tmp_path / "none.tif", tmp_path / "m.tif", 0.5)
