"""What is painted is what comes out: in place, whole, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
import torch
from affine import Affine
from rasterio.features import rasterize
from scipy import ndimage

from engine.errors import Cancelled, InputError, OutOfMemory, OutputError, RasterError
from engine.files.outputs import UNFINISHED
from engine.raster.grid import Grid
from engine.raster.source import Source
from engine.raster.windows import plan_windows
from engine.segmentation.features import FeatureCache
from engine.segmentation.result import Result
from engine.segmentation.segment import segment
from tests.engine.painting import NORTH_UP, UTM, Graded, Oracle, painted, truth, write

NODATA = 255
PLACES = {
    "UTM": (NORTH_UP, UTM),
    "rotated": (NORTH_UP @ Affine.rotation(30), UTM),
    "geographic": (Affine(3e-6, 0, 13.3, 0, -3e-6, 52.5), "EPSG:4326"),
    "without CRS": (Affine(0.5, 0, 100, 0, -0.5, 200), None),
}


def band(path: Path | None) -> np.ndarray:
    with rasterio.open(path) as raster:
        return raster.read(1)


def shapes(result: Result) -> list[shapely.Polygon]:
    """The polygons in pixels of the result's rasters."""
    with rasterio.open(result.probability) as raster:
        inverse = ~raster.transform
    _, _, geometries, _ = pyogrio.raw.read(result.polygons, layer="segments")
    linear, origin = np.array([[inverse.a, inverse.d], [inverse.b, inverse.e]]), inverse @ (0, 0)
    return list(shapely.transform(shapely.from_wkb(geometries), lambda at: at @ linear + origin))


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def scene(tmp_path: Path) -> Source:
    return Source(write(tmp_path / "scene.tif", painted(truth())))


# Place and shape


@pytest.mark.parametrize(("transform", "crs"), PLACES.values(), ids=PLACES)
def test_the_result_lies_where_the_source_lies(
    tmp_path: Path, transform: Affine, crs: str | None
) -> None:
    source = write(tmp_path / "scene.tif", painted(truth()), transform, crs)
    result = segment(Source(source), "the ship", Oracle(), tmp_path / "out")

    for path in (result.probability, result.mask):
        with rasterio.open(source) as given, rasterio.open(path) as made:
            assert (made.shape, made.crs) == (given.shape, given.crs)
            assert made.transform.almost_equals(given.transform, precision=1e-12)
    expected = None if crs is None else rasterio.CRS.from_string(crs)
    written = pyogrio.read_info(result.polygons, layer="segments")["crs"]
    assert (written and rasterio.CRS.from_string(written)) == expected


@pytest.mark.parametrize(("transform", "crs"), PLACES.values(), ids=PLACES)
def test_mask_and_polygons_are_the_painted_truth_across_windows(
    tmp_path: Path, transform: Affine, crs: str | None
) -> None:
    source = Source(write(tmp_path / "scene.tif", painted(truth()), transform, crs))
    result = segment(source, "the ship", Oracle(), tmp_path / "out")
    found = shapes(result)

    assert result.windows == 20
    assert np.array_equal(band(result.mask), truth())
    assert np.array_equal(band(result.probability), np.where(truth(), 254, 0))
    assert np.array_equal(rasterize(found, truth().shape), truth())
    assert result.count == len(found) == ndimage.label(truth())[1] == 5
    assert sorted(p.area for p in found) == pytest.approx([4, 100, 100, 1200, 1300], rel=1e-6)
    assert sum(len(polygon.interiors) for polygon in found) == 1


def test_260_objects_across_windows_are_260_polygons_without_a_pixel_of_error(
    tmp_path: Path,
) -> None:
    random, mask = np.random.default_rng(3), np.zeros((1500, 4000), bool)
    for row in range(0, 1500, 150):
        for col in range(0, 26 * 153, 153):
            height, width = random.integers(40, 149, 2)
            mask[row : row + height, col : col + width] = True
            mask[row + 10 : row + 20, col + 10 : col + 30] = False
    plain = Affine(1, 0, 0, 0, -1, 1500)
    path = write(tmp_path / "scene.tif", painted(mask), plain, None, compress="deflate")
    oracle = Oracle(window=512, overlap=64)
    result = segment(Source(path), "the ship", oracle, tmp_path / "out", outputs=("polygons",))
    _, _, geometries, _ = pyogrio.raw.read(result.polygons, layer="segments")
    found = shapely.from_wkb(geometries)

    assert result.windows == 36
    assert result.count == len(found) == 260
    assert shapely.area(found).sum() == mask.sum()
    assert sorted(shapely.area(found)) == sorted(np.bincount(ndimage.label(mask)[0].flat)[1:])


def test_areas_are_those_on_the_ground(tmp_path: Path, scene: Source) -> None:
    result = segment(scene, "the ship", Oracle(), tmp_path / "out")
    # At its central meridian UTM draws everything smaller by a factor of 0.9996.
    assert result.area_m2 == pytest.approx(truth().sum() * 0.3**2 / 0.9996**2, rel=1e-5)

    nowhere = write(tmp_path / "nowhere.tif", painted(truth()), PLACES["without CRS"][0], None)
    assert segment(Source(nowhere), "the ship", Oracle(), tmp_path / "out").area_m2 is None


def test_an_extent_is_honoured(tmp_path: Path) -> None:
    path = write(tmp_path / "scene.tif", painted(truth()))
    left, top = NORTH_UP @ (30, 40)
    right, bottom = NORTH_UP @ (90, 95)
    result = segment(
        Source(path, extent=(left, bottom, right, top)), "the ship", Oracle(), tmp_path / "out"
    )

    assert np.array_equal(band(result.mask), truth()[40:95, 30:90])
    with rasterio.open(result.mask) as raster:
        assert raster.transform.almost_equals(NORTH_UP @ Affine.translation(30, 40), 1e-9)
    assert result.windows == 1, "the extent is one view, however large the raster"
    assert result.count == 1


def test_a_resolution_is_honoured(tmp_path: Path) -> None:
    path = write(tmp_path / "scene.tif", painted(truth()))
    result = segment(Source(path, resolution=0.6), "the ship", Oracle(), tmp_path / "out")

    assert result.resolution == pytest.approx(0.6, rel=1e-3)
    assert np.array_equal(band(result.mask), truth()[::2, ::2])
    with rasterio.open(result.mask) as raster:
        assert raster.transform.almost_equals(NORTH_UP @ Affine.scale(2), 1e-9)


@pytest.mark.parametrize(("finest", "resolution"), [(0.6, 0.3), (0.61, 0.61)])
def test_a_raster_much_finer_than_the_model_knows_is_read_as_the_model_knows(
    tmp_path: Path, finest: float, resolution: float
) -> None:
    path = write(tmp_path / "scene.tif", painted(truth()))
    result = segment(Source(path), "the ship", Oracle(finest=finest), tmp_path / "out")
    assert result.resolution == pytest.approx(resolution, rel=0.01)


def test_an_area_is_honoured(tmp_path: Path) -> None:
    path = write(tmp_path / "scene.tif", painted(truth()))
    corners = [NORTH_UP @ corner for corner in ((0, 0), (75, 0), (75, 130), (0, 130))]
    result = segment(
        Source(path, area=shapely.Polygon(corners).wkt), "the ship", Oracle(), tmp_path / "out"
    )

    assert np.array_equal(band(result.mask), truth()[:, :75])


class Counting(Oracle):
    """Counts the windows it looks at."""

    looks = 0

    def encode(self, views: torch.Tensor, resolution: float | None = None) -> list[torch.Tensor]:
        self.looks += len(views)
        return super().encode(views, resolution)


def test_only_windows_that_touch_the_area_are_looked_at(tmp_path: Path) -> None:
    path = write(tmp_path / "scene.tif", painted(truth()))
    corner = shapely.Polygon([(0, 0), (150, 0), (40, 40), (0, 130)])  # in pixels
    area = shapely.transform(corner, lambda at: np.array([NORTH_UP @ tuple(p) for p in at]))
    model = Counting()
    result = segment(Source(path, area=area.wkt), "the ship", model, tmp_path / "out")

    plan = plan_windows(Grid(150, 130, NORTH_UP, None), 48, 16)
    boxes = [
        shapely.box(w.col, w.row, w.col + w.width, w.row + w.height) for row in plan for w in row
    ]
    needed = sum(corner.intersects(box) for box in boxes)
    assert 8 <= needed < len(boxes)
    assert result.windows == model.looks == needed
    inside = rasterize([corner], truth().shape).astype(bool)
    assert np.array_equal(band(result.mask), np.where(inside, truth(), NODATA))


def test_an_area_on_a_rotated_raster_is_honoured(tmp_path: Path) -> None:
    rotated = NORTH_UP @ Affine.rotation(30)
    path = write(tmp_path / "scene.tif", painted(truth()), rotated)
    corner = shapely.Polygon([(0, 0), (75, 0), (75, 130), (0, 130)])
    area = shapely.transform(corner, lambda at: np.array([rotated @ tuple(p) for p in at]))
    model = Counting()
    result = segment(Source(path, area=area.wkt), "the ship", model, tmp_path / "out")
    with rasterio.open(result.mask) as made:
        left, top = ~rotated @ (made.transform.c, made.transform.f)
    found = np.argwhere(band(result.mask) == 1) + np.array([round(top), round(left)])
    assert {tuple(at) for at in found} == {tuple(at) for at in np.argwhere(truth()) if at[1] < 75}
    assert model.looks == result.windows < 20


# Kinds of pixels


@pytest.mark.parametrize(
    "convert",
    [
        pytest.param(lambda p: p.astype(np.uint16) * 200, id="16 bit"),
        pytest.param(lambda p: p.astype(np.int16) - 1000, id="signed"),
        pytest.param(lambda p: p.astype(np.float32) / 255, id="float"),
        pytest.param(lambda p: p[:1], id="one band"),
        pytest.param(lambda p: p[:2], id="two bands"),
        pytest.param(lambda p: np.concatenate([p, p]), id="six bands"),
    ],
)
def test_any_kind_of_raster_works(
    tmp_path: Path, convert: Callable[[np.ndarray], np.ndarray]
) -> None:
    path = write(tmp_path / "scene.tif", convert(painted(truth())))
    result = segment(Source(path), "the ship", Oracle(), tmp_path / "out")
    assert np.array_equal(band(result.mask), truth())


def test_the_chosen_bands_are_looked_at(tmp_path: Path) -> None:
    green_blue_red = painted(truth())[[1, 2, 0]]
    path = write(tmp_path / "scene.tif", green_blue_red)
    result = segment(Source(path, bands=(3, 1, 2)), "the ship", Oracle(), tmp_path / "out")
    assert np.array_equal(band(result.mask), truth())


@pytest.mark.parametrize("kind", ["nodata value", "not a number"])
def test_nodata_stays_nodata(tmp_path: Path, kind: str) -> None:
    """A strip on the left, which cuts the bar, and a hole inside the ring."""
    empty = np.zeros(truth().shape, bool)
    empty[:, :30] = True
    empty[60:80, 50:70] = True
    if kind == "nodata value":
        pixels = np.where(empty, 0, painted(truth()))
        path = write(tmp_path / "scene.tif", pixels.astype(np.uint8), nodata=0)
    else:
        pixels = np.where(empty, np.nan, painted(truth()) / 255)
        path = write(tmp_path / "scene.tif", pixels.astype(np.float32))
    result = segment(Source(path), "the ship", Oracle(), tmp_path / "out")

    assert np.array_equal(band(result.mask), np.where(empty, NODATA, truth()))
    assert np.array_equal(band(result.probability) == NODATA, empty)
    assert np.array_equal(rasterize(shapes(result), truth().shape), truth() & ~empty)


def test_an_extent_of_nodata_is_a_warning_and_no_polygon(tmp_path: Path) -> None:
    path = write(tmp_path / "scene.tif", np.zeros((3, 130, 150), np.uint8), nodata=0)
    result = segment(Source(path), "the ship", Oracle(), tmp_path / "out")

    assert result.count == 0
    assert shapes(result) == []
    assert (band(result.mask) == NODATA).all()
    assert any("no valid pixels" in warning for warning in result.warnings)


# Expressions


@pytest.mark.parametrize("expression", ["", " \n\t", "?!… —", "ship " * 2000])
def test_an_expression_that_says_nothing_or_too_much_is_refused(
    tmp_path: Path, scene: Source, expression: str
) -> None:
    with pytest.raises(InputError, match=r"expression"):
        segment(scene, expression, Oracle(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_the_model_does_not_know_is_a_warning(tmp_path: Path, scene: Source) -> None:
    (warning,) = segment(scene, "the xylophone", Oracle(), tmp_path / "out").warnings
    assert "xylophone" in warning
    assert "storage tank" in warning


@pytest.mark.parametrize(
    ("expression", "view", "warned"),
    [
        ("the ship on the left", 64, True),
        ("the largest ship", 64, True),
        ("the ship", 64, False),
        ("the ship on the left", 150, False),
    ],
)
def test_words_of_place_are_a_warning_where_there_is_more_than_one_view(
    tmp_path: Path, scene: Source, expression: str, view: int, warned: bool
) -> None:
    result = segment(scene, expression, Oracle(view=view), tmp_path / "out")
    warnings = [warning for warning in result.warnings if "windows of 48 pixels" in warning]
    assert len(warnings) == warned
    assert all("in 20 windows" in warning for warning in warnings)


def test_a_raster_coarser_than_the_model_knows_is_a_warning(tmp_path: Path, scene: Source) -> None:
    result = segment(scene, "the ship", Oracle(coarsest=0.1), tmp_path / "out")
    assert any("0.3 m a pixel" in warning for warning in result.warnings)


def test_nothing_found_is_a_warning_and_an_empty_layer(tmp_path: Path, scene: Source) -> None:
    result = segment(scene, "the blue ship", Oracle(), tmp_path / "out")
    assert (result.count, shapes(result)) == (0, [])
    assert any("threshold" in warning for warning in result.warnings)


# Features


def test_another_expression_on_the_same_view_does_not_encode_again(
    tmp_path: Path, scene: Source
) -> None:
    features = FeatureCache()
    red = segment(scene, "the red ship", Oracle(), tmp_path / "red", features=features)
    blue = segment(scene, "the blue ship", Oracle(), tmp_path / "blue", features=features)

    assert features.encoded == red.windows == blue.windows
    assert np.array_equal(band(red.mask), truth())
    assert not band(blue.mask).any()


def test_features_of_a_file_that_changed_are_forgotten(tmp_path: Path, scene: Source) -> None:
    features = FeatureCache()
    segment(scene, "the ship", Oracle(), tmp_path / "out", features=features)
    mirrored = truth()[:, ::-1]
    write(Path(scene.path), painted(mirrored))
    result = segment(scene, "the ship", Oracle(), tmp_path / "out", features=features)
    assert np.array_equal(band(result.mask), mirrored)


def test_features_are_those_of_the_same_pixels_and_weights(tmp_path: Path, scene: Source) -> None:
    features = FeatureCache()
    model, other = Oracle(), Oracle()
    other.weights_sha256 = "f" * 64
    segment(scene, "the ship", model, tmp_path / "out", features=features)
    swapped = Source(scene.path, bands=(3, 2, 1))
    result = segment(swapped, "the ship", model, tmp_path / "out", features=features)
    assert not band(result.mask).any()
    segment(scene, "the ship", other, tmp_path / "out", features=features)
    assert features.encoded == 3 * result.windows


# Requests that end early


def moment(number: int) -> Callable[[], bool]:
    """Cancelled when it is asked for the `number`th time."""
    asked = count()
    return lambda: next(asked) >= number


@pytest.mark.parametrize("earlier", [False, True], ids=["first run", "second run"])
def test_cancelling_at_any_moment_leaves_what_was_there(
    tmp_path: Path, scene: Source, earlier: bool
) -> None:
    out = tmp_path / "out"
    if earlier:
        segment(scene, "the ship", Oracle(), out)
    before = files(out)
    for number in range(20 + 3):  # the windows, their end, the mask, the polygons
        with pytest.raises(Cancelled):
            segment(scene, "the blue ship", Oracle(), out, cancelled=moment(number))
        (out / UNFINISHED).unlink(missing_ok=True)
        assert files(out) == before, f"cancelled at moment {number}"


def test_progress_counts_the_windows(tmp_path: Path, scene: Source) -> None:
    told = []
    segment(scene, "the ship", Oracle(), tmp_path / "out", progress=told.append)
    windows = [(step.done, step.total) for step in told if step.stage == "windows"]
    assert windows == [(done, 20) for done in range(21)]
    assert list(dict.fromkeys(step.stage for step in told)) == ["windows", "mask", "polygons"]


class Greedy(Oracle):
    def encode(self, views: torch.Tensor, resolution: float | None = None) -> list[torch.Tensor]:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory.")


def test_too_little_memory_is_an_error_with_advice(tmp_path: Path, scene: Source) -> None:
    with pytest.raises(OutOfMemory, match="'cpu'"):
        segment(scene, "the ship", Greedy(), tmp_path / "out")
    assert files(tmp_path / "out") == {}


@pytest.mark.parametrize("threshold", [0, -0.1, 1.01, float("nan")])
def test_a_threshold_that_is_none_is_refused(
    tmp_path: Path, scene: Source, threshold: float
) -> None:
    with pytest.raises(InputError, match="threshold"):
        segment(scene, "the ship", Oracle(), tmp_path / "out", threshold=threshold)
    assert not (tmp_path / "out").exists()


def test_an_unknown_output_is_refused(tmp_path: Path, scene: Source) -> None:
    with pytest.raises(InputError, match="'shapefile'"):
        segment(scene, "the ship", Oracle(), tmp_path / "out", outputs=("mask", "shapefile"))


@pytest.mark.parametrize("outputs", [(), ("mask",), ("polygons",)])
def test_only_the_outputs_asked_for_are_written(
    tmp_path: Path, scene: Source, outputs: tuple[str, ...]
) -> None:
    result = segment(scene, "the ship", Oracle(), tmp_path / "out", outputs=outputs)
    written = {"mask": "mask.tif", "polygons": "polygons.gpkg"}
    assert set(files(tmp_path / "out")) == {"probability.tif", *(written[o] for o in outputs)}
    assert (result.mask is None) == ("mask" not in outputs)
    assert (result.count is None) == ("polygons" not in outputs)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, scene: Source) -> None:
    (tmp_path / "file").write_text("in the way")
    for out in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(OutputError, match="file"):
            segment(scene, "the ship", Oracle(), out)


def test_an_extent_outside_the_raster_is_refused(tmp_path: Path, scene: Source) -> None:
    with pytest.raises(InputError, match="outside"):
        segment(Source(scene.path, extent=(0, 0, 1, 1)), "the ship", Oracle(), tmp_path / "out")


def test_a_missing_raster_is_named(tmp_path: Path) -> None:
    with pytest.raises(RasterError, match=r"none\.tif"):
        segment(Source(str(tmp_path / "none.tif")), "the ship", Oracle(), tmp_path / "out")


def test_one_view_shows_all_of_it_whatever_its_size(tmp_path: Path, scene: Source) -> None:
    result = segment(scene, "the ship", Oracle(), tmp_path / "out", one_view=True)
    assert result.windows == 1
    assert np.array_equal(band(result.mask), truth())


def test_windows_blend_without_seams(tmp_path: Path) -> None:
    ramp = np.broadcast_to(np.linspace(0, 255, 150).astype(np.uint8), (3, 130, 150))
    path = write(tmp_path / "ramp.tif", ramp)
    result = segment(Source(path), "the ship", Graded(), tmp_path / "out")
    assert np.abs(band(result.probability) - ramp[0] * (254 / 255)).max() <= 1
