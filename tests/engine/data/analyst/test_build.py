"""From an analyst's layers to a set of samples that can be trained on."""

from __future__ import annotations

import errno
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from PIL import Image

from engine.data.analyst.build import LabelledLayer, SampleSettings, build
from engine.data.audit import EMPTY_MASK, audit
from engine.data.formats import jsonl
from engine.data.referring import ReferringViews
from engine.errors import Cancelled, InputError, OutputError, RasterError
from engine.presentation.picture import YELLOW
from engine.raster.source import Source
from engine.training.config import read as read_config
from engine.training.data import training_data
from tests.engine.data.analyst.layers import METRE, UTM, grid_of_squares, layer, polygons, raster

SETTINGS = SampleSettings(view=64, block=1, negatives=0)
SQUARES = grid_of_squares(640, 480, 80, 16)


def samples(folder: Path) -> list:
    return list(jsonl.read(folder / "annotations.jsonl", folder))


def red(path: Path) -> np.ndarray:
    with rasterio.open(path) as image:
        return image.read(1) > 200


def names(*choices: str) -> list[str]:
    return [choices[number % len(choices)] for number in range(len(SQUARES))]


TURNED = Affine.translation(500_000, 5_000_000) @ Affine.rotation(30) @ Affine.scale(0.5, -0.5)


@pytest.mark.parametrize(
    ("transform", "crs", "to"),
    [
        (METRE, "EPSG:32633", "EPSG:32633"),
        (METRE, "EPSG:32633", "EPSG:4326"),
        (TURNED, "EPSG:32633", "EPSG:3857"),
        (Affine(1e-5, 0, 15, 0, -1e-5, 45), "EPSG:4326", "EPSG:32633"),
        (Affine(1, 0, 0, 0, -1, 0), None, None),
    ],
)
def test_masks_lie_on_what_was_drawn_whatever_the_crs(tmp_path, transform, crs, to):
    source = raster(tmp_path / "r.tif", shapes=SQUARES, transform=transform, crs=crs)
    drawn = polygons(tmp_path / "p.gpkg", SQUARES, names("roof"), transform, crs, to)
    report = build([LabelledLayer(source, drawn, field="name")], SETTINGS, tmp_path / "out")

    found = samples(tmp_path / "out")
    assert len(found) == sum(report.samples.values()) > 20
    with rasterio.open(source.path) as whole:
        for sample in found:
            assert np.array_equal(sample.mask, red(sample.image))
            with rasterio.open(sample.image) as view:
                assert view.crs == whole.crs
                col, row = (round(at) for at in ~whole.transform @ (view.transform @ (0, 0)))
                part = whole.read(window=((row, row + 64), (col, col + 64)))
                assert np.array_equal(view.read(), part), "a view lies where it was cut"


def test_polygons_of_one_expression_are_one_mask_and_overlaps_belong_to_both(tmp_path):
    shapes = [shapely.box(20, 20, 30, 30), shapely.box(36, 20, 46, 30), shapely.box(25, 20, 40, 26)]
    made = layer(tmp_path, shapes, ["roof", "Roof", "tarpaulin"], width=64, height=64)
    build([made], SETTINGS, tmp_path / "out")
    masks = {sample.expression: sample.mask for sample in samples(tmp_path / "out")}
    assert set(masks) == {"roof", "tarpaulin"}
    assert masks["roof"].sum() == 200
    assert masks["tarpaulin"].sum() == 90
    assert (masks["roof"] & masks["tarpaulin"]).sum() == 5 * 6 + 4 * 6


def test_what_cannot_be_used_is_listed_with_its_reason(tmp_path):
    hole = shapely.box(100, 100, 140, 140).difference(shapely.box(110, 110, 130, 130))
    shapes = [
        shapely.Polygon([(20, 20), (40, 40), (40, 20), (20, 40)]),  # a bow-tie
        shapely.MultiPolygon([shapely.box(60, 60, 70, 70), shapely.box(80, 60, 90, 70)]),
        hole,
        shapely.box(900, 900, 950, 950),
        None,
        shapely.Polygon(),
        shapely.LineString([(1, 1), (50, 50)]),
        shapely.box(200, 200, 220, 220),
        shapely.box(250, 200, 270, 220),
        shapely.box(300.6, 200.6, 300.9, 200.9),
        shapely.box(-50, 300, 3, 340),
    ]
    texts = ["tent", "tent", "yard", "tent", "a", "b", "c", None, "  ", "speck", "shed"]
    drawn = polygons(tmp_path / "p.gpkg", shapes, texts)
    made = LabelledLayer(raster(tmp_path / "r.tif"), drawn, field="name")
    report = build([made], replace(SETTINGS, view=96, validation=0), tmp_path / "out")

    left = {n - 1: each.reason for each in report.skipped for n in each.features}
    assert {n: reason.split(",")[0] for n, reason in left.items()} == {
        3: "outside the raster",
        4: "no geometry",
        5: "no geometry",
        6: "no polygon",
        7: "no expression",
        8: "no expression",
        9: "smaller than a pixel",
        10: "mostly outside the raster",
    }
    assert report.features == 11
    assert report.used == 3
    assert list(report.repaired.values()) == [(1,)]
    largest = {}
    for sample in samples(tmp_path / "out"):
        largest[sample.expression] = max(largest.get(sample.expression, 0), sample.mask.sum())
    assert largest["yard"] == 40 * 40 - 20 * 20, "a hole stays a hole"
    assert abs(largest["tent"] - 400) <= 20, "both wings of the bow-tie, both parts"
    assert any("left out" in warning for warning in report.warnings)
    assert any("repaired" in warning for warning in report.warnings)


def test_the_folder_is_a_data_set_without_a_fault_that_training_takes(tmp_path):
    settings = replace(SETTINGS, negatives=0.2, variants=True)
    squares = [*SQUARES[:16], *SQUARES[30:]]
    made = layer(tmp_path, squares, names("roof", "well")[: len(squares)])
    report = build([made], settings, tmp_path / "out")
    found = audit(samples(tmp_path / "out"))
    assert found.errors == []
    assert {problem.kind for problem in found.problems} <= {EMPTY_MASK}
    assert found.counts.total() == sum(report.samples.values())

    config = tmp_path / "run.toml"
    config.write_text(
        f'model = "rsrefseg2-compact"\nout = "{tmp_path}/run"\nside = 64\n'
        f'[data]\nformat = "jsonl"\nannotations = "{tmp_path}/out/annotations.jsonl"\n'
        "[optimiser]\nsteps = 3\nbatch = 2\n"
    )
    data = training_data(read_config(config))
    batch = data.batches(0, 3, 0, 1).batch(0)
    assert batch.pixels.shape == (2, 3, 64, 64)
    assert len(data.views) == report.samples["val"] > 0


def test_the_folder_lists_its_files_and_can_be_moved(tmp_path):
    report = build([layer(tmp_path, SQUARES, names("roof", "well"))], SETTINGS, tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "moved")
    files = {
        p.relative_to(tmp_path / "moved").as_posix()
        for p in (tmp_path / "moved").rglob("*")
        if p.is_file()
    }
    assert files == set(report.files)
    stored = json.loads((tmp_path / "moved" / "report.json").read_text())
    assert stored == {k: v for k, v in report.to_dict().items() if k != "folder"}
    assert all(sample.image.is_file() for sample in samples(tmp_path / "moved"))
    assert list(tmp_path.glob(".partial*")) == []


def test_every_expression_is_counted_on_both_sides(tmp_path):
    report = build([layer(tmp_path, SQUARES, names("roof", "well"))], SETTINGS, tmp_path / "out")
    assert set(report.counts) == {"roof", "well"}
    for counts in report.counts.values():
        assert counts["train"] > counts["val"] > 0
    for split in ("train", "val"):
        images = {s.image for s in samples(tmp_path / "out") if s.split == split}
        assert len(images) == report.views[split]


def test_negatives_show_nothing_that_is_drawn_and_mean_nothing(tmp_path):
    squares = SQUARES[:24]
    unnamed = shapely.box(0, 300, 300, 480)
    made = layer(tmp_path, [*squares, unnamed], [*["roof", "well"] * 12, None])
    settings = replace(SETTINGS, negatives=0.3)
    report = build([made], settings, tmp_path / "out")
    absent = [sample for sample in samples(tmp_path / "out") if sample.kind == "absent"]
    assert len(absent) == sum(report.negatives.values()) > 3
    for sample in absent:
        assert sample.expression in ("roof", "well")
        assert not sample.mask.any()
        assert not red(sample.image).any(), "not even an object without a name"
    without = build([made], replace(settings, complete=False), tmp_path / "open")
    assert sum(without.negatives.values()) == 0


def test_views_without_data_are_no_negatives(tmp_path):
    pixels = np.zeros((3, 480, 640), np.uint8)
    pixels[:, :, :320] = 90
    with rasterio.open(
        tmp_path / "r.tif",
        "w",
        driver="GTiff",
        width=640,
        height=480,
        count=3,
        dtype="uint8",
        nodata=0,
        crs="EPSG:32633",
        transform=METRE,
    ) as image:
        image.write(pixels)
    squares = [s for s in SQUARES if s.bounds[1] < 200]
    drawn = polygons(tmp_path / "p.gpkg", squares, ["roof"] * len(squares))
    made = LabelledLayer(Source(str(tmp_path / "r.tif")), drawn, field="name")
    report = build([made], replace(SETTINGS, negatives=0.3), tmp_path / "out")
    for sample in samples(tmp_path / "out"):
        with rasterio.open(sample.image) as view:
            assert (view.read(1) > 0).mean() > (0.9 if sample.kind == "absent" else 0.1)
    nowhere = [n for each in report.skipped for n in each.features if "no data" in each.reason]
    assert {squares[n - 1].bounds[0] >= 320 for n in nowhere} == {True}


def test_variants_are_made_of_nouns_and_sentences_stay_as_they_are(tmp_path):
    sentence = "the collapsed roof beside the church"
    squares = grid_of_squares(640, 480, 40, 10)
    texts = [sentence if number % 9 == 0 else "Tank" for number in range(len(squares))]
    made = layer(tmp_path, squares, texts)
    build([made], replace(SETTINGS, variants=True, view=128), tmp_path / "out")
    found = samples(tmp_path / "out")
    given = {(s.image, s.category): s.mask for s in found if s.kind == "given"}
    variants = [s for s in found if s.kind != "given"]
    assert len(variants) > 20
    assert {s.kind for s in variants} >= {"all", "position", "region"}
    for sample in variants:
        assert sample.category == "Tank"
        assert "tank" in sample.expression.lower()
        whole = given[sample.image, "Tank"]
        assert sample.mask.any()
        assert not (sample.mask & ~whole).any()
        if sample.kind == "all":
            assert np.array_equal(sample.mask, whole)
    assert {s.expression for s in found if s.category == sentence} == {sentence}


def test_views_are_cut_at_the_resolution_that_is_asked_for(tmp_path):
    fine = Affine(0.5, 0, 500_000, 0, -0.5, 5_000_000)
    source = raster(tmp_path / "r.tif", shapes=SQUARES, transform=fine)
    drawn = polygons(tmp_path / "p.gpkg", SQUARES, names("roof"), fine)
    made = LabelledLayer(source, drawn, field="name")
    report = build([made], replace(SETTINGS, resolution=1.0, view=32), tmp_path / "out")
    assert report.resolution == pytest.approx(1)
    (facts,) = report.rasters
    assert facts.own_resolution == pytest.approx(0.5)
    whole = [s.mask.sum() for s in samples(tmp_path / "out")]
    assert np.median(whole) == 64, "16 pixels of half a metre are 8 of one"
    with rasterio.open(samples(tmp_path / "out")[0].image) as view:
        assert view.res == pytest.approx((1, 1))
    as_the_model = build([made], replace(SETTINGS, finest=1.5, view=32), tmp_path / "as-the-model")
    assert as_the_model.resolution == pytest.approx(1.5, rel=0.01)
    own = build([made], replace(SETTINGS, finest=0.1, view=32), tmp_path / "own")
    assert own.resolution == pytest.approx(0.5)
    finer = build([made], replace(SETTINGS, resolution=0.2, most=3), tmp_path / "finer")
    assert any("no more than the raster" in warning for warning in finer.warnings)


def test_pixels_of_unknown_size_are_those_of_the_views_and_that_is_told(tmp_path):
    source = raster(tmp_path / "r.tif", shapes=SQUARES, crs=None)
    drawn = polygons(tmp_path / "p.gpkg", SQUARES, names("roof"), to=None)
    for number, asked in enumerate((None, 0.3)):
        made = LabelledLayer(source, drawn, field="name")
        settings = replace(SETTINGS, resolution=asked, most=3)
        report = build([made], settings, tmp_path / f"out-{number}")
        assert report.resolution == (asked and pytest.approx(asked))
        assert any("has no CRS" in warning for warning in report.warnings)
    made = LabelledLayer(replace(source, pixel_size=0.3), drawn, field="name")
    told = build([made], replace(SETTINGS, most=3), tmp_path / "told")
    assert told.resolution == pytest.approx(0.3)
    assert not any("has no CRS" in warning for warning in told.warnings)


def test_polygons_lie_on_a_raster_in_the_crs_that_is_told_of_it(tmp_path):
    source = replace(raster(tmp_path / "r.tif", shapes=SQUARES, crs=None), crs=UTM)
    drawn = polygons(tmp_path / "p.gpkg", SQUARES, names("roof"), to="EPSG:4326")
    report = build([LabelledLayer(source, drawn, field="name")], SETTINGS, tmp_path / "out")
    whole = [s.mask.sum() for s in samples(tmp_path / "out")]
    assert np.median(whole) == 256
    assert report.resolution == pytest.approx(1)


def test_an_object_larger_than_a_view_is_shown_in_several(tmp_path):
    wood = shapely.box(50, 50, 420, 400)
    report = build([layer(tmp_path, [wood], ["wood"])], SETTINGS, tmp_path / "out")
    found = samples(tmp_path / "out")
    assert len(found) == 16
    assert len({s.split for s in found}) == 1
    assert all(np.array_equal(s.mask, red(s.image)) for s in found)
    assert any("larger than a view" in warning for warning in report.warnings)


def test_warnings_say_what_a_person_should_do(tmp_path):
    tiny = grid_of_squares(640, 480, 80, 3)
    report = build([layer(tmp_path, tiny[:6], ["well"] * 6)], SETTINGS, tmp_path / "out")
    told = " ".join(report.warnings)
    for words in ("Few objects", "“well” (6)", "only one expression", "too small to be found"):
        assert words in told
    (tmp_path / "b").mkdir()
    places = layer(tmp_path / "b", SQUARES, names("the roof at the left", "12"))
    told = " ".join(build([places], SETTINGS, tmp_path / "b" / "out").warnings)
    for words in ("speaks of place", "is no word"):
        assert words in told


def test_a_raster_too_small_to_hold_anything_out_is_said_so(tmp_path):
    made = layer(tmp_path, [shapely.box(10, 10, 20, 20)], ["roof"], width=70, height=60)
    report = build([made], SETTINGS, tmp_path / "out")
    assert report.samples == {"train": 1, "val": 0}
    assert any("Nothing is held out" in warning for warning in report.warnings)


def test_the_same_seed_gives_the_same_set(tmp_path):
    made = layer(tmp_path, SQUARES[:12], names("roof", "well")[:12])
    settings = replace(SETTINGS, variants=True, negatives=0.2)
    for name in ("a", "b"):
        build([made], settings, tmp_path / name)
    build([made], replace(settings, seed=1), tmp_path / "c")
    a, b, c = ((tmp_path / n / "annotations.jsonl").read_bytes() for n in "abc")
    assert a == b != c


def test_previews_outline_what_is_meant(tmp_path):
    report = build([layer(tmp_path, SQUARES, names("roof", "well"))], SETTINGS, tmp_path / "out")
    previews = [name for name in report.files if name.startswith("previews/")]
    assert len(previews) == 24
    for name in previews:
        picture = np.asarray(Image.open(tmp_path / "out" / name))
        assert (picture == YELLOW).all(-1).sum() > 100


def test_layers_on_one_raster_are_looked_at_together(tmp_path):
    made = layer(tmp_path, SQUARES[::2], ["roof"] * len(SQUARES[::2]))
    others = polygons(tmp_path / "more.gpkg", SQUARES[1::2], ["x"] * len(SQUARES[1::2]))
    fixed = LabelledLayer(made.raster, others, expression="well")
    report = build([made, fixed], replace(SETTINGS, view=128), tmp_path / "out")
    assert set(report.counts) == {"roof", "well"}
    about: dict[Path, set[str]] = {}
    for sample in samples(tmp_path / "out"):
        about.setdefault(sample.image, set()).add(sample.expression)
    assert {"roof", "well"} in about.values()


def test_the_number_of_views_is_bounded_and_every_expression_gets_its_turn(tmp_path):
    texts = ["well" if number == 7 else "roof" for number in range(len(SQUARES))]
    report = build([layer(tmp_path, SQUARES, texts)], replace(SETTINGS, most=4), tmp_path / "out")
    assert sum(report.views.values()) == 4
    assert sum(report.counts["well"].values()) == 1
    assert any("largest number of views" in each.reason for each in report.skipped)


@pytest.fixture
def good(tmp_path: Path) -> LabelledLayer:
    return layer(tmp_path, SQUARES, names("roof", "well"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"field": "nmae"}, "no column 'nmae'. It has name"),
        ({"layer": "none"}, "no layer 'none'. It has 'labels'"),
        ({"polygons": Path("/no/such/file.gpkg")}, r"file\.gpkg cannot be read"),
    ],
)
def test_a_wrong_choice_is_named_with_what_there_is(good, tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        build([replace(good, **changes)], SETTINGS, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("shapes", "texts", "message"),
    [
        ([], [], "holds no polygons"),
        ([shapely.box(1, 1, 9, 9)], [""], "column 'name' .* is empty in all"),
        ([shapely.box(9000, 9000, 9009, 9009)], ["a"], "No polygon .* inside .*outside"),
        ([shapely.Point(9, 9)], ["a"], "no polygon"),
        ([shapely.box(9.6, 9.6, 9.9, 9.9)], ["a"], "No view shows"),
    ],
)
def test_layers_without_anything_to_learn_are_refused(tmp_path, shapes, texts, message):
    made = layer(tmp_path, shapes, texts)
    with pytest.raises(InputError, match=message):
        build([made], SETTINGS, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_crs_on_one_side_only_is_refused(tmp_path):
    with_crs, without = raster(tmp_path / "a.tif"), raster(tmp_path / "b.tif", crs=None)
    for source, to in ((with_crs, None), (without, "EPSG:32633")):
        drawn = polygons(tmp_path / f"{to}.gpkg", SQUARES, names("roof"), to=to)
        with pytest.raises(InputError, match=r"has no CRS, but .* has one"):
            build([LabelledLayer(source, drawn, field="name")], SETTINGS, tmp_path / "out")


def test_several_layers_of_polygons_must_be_told_apart(good, tmp_path):
    polygons(good.polygons, SQUARES, names("a"), layer="others", append=True)
    with pytest.raises(InputError, match="Name one: 'labels', 'others'"):
        build([good], SETTINGS, tmp_path / "out")
    report = build([replace(good, layer="others")], SETTINGS, tmp_path / "out")
    assert list(report.counts) == ["a"]


@pytest.mark.parametrize(
    "values",
    [{"view": 0}, {"view": 3.5}, {"negatives": 1}, {"validation": -1}, {"most": 0}, {"x": 1},
     {"variants": "yes"}, {"resolution": -1}, {"seed": -1}],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(values):
    with pytest.raises(InputError):
        SampleSettings.from_dict(values)


def test_a_layer_has_a_column_or_an_expression():
    for given in ({}, {"field": "name", "expression": "roof"}):
        with pytest.raises(InputError, match="either"):
            LabelledLayer(Source("r.tif"), Path("p.gpkg"), **given)
    values = {"raster": {"path": "r.tif"}, "polygons": "p.gpkg", "field": "name"}
    assert LabelledLayer.from_dict(values).polygons == Path("p.gpkg")
    with pytest.raises(InputError, match="is wrong"):
        LabelledLayer.from_dict({**values, "colour": "red"})


def left_behind(folder: Path) -> list[Path]:
    return [*folder.glob("out*"), *folder.glob(".partial*")]


def test_cancelling_at_any_stage_leaves_nothing(good, tmp_path):
    stages: dict[str, int] = {}
    seen: list[str] = []
    build([good], replace(SETTINGS, negatives=0.1, view=32), tmp_path / "whole",
          progress=lambda step: seen.append(step.stage))  # fmt: skip
    for stage in dict.fromkeys(seen):
        stages[stage] = 0

        def count(step, stage=stage):
            stages[stage] += step.stage == stage

        with pytest.raises(Cancelled):
            build([good], replace(SETTINGS, negatives=0.1, view=32), tmp_path / "out",
                  progress=count, cancelled=lambda stage=stage: stages[stage] > 0)  # fmt: skip
    assert set(stages) == {"layers", "places", "views", "negatives", "previews"}
    assert left_behind(tmp_path) == []


def test_a_full_disk_leaves_nothing(good, tmp_path, monkeypatch):
    write, written = Path.write_bytes, []

    def full(path: Path, content: bytes) -> int:
        written.append(path)
        if len(written) > 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match=r"out cannot be written: .*No space left"):
        build([good], SETTINGS, tmp_path / "out")
    assert left_behind(tmp_path) == []


def test_a_raster_that_breaks_on_the_way_leaves_nothing(good, tmp_path):
    def cut_off(step):
        if step.stage == "views" and step.done == 0:
            with open(good.raster.path, "r+b") as file:
                file.truncate(2000)

    with pytest.raises(RasterError, match=r"raster\.tif cannot be read"):
        build([good], SETTINGS, tmp_path / "out", progress=cut_off)
    assert left_behind(tmp_path) == []


def test_a_raster_that_is_gone_is_named(good, tmp_path):
    Path(good.raster.path).unlink()
    with pytest.raises(RasterError, match=r"raster\.tif cannot be read"):
        build([good], SETTINGS, tmp_path / "out")
    assert left_behind(tmp_path) == []


def test_a_folder_that_holds_something_is_left_alone(good, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.odt").write_text("years")
    with pytest.raises(OutputError, match="holds something already"):
        build([good], SETTINGS, tmp_path / "out")
    assert (tmp_path / "out" / "thesis.odt").read_text() == "years"
    (tmp_path / "empty").mkdir()
    assert build([good], SETTINGS, tmp_path / "empty").folder == tmp_path / "empty"


def test_validation_views_find_their_objects(good, tmp_path):
    build([good], SETTINGS, tmp_path / "out")
    views = ReferringViews([s for s in samples(tmp_path / "out") if s.split == "val"], 64, "pad")
    for view in views:
        (expression,) = view.expressions
        assert expression.kind == "given"
        assert view.mask(expression).any()


def test_a_raster_that_changes_meanwhile_gives_no_samples(tmp_path):
    source = raster(tmp_path / "r.tif", shapes=SQUARES)
    drawn = polygons(tmp_path / "p.gpkg", SQUARES, names("roof"))
    made = LabelledLayer(source, drawn, field="name")

    def change(step):
        if step.stage == "previews":
            raster(tmp_path / "r.tif")

    with pytest.raises(RasterError, match=r"r\.tif was changed while it was read"):
        build([made], SETTINGS, tmp_path / "out", progress=change)
    assert not (tmp_path / "out").exists()
