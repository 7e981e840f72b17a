"""The engine's own methods in a real worker: `python -m engine serve`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch
from rasterio import Affine

from engine.errors import InputError, ModelError, OutputError, RasterError
from engine.models import zoo
from engine.service.client import EngineClient, EngineFailure, clean_environment
from engine.service.methods import Methods
from tests.engine.data.analyst import layers

ROOT = Path(__file__).resolve().parents[3]
MODEL = "rsrefseg2-compact"


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineClient]:
    command = [sys.executable, "-m", "engine", "serve"]
    client = EngineClient(command, clean_environment(os.environ), ROOT)
    client.facts = client.start()
    yield client
    client.close()


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    path = tmp_path / "scene.tif"
    pixels = np.random.default_rng(7).integers(0, 255, (3, 96, 128), dtype=np.uint8)
    place = {"crs": "EPSG:32617", "transform": Affine(0.5, 0, 500_000, 0, -0.5, 4_000_000)}
    shape = {"count": 3, "height": 96, "width": 128, "dtype": "uint8"}
    with rasterio.open(path, "w", driver="GTiff", **place, **shape) as raster:
        raster.write(pixels)
    return path


def request(scene: Path, folder: Path, **changes: object) -> dict:
    return {
        "source": {"path": str(scene)},
        "expression": "the storage tank",
        "model": MODEL,
        "out": str(folder),
        "device": "cpu",
        **changes,
    }


def test_the_handshake_tells_what_computes(engine):
    facts = engine.facts

    assert facts["device"] == ("cuda" if torch.cuda.is_available() else "cpu")
    assert facts["memory_bytes"] > 0
    assert facts["libraries"]["torch"].startswith("2.")
    assert facts["python"] == ".".join(map(str, sys.version_info[:3]))


def test_every_card_is_listed(engine):
    assert [card["id"] for card in engine.request("models").result()] == [
        card.id for card in zoo.cards()
    ]


def test_an_expression_is_checked_against_what_the_model_knows(engine):
    def check(expression: str) -> dict:
        return engine.request("check", {"expression": expression, "model": MODEL}).result()

    assert check("the storage tank")["unknown"] is False
    assert check("xylophone")["unknown"] is True


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"model": "no-such-model"}, ModelError),
        ({"source": {"path": "/no/such/scene.tif"}}, RasterError),
        ({"source": {"file": "scene.tif"}}, InputError),
        ({"expression": "  "}, InputError),
        ({"threshold": 1.5}, InputError),
        ({"shape": {"simplify": -1}}, InputError),
        ({"device": "abacus"}, InputError),
        ({"out": __file__}, OutputError),
    ],
)
def test_a_request_that_cannot_be_met_fails_with_its_kind_of_error(
    engine, scene, tmp_path, changes, error
):
    with pytest.raises(EngineFailure) as failure:
        engine.request("segment", request(scene, tmp_path, **changes)).result()
    assert failure.value.code == error.code


@pytest.mark.parametrize("name", ["probability.tif", "mask.tif", "polygons.gpkg"])
def test_a_source_that_is_an_output_is_refused_before_the_model_is_loaded(engine, scene, name):
    source = scene.rename(scene.with_name(name))
    with pytest.raises(EngineFailure, match="would be written over") as failure:
        engine.request("segment", request(source, scene.parent, model="no-such-model")).result()
    assert failure.value.code == OutputError.code


RELATIVE = "resources/scenes/airport.tif"
"""A file in the folder that the engine works in."""


def takers() -> list[tuple[str, str]]:
    """Every method, with every parameter of it that is a path."""
    return [
        (name, parameter)
        for name, method in vars(Methods).items()
        for parameter, kind in getattr(method, "__annotations__", {}).items()
        if "Whole" in str(kind)
    ]


def test_no_method_takes_a_path_that_may_be_relative():
    kinds = [
        kind for m in vars(Methods).values() for kind in getattr(m, "__annotations__", {}).values()
    ]
    assert not any("Path" in str(kind) for kind in kinds)
    assert len(takers()) == 12


@pytest.mark.parametrize(("method", "name"), takers())
def test_a_relative_path_is_refused(engine, scene, method, name):
    usual = {
        "segment": request(scene, Path("/out")),
        "rethreshold": {"probability": "/p.tif", "out": "/out", "threshold": 0.5},
        "samples": {"layers": [], "out": "/out"},
        "export_model": {"model": MODEL, "path": "/model.zip"},
        "import_model": {"path": "/model.zip"},
        "presets": {"samples": "/samples", "base": MODEL},
        "finetune": {"job": "/job"},
        "finish_finetuning": {"job": "/job"},
        "evaluate": {"model": MODEL, "annotations": "/a.jsonl", "out": "/out", "images": "/i"},
    }
    with pytest.raises(EngineFailure, match=f"{RELATIVE} is a relative path") as failure:
        engine.request(method, {**usual[method], name: RELATIVE}).result()
    assert failure.value.code == InputError.code


@pytest.mark.parametrize("name", ["a" * 300, "a\0b", "\ud800"], ids=["long", "null", "surrogate"])
@pytest.mark.parametrize("method", ["segment", "export_model", "import_model"])
def test_a_path_that_nothing_can_have_is_refused_in_words(engine, scene, method, name):
    path = f"/{name}"
    params = {
        "segment": {**request(scene, Path("/out")), "out": path},
        "export_model": {"model": MODEL, "path": path},
        "import_model": {"path": path},
    }[method]
    with pytest.raises(EngineFailure, match="is no path of this computer") as failure:
        engine.request(method, params).result()
    assert failure.value.code == InputError.code


@pytest.mark.parametrize("path", [RELATIVE, f"./{RELATIVE}", f"engine/../{RELATIVE}"])
def test_a_raster_by_a_relative_path_is_refused_although_it_is_there(engine, tmp_path, path):
    assert (ROOT / path).is_file()
    out = tmp_path / "out"
    with pytest.raises(EngineFailure, match="is a relative path"):
        engine.request("segment", request(path, out)).result()
    layer = {"raster": {"path": path}, "polygons": "/drawn.gpkg", "expression": "roof"}
    with pytest.raises(EngineFailure, match="is a relative path"):
        engine.request("samples", {"layers": [layer], "out": str(out)}).result()
    layer = {"raster": {"path": "/a.tif"}, "polygons": "drawn.gpkg", "expression": "roof"}
    with pytest.raises(EngineFailure, match=r"drawn\.gpkg is a relative path"):
        engine.request("samples", {"layers": [layer], "out": str(out)}).result()
    assert not out.exists()


def test_a_segmentation_and_another_threshold_without_a_model(engine, scene, tmp_path):
    stages = []
    first = engine.request(
        "segment", request(scene, tmp_path / "first"), lambda step: stages.append(step["stage"])
    ).result()
    params = {"probability": first["probability"], "out": str(tmp_path / "again"), "threshold": 0.5}
    again = engine.request("rethreshold", params).result()

    assert stages[0] == "model"
    with rasterio.open(first["probability"]) as raster, rasterio.open(scene) as source:
        assert (raster.shape, raster.transform, raster.crs) == (
            source.shape,
            source.transform,
            source.crs,
        )
    with rasterio.open(first["mask"]) as one, rasterio.open(again["mask"]) as other:
        np.testing.assert_array_equal(one.read(), other.read())
    large = engine.request("rethreshold", {**params, "shape": {"minimum_area": 1e9}}).result()
    assert (large["count"], large["shape"]["minimum_area"]) == (0, 1e9)
    same = ("count", "area_m2", "expression", "model", "weights_sha256")
    assert {name: again[name] for name in same} == {name: first[name] for name in same}
    assert first["model"] == MODEL


def test_samples_are_made_from_layers(engine, tmp_path):
    squares = layers.grid_of_squares(640, 480, 80, 16)
    made = layers.layer(tmp_path, squares, ["roof"] * len(squares))
    drawn = {
        "raster": made.raster.to_dict(),
        "polygons": str(made.polygons),
        "field": made.field,
    }
    stages = []
    params = {
        "layers": [drawn],
        "out": str(tmp_path / "samples"),
        "settings": {"view": 64, "block": 1},
    }
    report = engine.request("samples", params, lambda step: stages.append(step["stage"])).result()
    assert stages[0] == "layers"
    assert report["counts"]["roof"]["val"] > 0
    assert all((tmp_path / "samples" / name).is_file() for name in report["files"])
    for wrong in ({"settings": {"colour": "red"}}, {"layers": [{**drawn, "field": "none"}]}):
        with pytest.raises(EngineFailure) as failure:
            engine.request("samples", {**params, "out": str(tmp_path / "b"), **wrong}).result()
        assert failure.value.code == InputError.code
