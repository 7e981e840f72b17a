"""What nobody has told of a source is said, and what would help where nothing is found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.raster.source import Source
from engine.segmentation.segment import rethreshold, segment
from engine.vector.shape import Shape
from tests.engine.painting import Graded, Oracle, painted, truth, write


def warnings(source: Source, out: Path, model=None, **asked) -> str:
    return "\n".join(segment(source, "the ship", model or Oracle(), out, **asked).warnings)


# The ground


def test_a_raster_without_a_size_on_the_ground_is_warned_of(tmp_path: Path) -> None:
    path = write(tmp_path / "plan.tif", painted(truth()), crs=None)
    told = warnings(Source(path), tmp_path / "out")
    assert f"The ground resolution of {path} is not known" in told
    assert "RESOLUTION, or --pixel-size" in told
    for source in (
        Source(path, pixel_size=0.3),
        Source(path, resolution=0.3),
        Source(path, crs="EPSG:32633"),
    ):
        assert "ground resolution" not in warnings(source, tmp_path / "out")


def test_a_crs_that_gives_pixels_no_size_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "scene.tif", painted(truth()))
    told = warnings(Source(path, crs="EPSG:4326"), tmp_path / "out")
    assert "not known: its CRS, WGS 84, gives its pixels no size" in told
    assert "has no CRS" not in told


def test_told_metres_make_the_same_result_as_a_crs(tmp_path: Path) -> None:
    pixels = painted(truth())
    placed = write(tmp_path / "placed.tif", pixels)
    plan = write(tmp_path / "plan.png", pixels, None, None, driver="PNG")
    seen = []

    class Watched(Oracle):
        def encode(self, views, resolution=None):
            seen.append((resolution, views.shape))
            return super().encode(views, resolution)

    asked = {"shape": Shape(minimum_area=2.0)}
    results = [
        segment(source, "the ship", Watched(), tmp_path / "out", **asked)
        for source in (Source(placed), Source(plan, pixel_size=0.3), Source(plan, resolution=0.3))
    ]
    counts = [result.count for result in results]
    assert counts[0] == counts[1] == counts[2] > 0
    # The scale factor of UTM is part of the one, not of the other.
    assert [r.area_m2 for r in results[1:]] == pytest.approx([results[0].area_m2] * 2, rel=1e-3)
    assert len({round(resolution, 9) for resolution, _ in seen}) == 1
    assert len({shape for _, shape in seen}) == 1
    again = rethreshold(results[1].probability, tmp_path / "again", 0.4, shape=asked["shape"])
    assert (again.count, again.area_m2) == (counts[0], pytest.approx(results[1].area_m2))


# Fills


@pytest.mark.parametrize(("kind", "fill"), [("uint16", 65535), ("float32", -3.4028234663852886e38)])
def test_an_undeclared_fill_is_named_and_what_it_hides_is_found(
    tmp_path: Path, kind: str, fill: float
) -> None:
    noise = np.random.default_rng(0).integers(0, 40, (3, *truth().shape))
    pixels = (painted(truth()) * 10.0 + noise).astype(kind)
    pixels[:, -30:] = np.array(fill, kind)
    path = write(tmp_path / "scene.tif", pixels)
    result = segment(Source(path), "the ship", Oracle(), tmp_path / "out")
    (warning,) = result.warnings
    assert f"The value {fill:.17g} fills 23% of {path} (band 1, 2, 3)" in warning
    assert f"Additional no data value, or --nodata {fill:.17g}" in warning
    told = segment(Source(path, nodata=((fill, fill),)), "the ship", Oracle(), tmp_path / "told")
    assert told.warnings == ()
    assert told.count > 0


# Nothing found


@pytest.fixture
def dim(tmp_path: Path):
    """A raster whose highest probability is a share of 255 in red."""

    def make(brightest: int) -> str:
        pixels = np.zeros((3, 40, 50), np.uint8)
        pixels[0, 5:9, 5:9] = brightest
        return write(tmp_path / f"{brightest}.tif", pixels)

    return make


@pytest.mark.parametrize("outputs", [("mask", "polygons"), ("polygons",), ("mask",)])
@pytest.mark.parametrize(
    ("brightest", "best", "lower"),
    [(3, "0.011", False), (77, "0.303", True), (126, "0.496", True)],
)
def test_lowering_is_advised_only_where_it_can_help(
    tmp_path: Path, dim, brightest: int, best: str, lower: bool, outputs: tuple[str, ...]
) -> None:
    result = segment(
        Source(dim(brightest)), "the ship", Graded(), tmp_path / "out", outputs=outputs
    )
    again = rethreshold(result.probability, tmp_path / "again", 0.6, outputs=outputs)
    for found, threshold in ((result, "0.5"), (again, "0.6")):
        (warning,) = found.warnings
        reached = (
            f"Nothing reaches the threshold of {threshold}: the highest probability is {best}."
        )
        assert reached in warning
        assert ("Lower the threshold" in warning) == lower
        assert ("would not help" in warning) != lower


def test_objects_that_are_too_small_are_told_apart_from_none(tmp_path: Path, dim) -> None:
    told = warnings(Source(dim(200)), tmp_path / "out", Graded(), shape=Shape(minimum_area=1e4))
    assert "smaller than the minimum area of 10000. Choose a smaller one." in told
    assert "threshold, or" not in told


@pytest.mark.parametrize("outputs", [("mask", "polygons"), ("polygons",), ("mask",)])
def test_an_extent_without_data_has_no_threshold_to_lower(tmp_path: Path, outputs) -> None:
    path = write(tmp_path / "empty.tif", np.zeros((3, 40, 50), np.uint8), nodata=0)
    result = segment(Source(path), "the ship", Oracle(), tmp_path / "out", outputs=outputs)
    again = rethreshold(result.probability, tmp_path / "again", 0.1, outputs=outputs)
    for found in (result, again):
        (warning,) = found.warnings
        assert "no valid pixels" in warning
