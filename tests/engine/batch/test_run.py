"""One expression, many sources: what becomes of each, and when it is done again."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from rasterio.shutil import copy

from engine.batch.lazy_model import LazyModel
from engine.batch.run import Job, Outcome, attempt, folder_name, run
from engine.errors import ModelError
from engine.models.folders import MODELS_VARIABLE
from engine.raster.source import Source
from engine.systems import loading
from engine.vector.shape import EXACT
from tests.engine.painting import Oracle, painted, truth, write


def lazy(segmenter: Oracle) -> LazyModel:
    model = LazyModel("rsrefseg2-compact", "cpu")
    model.segmenter = segmenter
    return model


@pytest.fixture
def job(tmp_path: Path) -> Job:
    source = Source(write(tmp_path / "scene.tif", painted(truth())))
    return Job(
        source, "the ship", "rsrefseg2-compact", "cpu", 0.5, EXACT, tmp_path / "out", seen=True
    )


def states(job: Job, *later: Job, model: LazyModel | None = None) -> list[str]:
    """The states of a job and of others after it."""
    return [attempt(each, model or lazy(Oracle())).state for each in (job, *later)]


def test_an_outcome_tells_what_was_found(job: Job) -> None:
    outcome = attempt(job, lazy(Oracle()))
    assert (outcome.source, outcome.state, outcome.polygons) == (job.source.path, "done", 5)
    assert outcome.area_m2 == pytest.approx(truth().sum() * 0.3**2 / 0.9996**2, rel=1e-5)
    with rasterio.open(job.folder / "mask.tif") as mask:
        assert np.array_equal(mask.read(1), truth())
    earlier = attempt(job, lazy(Oracle()))
    assert earlier == replace(outcome, state="skipped", seconds=earlier.seconds)


@pytest.mark.parametrize("name", [f"{'a' * 251}.tif", f"{'b' * 246}.tif"])
def test_a_name_as_long_as_the_disk_takes_is_a_source_like_others(job: Job, name: str) -> None:
    path = Path(job.source.path).rename(Path(job.source.path).with_name(name))
    assert states(replace(job, source=Source(str(path)))) == ["done"]


def test_jobs_and_outcomes_survive_the_way_to_a_worker(job: Job) -> None:
    source = Source(job.source.path, extent=(1, 2, 3, 4.5), bands=(3, 2, 1), resolution=0.6)
    for each in (job, replace(job, source=source, again=True)):
        assert Job.from_dict(each.to_dict()) == each
    outcome = Outcome.of(job, "done", polygons=5, area_m2=0.1, warnings=("a", "b"))
    assert Outcome.from_dict(outcome.to_dict()) == outcome


def test_what_was_done_before_is_skipped_and_needs_no_model(job: Job, monkeypatch) -> None:
    attempt(job, lazy(Oracle()))
    written = {path: path.stat().st_mtime_ns for path in job.folder.iterdir()}

    def load(model: str, device: str) -> Oracle:
        raise ModelError("It was loaded.")

    monkeypatch.setattr(loading, "load", load)
    assert states(job, model=LazyModel(job.model, job.device)) == ["skipped"]
    assert {path: path.stat().st_mtime_ns for path in job.folder.iterdir()} == written


@pytest.mark.parametrize(
    "change",
    [
        {"expression": "the red ship"},
        {"threshold": 0.25},
        {"model": "rsrefseg2-large"},
        {"again": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_request_is_done(job: Job, change: dict[str, object]) -> None:
    assert states(job, replace(job, **change)) == ["done", "done"]


@pytest.mark.parametrize(
    "part", [{"bands": (1, 2, 3)}, {"resolution": 0.6}, {"extent": (5e5, 5e6 - 9, 5e5 + 9, 5e6)}]
)
def test_another_part_of_the_raster_is_done(job: Job, part: dict[str, object]) -> None:
    other = replace(job, source=Source(job.source.path, **part))
    assert states(job, other, other, job) == ["done", "done", "skipped", "done"]


def test_a_raster_that_changed_is_done_again(job: Job) -> None:
    assert states(job) == ["done"]
    status = os.stat(job.source.path)
    os.utime(job.source.path, ns=(status.st_atime_ns, status.st_mtime_ns + 1000))
    assert states(job, job) == ["done", "skipped"]


def test_other_weights_of_the_same_model_are_other_results(job: Job) -> None:
    attempt(job, lazy(Oracle()))
    other = lazy(Oracle())
    other.weights = {"compact.safetensors": "f" * 64}
    assert states(job, job, model=other) == ["done", "skipped"]


@pytest.mark.parametrize("name", ["mask.tif", "polygons.gpkg", "probability.tif", "result.json"])
def test_a_result_that_lost_a_file_is_done_again(job: Job, name: str) -> None:
    attempt(job, lazy(Oracle()))
    (job.folder / name).unlink()
    assert states(job, job) == ["done", "skipped"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"request": 1'])
def test_a_record_that_makes_no_sense_is_no_result(job: Job, text: str) -> None:
    attempt(job, lazy(Oracle()))
    (job.folder / "result.json").write_text(text)
    assert states(job, job) == ["done", "skipped"]


class Clumsy(Oracle):
    """Fails at whatever is blue."""

    def encode(self, views, resolution=None):
        if "blue" in self.expression:
            raise TypeError("no blue")
        return super().encode(views, resolution)

    expression = "blue"


def test_a_record_never_tells_of_other_files_than_lie_beside_it(job: Job) -> None:
    """An interrupted run of another request leaves no record of the earlier one."""
    assert states(job) == ["done"]
    other = replace(job, expression="the blue ship")
    assert states(other, model=lazy(Clumsy())) == ["failed"]
    assert states(job) == ["done"]


def test_what_nobody_foresaw_fails_one_source_only(job: Job, tmp_path: Path) -> None:
    other = replace(job, folder=tmp_path / "other")
    model = lazy(Clumsy())
    ended = []
    for outcome in run([job, other], model, lambda: False):
        ended.append(outcome)
        model.segmenter.expression = "red"
    assert [outcome.state for outcome in ended] == ["failed", "done"]
    assert "TypeError: no blue" in ended[0].error


def test_a_source_that_this_computer_does_not_see_is_said_to_be_elsewhere(job: Job) -> None:
    Path(job.source.path).unlink()
    outcome = attempt(job, lazy(Oracle()))
    assert outcome.state == "failed"
    assert "same path" in outcome.error


def test_a_model_that_cannot_be_loaded_ends_the_batch(job: Job, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path))
    with pytest.raises(ModelError, match="not on this machine"):
        attempt(job, LazyModel("rsrefseg2-large", "cpu"))
    assert not job.folder.exists()


NAMES = st.text(min_size=1).filter(lambda name: "\0" not in name)


@given(st.lists(NAMES, unique=True))
def test_folders_have_names_of_their_own_that_every_disk_takes(sources: list[str]) -> None:
    names = [folder_name(source) for source in sources]
    assert len({name.casefold() for name in names}) == len(names)
    assert names == [folder_name(source) for source in sources]
    for name in names:
        assert len(name) <= 73
        assert not set(name) & set('/\\:*?"<>|\0\n ')
        assert name[0] not in ".-"


def test_a_folder_is_named_after_its_raster() -> None:
    assert folder_name("/data/T32 UQD.tif").startswith("T32_UQD-")
    assert folder_name("/data/a/B04.tif") != folder_name("/data/b/B04.tif")


def test_a_part_of_a_virtual_raster_that_changes_is_read_again(job: Job, tmp_path: Path) -> None:
    whole = tmp_path / "whole.vrt"
    copy(job.source.path, whole, driver="VRT")
    virtual = replace(job, source=Source(str(whole)))
    assert states(virtual, virtual) == ["done", "skipped"]
    write(Path(job.source.path), painted(~truth()))
    assert states(virtual, virtual) == ["done", "skipped"]


def test_a_source_that_is_an_output_fails_before_the_model_is_loaded(job: Job) -> None:
    job.folder.mkdir()
    source = Source(write(job.folder / "mask.tif", painted(truth())))
    model = LazyModel("rsrefseg2-compact", "cpu")
    outcome = attempt(replace(job, source=source), model)
    assert outcome.state == "failed"
    assert "is read, and would be written over" in outcome.error
    assert "segmenter" not in vars(model)
