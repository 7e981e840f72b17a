"""The threshold is a slider: the same answer as a new run, without the model and its raster."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
from scipy import ndimage

from engine.errors import Cancelled, InputError, OutputError, RasterError
from engine.files.outputs import UNFINISHED
from engine.raster.source import Source
from engine.segmentation.result import Result
from engine.segmentation.segment import rethreshold, segment
from engine.segmentation.unfinished import alone
from engine.vector.shape import Shape
from tests.engine.painting import Graded, Oracle, painted, truth, write

THRESHOLDS = (0.1, 0.35, 0.5, 0.73, 1.0)


@pytest.fixture
def clouds(tmp_path: Path) -> str:
    """Soft hills of every brightness in red."""
    noise = np.random.default_rng(5).normal(size=(130, 150))
    hills = ndimage.gaussian_filter(noise, 5)
    hills = (hills - hills.min()) / np.ptp(hills)
    pixels = np.stack([hills * 255, np.zeros_like(hills), np.zeros_like(hills)])
    return write(tmp_path / "clouds.tif", pixels.round().astype(np.uint8))


def mask(result: Result) -> np.ndarray:
    with rasterio.open(result.mask) as raster:
        return raster.read(1)


def layer(result: Result) -> tuple[list[bytes], dict[str, list]]:
    """Geometries and attributes of the polygons."""
    meta, _, geometries, values = pyogrio.raw.read(result.polygons, layer="segments")
    return list(geometries), dict(zip(meta["fields"], map(list, values), strict=True))


def test_any_threshold_gives_what_a_new_run_gives(tmp_path: Path, clouds: str) -> None:
    source = Source(clouds)
    first = segment(source, "the ship", Graded(), tmp_path / "first")
    fresh = {
        threshold: segment(
            source, "the ship", Graded(), tmp_path / f"{threshold}", threshold=threshold
        )
        for threshold in THRESHOLDS
    }
    Path(clouds).unlink()
    for threshold, expected in fresh.items():
        again = rethreshold(first.probability, tmp_path / f"again {threshold}", threshold)
        assert np.array_equal(mask(again), mask(expected))
        assert layer(again) == layer(expected)
        same = replace(
            again,
            probability=expected.probability,
            mask=expected.mask,
            polygons=expected.polygons,
            seconds=expected.seconds,
        )
        assert same == expected
    counts = [result.count for result in fresh.values()]
    assert len(set(counts)) > 3, "the thresholds should make a difference"


def test_the_mask_holds_what_is_at_least_as_probable_as_the_threshold(
    tmp_path: Path, clouds: str
) -> None:
    with rasterio.open(clouds) as raster:
        red = raster.read(1).astype(int)
    first = segment(Source(clouds), "the ship", Graded(view=150), tmp_path / "first")
    for threshold in THRESHOLDS:
        found = mask(rethreshold(first.probability, tmp_path / "again", threshold))
        assert found[red >= 255 * threshold + 1].all()
        assert not found[red <= 255 * threshold - 1].any()


def test_every_polygon_says_what_it_is_and_where_it_comes_from(tmp_path: Path) -> None:
    path = write(tmp_path / "scene.tif", painted(truth()))
    first = segment(Source(path), "  the  red ship ", Oracle(), tmp_path / "first")
    again = rethreshold(first.probability, tmp_path / "again", 0.25)
    for result in (first, again):
        _, values = layer(result)
        same = {name: set(column) for name, column in values.items() if name != "area_m2"}
        assert same == {
            "expression": {"the red ship"},
            "score": {1.0},
            "model": {"rsrefseg2-compact"},
            "weights_sha256": {"0123456789abcdef" * 4},
            "source": {path},
            "resolution": {first.resolution},
        }
        # At its central meridian UTM draws everything smaller by a factor of 0.9996.
        on_ground = [pixels * 0.3**2 / 0.9996**2 for pixels in (4, 100, 100, 1200, 1300)]
        assert sorted(values["area_m2"]) == pytest.approx(on_ground, rel=1e-5)
        assert result.area_m2 == pytest.approx(sum(on_ground), rel=1e-5)
    assert again.threshold == 0.25


def test_the_score_is_the_mean_probability_of_the_object(tmp_path: Path) -> None:
    pixels = np.zeros((3, 40, 40), np.uint8)
    pixels[0, 10:20, 10:20] = 204
    pixels[0, 10:20, 15:20] = 153
    path = write(tmp_path / "scene.tif", pixels)
    _, values = layer(segment(Source(path), "the ship", Graded(), tmp_path / "out"))
    assert values["score"] == [pytest.approx(0.7, abs=0.005)]


def test_a_result_is_json_that_names_its_files(tmp_path: Path, clouds: str) -> None:
    result = segment(Source(clouds), "the ship", Graded(), tmp_path / "out", outputs=("polygons",))
    told = json.loads(json.dumps(result.to_dict()))
    assert told["mask"] is None
    assert Path(told["probability"]).is_file()
    assert Path(told["polygons"]).is_file()
    assert (told["count"], told["source"]) == (result.count, clouds)


def test_another_shape_needs_no_model_either(tmp_path: Path, clouds: str) -> None:
    shape = Shape(minimum_area=9, simplify=1.5)
    expected = segment(Source(clouds), "the ship", Graded(), tmp_path / "first", shape=shape)
    exact = segment(Source(clouds), "the ship", Graded(), tmp_path / "exact")
    again = rethreshold(exact.probability, tmp_path / "again", 0.5, shape=shape)
    assert layer(again) == layer(expected)
    assert layer(again) != layer(exact)
    assert 0 < again.count < exact.count
    assert again.to_dict()["shape"] == {
        "minimum_area": 9,
        "simplify": 1.5,
        "right_angles": False,
    }
    assert exact.shape == Shape()


def test_nothing_over_the_minimum_area_is_told(tmp_path: Path, clouds: str) -> None:
    first = segment(Source(clouds), "the ship", Graded(), tmp_path / "first", outputs=())
    none = rethreshold(first.probability, tmp_path / "again", 0.5, shape=Shape(minimum_area=1e9))
    assert none.count == 0
    assert "smaller than the minimum area of 1e+09" in none.warnings[0]


def test_what_is_no_stored_probability_is_refused(tmp_path: Path, clouds: str) -> None:
    for path in (clouds, tmp_path / "none.tif"):
        with pytest.raises(RasterError, match=Path(path).name):
            rethreshold(Path(path), tmp_path / "out", 0.5)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("threshold", [0, 2, float("nan")])
def test_a_threshold_that_is_none_is_refused(tmp_path: Path, clouds: str, threshold: float) -> None:
    first = segment(Source(clouds), "the ship", Graded(), tmp_path / "first", outputs=())
    with pytest.raises(InputError, match="threshold"):
        rethreshold(first.probability, tmp_path / "again", threshold)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, clouds: str) -> None:
    first = segment(Source(clouds), "the ship", Graded(), tmp_path / "first", outputs=())
    with pytest.raises(OutputError, match=r"clouds\.tif"):
        rethreshold(first.probability, Path(clouds), 0.5)


def test_a_cancelled_slider_leaves_mask_and_polygons_of_one_threshold(
    tmp_path: Path, clouds: str
) -> None:
    out = tmp_path / "out"
    first = segment(Source(clouds), "the ship", Graded(), out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    for number in range(2):
        answers = iter([False] * number + [True])
        with pytest.raises(Cancelled):
            rethreshold(first.probability, out, 0.9, cancelled=answers.__next__)
        assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_another_threshold_waits_for_no_run_in_its_folder(tmp_path: Path, clouds: str) -> None:
    result = segment(Source(clouds), "the cloud", Graded(), tmp_path / "out")
    (tmp_path / "new").mkdir()
    with (
        alone(tmp_path / "new" / UNFINISHED),
        pytest.raises(OutputError, match=r"Another run is writing into .*new"),
    ):
        rethreshold(result.probability, tmp_path / "new", 0.5)
    assert list((tmp_path / "new").iterdir()) == []
    rethreshold(result.probability, tmp_path / "new", 0.5)
    assert {file.name for file in (tmp_path / "new").iterdir()} == {"mask.tif", "polygons.gpkg"}


def test_a_cancel_while_the_model_was_loaded_makes_no_folder(tmp_path: Path, clouds: str) -> None:
    with pytest.raises(Cancelled):
        segment(Source(clouds), "the cloud", Graded(), tmp_path / "out", cancelled=lambda: True)
    assert not (tmp_path / "out").exists()
