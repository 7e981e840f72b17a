"""Polygons follow the edges of pixels exactly, one for each object, wherever the raster is cut."""

from __future__ import annotations

import os
import sqlite3
from itertools import pairwise

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pyproj import Geod
from rasterio.crs import CRS
from rasterio.features import rasterize

from engine.errors import Cancelled, InputError, OutputError, RasterError
from engine.raster import stored as storage
from engine.raster.grid import IMAGE, Grid
from engine.raster.writer import ProbabilityWriter, write_mask
from engine.vector import outlines
from engine.vector.polygons import PolygonSummary, write_polygons
from engine.vector.shape import Shape

NORTH_UP = Affine(1, 0, 500_000, 0, -1, 5_000_000)
UTM = CRS.from_epsg(32633)
FACTS = {
    "expression": "die größte Halle",
    "model": "compact",
    "weights_sha256": "ab" * 32,
    "source": "/data/town.tif",
    "resolution": 0.3,
}


@pytest.fixture
def outline(tmp_path):
    """Stores probabilities; gives the summary, the geometries and the columns of their polygons."""

    def write(probability, transform=NORTH_UP, crs=UTM, threshold=0.5, valid=None, **options):
        height, width = probability.shape
        valid = np.ones((height, width), bool) if valid is None else valid
        with ProbabilityWriter(tmp_path / "p.tif", Grid(width, height, transform, crs)) as writer:
            writer.write(0, probability.astype(np.float32), valid)
        facts = options.pop("facts", FACTS)
        summary = write_polygons(
            tmp_path / "p.tif", tmp_path / "s.gpkg", threshold, facts, **options
        )
        meta, _, geometries, columns = pyogrio.raw.read(tmp_path / "s.gpkg", layer="segments")
        return (
            summary,
            shapely.from_wkb(geometries),
            dict(zip(meta["fields"], columns, strict=True)),
        )

    return write


def square(height=40, width=50, value=0.9):
    """A 10 x 10 square in rows 20..29 and columns 30..39."""
    probability = np.zeros((height, width))
    probability[20:30, 30:40] = value
    return probability


# One object


def test_a_ten_by_ten_square_is_where_it_is_and_has_area_100(outline):
    summary, polygons, columns = outline(square())
    assert polygons[0].equals(shapely.box(500_030, 4_999_970, 500_040, 4_999_980))
    assert polygons[0].area == 100
    assert columns["area_m2"] == pytest.approx([100 / 0.9996**2])
    assert summary == PolygonSummary(1, columns["area_m2"][0])


@pytest.mark.parametrize(
    "transform",
    [
        Affine(0.3, 0, 500_000, 0, 0.3, 5_000_000),
        Affine.translation(5e5, 5e6) @ Affine.rotation(33) @ Affine.scale(0.3, -0.3),
        Affine(1, 0.2, 500_000, 0.1, -1, 5_000_000),
        IMAGE,
    ],
    ids=["south-up", "rotated", "sheared", "image"],
)
def test_polygons_follow_the_transform(outline, transform):
    _, polygons, _ = outline(square(), transform)
    corners = [transform @ at for at in ((30, 20), (40, 20), (40, 30), (30, 30))]
    assert shapely.get_coordinates(polygons[0].normalize()) == pytest.approx(
        shapely.get_coordinates(shapely.Polygon(corners).normalize()), abs=1e-9
    )
    assert polygons[0].exterior.is_ccw


def test_attributes_are_those_of_the_request(outline):
    probability = square()
    probability[20:25, 30:40] = 0.6
    _, _, columns = outline(probability)
    assert {name: columns[name].tolist() for name in FACTS} == {n: [v] for n, v in FACTS.items()}
    expected = (50 * round(254 * 0.9) + 50 * round(254 * 0.6)) / 100 / 254
    assert columns["score"] == pytest.approx([expected], abs=1e-12)
    assert set(columns) == {*FACTS, "score", "area_m2"}


def test_what_is_not_known_is_null(outline, tmp_path):
    summary, _, _ = outline(square(), crs=None, facts={"resolution": None})
    rows = sqlite3.connect(tmp_path / "s.gpkg").execute(
        "SELECT expression, area_m2, model, weights_sha256, source, resolution FROM segments"
    )
    assert rows.fetchall() == [(None,) * 6]
    assert summary == PolygonSummary(1, None)


@pytest.mark.parametrize("crs", [UTM, CRS.from_epsg(4326), CRS.from_epsg(2263), None])
def test_the_crs_is_kept(outline, tmp_path, crs):
    transform = Affine(1e-5, 0, 13, 0, -1e-5, 52) if crs and crs.is_geographic else NORTH_UP
    outline(square(), transform, crs)
    written = pyogrio.read_info(tmp_path / "s.gpkg", layer="segments")["crs"]
    assert (CRS.from_user_input(written) if written else None) == crs


def test_degrees_have_areas_in_square_metres(outline):
    summary, _, _ = outline(square(), Affine(1e-5, 0, 13, 0, -1e-5, 60), CRS.from_epsg(4326))
    assert summary.area_m2 == pytest.approx(100 * 1.1141 * 0.5580, rel=1e-3)


@pytest.mark.parametrize("shape", [Shape(), Shape(simplify=1.5)], ids=["exact", "simplified"])
def test_areas_are_those_of_the_ellipsoid_holes_left_out(outline, shape):
    probability = np.zeros((60, 60))
    probability[5:55, 5:30] = probability[10:40, 35:50] = 1
    probability[10:20, 10:20] = probability[30:50, 12:18] = 0
    degrees = Affine(1e-4, 2e-5, 13, 1e-5, -1e-4, 60)
    _, polygons, columns = outline(probability, degrees, CRS.from_epsg(4326), shape=shape)
    ellipsoid = Geod(ellps="WGS84")
    expected = [abs(ellipsoid.geometry_area_perimeter(polygon)[0]) for polygon in polygons]
    assert columns["area_m2"].tolist() == pytest.approx(expected, rel=1e-9)


# Many objects


def test_objects_that_touch_at_a_corner_are_two_and_holes_are_kept(outline):
    probability = np.zeros((20, 20))
    probability[2:6, 2:6] = 1
    probability[6:16, 6:16] = 1
    probability[8:10, 8:10] = 0
    probability[10:12, 10:12] = 0
    _, polygons, _ = outline(probability)
    assert sorted(polygon.area for polygon in polygons) == [16, 92]
    assert sorted(len(polygon.interiors) for polygon in polygons) == [0, 2]


def test_an_object_across_bands_is_one_with_no_trace_of_the_seams(outline, monkeypatch):
    monkeypatch.setattr(storage, "PIXELS_AT_ONCE", 1)
    probability = np.zeros((900, 40))
    probability[10:890, 5:8] = 1  # two legs, joined in the last band only
    probability[10:890, 20:23] = 1
    probability[880:890, 5:23] = 1
    probability[200:300, 30:35] = 0.7
    _, polygons, columns = outline(probability)
    assert sorted(len(polygon.exterior.coords) for polygon in polygons) == [5, 9]
    assert sorted(polygon.area for polygon in polygons) == [500, 2 * 880 * 3 + 10 * 12]
    assert sorted(columns["score"]) == pytest.approx([178 / 254, 1])


CODES = arrays.arrays(
    np.uint8,
    st.tuples(st.integers(1, 24), st.integers(1, 24)),
    elements=st.sampled_from([0, 100, 127, 200, 254, 255]),
)


@settings(max_examples=150)
@given(CODES, st.data())
def test_outlines_are_the_pixels_wherever_the_raster_is_cut(codes, data):
    height = len(codes)
    cuts = sorted(data.draw(st.sets(st.integers(1, height - 1)))) if height > 1 else []
    bands = [(start, codes[start:end]) for start, end in pairwise([0, *cuts, height])]
    cut, whole = (
        [outline for step in outlines.trace(part, 0.5) for outline in step.finished]
        for part in (bands, [(0, codes)])
    )
    mask = (codes >= 127) & (codes != 255)
    polygons = outlines.polygons(cut)
    assert all(type(polygon) is shapely.Polygon and polygon.is_valid for polygon in polygons)
    assert set(shapely.to_wkb(polygons)) == set(shapely.to_wkb(outlines.polygons(whole)))
    labels = np.zeros(codes.shape, np.int32)
    if len(polygons):
        rasterize(((polygon, n) for n, polygon in enumerate(polygons, 1)), out=labels)
    assert ((labels > 0) == mask).all()
    for number, (outline, polygon) in enumerate(zip(cut, polygons, strict=True), 1):
        pixels = labels == number
        assert polygon.area == outline.pixels == pixels.sum()
        assert outline.total == codes[pixels].sum(dtype=int)
    across = (labels[:, 1:] != labels[:, :-1]) & mask[:, 1:] & mask[:, :-1]
    down = (labels[1:] != labels[:-1]) & mask[1:] & mask[:-1]
    assert not across.any()
    assert not down.any()


def test_polygons_and_mask_always_agree(outline, tmp_path):
    random = np.random.default_rng(0)
    probability, valid = random.random((90, 80)), random.random((90, 80)) > 0.1
    for threshold in (0.05, 0.3, 0.5, 0.77, 1.0):
        summary, polygons, columns = outline(probability, threshold=threshold, valid=valid)
        write_mask(tmp_path / "p.tif", tmp_path / "m.tif", threshold)
        with rasterio.open(tmp_path / "m.tif") as dataset:
            mask = dataset.read(1) == 1
        assert sum(polygon.area for polygon in polygons) == mask.sum()
        assert summary.count == len(polygons)
        assert (columns["score"] >= threshold - 1 / 254).all()


def test_small_objects_can_be_left_out(outline):
    probability = square()
    probability[0, 0] = 1
    probability[5, 5:7] = 1

    def count(minimum, **place):
        return outline(probability, shape=Shape(minimum_area=minimum), **place)[0].count

    # Square metres, of which a pixel has a little more than one here.
    assert [count(area) for area in (0, 1, 1.01, 2, 2.01, 100, 101)] == [3, 3, 2, 2, 1, 1, 0]
    half_metres = Affine(0.5, 0, 500_000, 0, -0.5, 5_000_000)
    assert [count(area, transform=half_metres) for area in (0.25, 0.26, 25, 26)] == [3, 2, 1, 0]
    # Without a CRS nobody knows metres: square pixels.
    nobody = {"crs": None, "facts": {"resolution": None}}
    assert [count(area, **nobody) for area in (1, 1.01, 2, 2.01, 100, 100.01)] == [3, 2, 2, 1, 1, 0]
    # Unless somebody tells them: 0.3 m a pixel.
    told = {"crs": None, "facts": {"resolution": 0.3}}
    assert [count(area, **told) for area in (0.09, 0.091, 0.18, 9, 9.01)] == [3, 2, 2, 1, 0]


def test_simplified_polygons_lie_where_the_exact_ones_do(outline):
    y, x = np.mgrid[:40, :50]
    disc = (x - 25) ** 2 + (y - 20) ** 2 < 15**2
    turned = Affine.translation(5e5, 5e6) @ Affine.rotation(33) @ Affine.scale(0.3, -0.3)
    _, [exact], _ = outline(disc, turned)
    summary, [drawn], columns = outline(disc, turned, shape=Shape(simplify=1.5))
    assert shapely.get_num_coordinates(drawn) < shapely.get_num_coordinates(exact) / 3
    assert shapely.hausdorff_distance(exact, drawn) <= 1.5 * 0.3
    # What is told is the area of what is drawn.
    assert columns["area_m2"] == pytest.approx([drawn.area / 0.9996**2], rel=1e-6)
    assert summary.area_m2 == columns["area_m2"][0]


def test_right_angles_are_right_on_the_ground_where_pixels_are_not_square(outline):
    # At 60 degrees north a pixel of 1e-5 degrees is 0.56 m wide and 1.11 m high.
    transform, metres = Affine(1e-5, 0, 13, 0, -1e-5, 60), np.array([0.5580, 1.1141])
    y, x = np.mgrid[:60, :120]
    east, north = x * metres[0] - 30, y * metres[1] - 30
    turned = np.abs(east * 0.8 + north * 0.6) < 12
    building = turned & (np.abs(north * 0.8 - east * 0.6) < 20)
    _, [polygon], _ = outline(
        building, transform, CRS.from_epsg(4326), shape=Shape(right_angles=True)
    )
    corners = shapely.get_coordinates(polygon) * 1e5 * metres
    walls = np.diff(corners, axis=0)
    assert len(walls) == 4
    assert (walls[1:] * walls[:-1]).sum(axis=1) == pytest.approx(0, abs=1)
    assert np.hypot(*walls.T) == pytest.approx([24, 40, 24, 40], abs=1) or np.hypot(
        *walls.T
    ) == pytest.approx([40, 24, 40, 24], abs=1)


def test_more_objects_than_are_written_at_once(outline, monkeypatch):
    monkeypatch.setattr("engine.vector.polygons.FEATURES_AT_ONCE", 7)
    probability = np.zeros((20, 20))
    probability[::2, ::2] = 1
    summary, polygons, _ = outline(probability)
    assert summary.count == len(polygons) == 100
    assert shapely.union_all(polygons).area == 100


def test_nothing_found_is_an_empty_layer_with_its_fields(outline):
    summary, polygons, columns = outline(square(value=0.4))
    assert summary == PolygonSummary(0, 0.0)
    assert len(polygons) == 0
    assert set(columns) == {*FACTS, "score", "area_m2"}


# Whole or not at all


def test_progress_ends_with_all_rows(outline, monkeypatch):
    monkeypatch.setattr(storage, "PIXELS_AT_ONCE", 1)
    told = []
    outline(np.zeros((600, 10)), progress=lambda done, total: told.append((done, total)))
    assert told == [(256, 600), (512, 600), (600, 600)]


def test_cancelling_leaves_the_old_layer(outline, tmp_path):
    outline(square())
    with pytest.raises(Cancelled):
        outline(np.zeros((40, 50)), cancelled=lambda: True)
    assert pyogrio.read_info(tmp_path / "s.gpkg", layer="segments")["features"] == 1
    assert sorted(os.listdir(tmp_path)) == ["p.tif", "s.gpkg"]


def test_an_older_result_is_replaced_not_added_to(outline):
    outline(square())
    assert outline(square())[0].count == len(outline(square())[1]) == 1


def test_a_database_that_is_open_elsewhere_is_left_alone(outline, tmp_path):
    outline(square())
    connection = sqlite3.connect(tmp_path / "s.gpkg")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE kept (value)")
    with pytest.raises(OutputError, match="open in another program"):
        outline(square())
    connection.execute("INSERT INTO kept VALUES (7)")
    connection.commit()
    connection.close()
    after = sqlite3.connect(tmp_path / "s.gpkg")
    assert after.execute("SELECT value FROM kept").fetchall() == [(7,)]
    assert after.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize("threshold", [-1, 2, float("nan")])
def test_thresholds_that_are_no_probabilities_are_refused(outline, threshold):
    with pytest.raises(InputError, match="threshold"):
        outline(square(), threshold=threshold)


def test_probabilities_that_are_missing_are_named(tmp_path):
    with pytest.raises(RasterError, match=r"none\.tif"):
        write_polygons(tmp_path / "none.tif", tmp_path / "s.gpkg", 0.5, {})
