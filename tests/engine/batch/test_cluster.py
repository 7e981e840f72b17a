"""Many rasters on a Dask cluster: processes of this computer, which die as processes do."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import dask
import numpy as np
import pytest
import rasterio
from distributed import LocalCluster

from engine.batch import cluster, worker
from engine.batch.run import Job
from engine.errors import EngineError
from engine.models.folders import MODELS_VARIABLE
from engine.raster.source import Source
from engine.systems import loading
from engine.vector.shape import EXACT
from tests.engine.batch.painted_worker import DEADLY, DEADLY_ONCE, GRAVES
from tests.engine.command.test_segment import Interrupted, mask, report, run, states
from tests.engine.foreign import shell
from tests.engine.forked import forking
from tests.engine.painting import Oracle, painted, truth, write

PRELOAD = str(Path(__file__).with_name("painted_worker.py"))
LIVES = 2
"""Workers that one raster may cost."""


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """Two workers, each a process, whose model sees paint."""
    settings = {
        "distributed.scheduler.allowed-failures": LIVES - 1,
        "distributed.deploy.lost-worker-timeout": "10 minutes",
        "distributed.worker.multiprocessing-method": "forkserver",
    }
    # And the shell that the workers were started in is that of another installation.
    foreign = shell(tmp_path_factory.mktemp("foreign"))
    variables = {
        GRAVES: str(tmp_path_factory.mktemp("graves")),
        # GeoPackages tell when they were written.
        "OGR_CURRENT_DATE": "2026-01-01T00:00:00Z",
    }
    with pytest.MonkeyPatch.context() as patch, dask.config.set(settings):
        for name, value in variables.items():
            patch.setenv(name, value)
        forking()
        # Workers are forked from a process that may be older than the variables.
        with LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            preload=PRELOAD,
            env={**foreign, **variables},
        ) as made:
            yield made


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCluster]:
    """A cluster inside this process, with one worker."""
    worker.model_of.cache_clear()
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
    ) as made:
        yield made
    worker.model_of.cache_clear()


@pytest.fixture
def rasters(tmp_path: Path) -> Path:
    folder = tmp_path / "rasters"
    folder.mkdir()
    for number, name in enumerate("abcde"):
        write(folder / f"{name}.tif", np.roll(painted(truth()), number, axis=2))
    return folder


def poison(path: Path, blue: int) -> None:
    """Paints a dot of which workers die."""
    with rasterio.open(path, "r+") as raster:
        pixels = raster.read()
        pixels[2, 1, 1] = blue
        raster.write(pixels)


def deaths(blue: int) -> int:
    grave = Path(os.environ[GRAVES], str(blue))
    return len(grave.read_text().splitlines()) if grave.exists() else 0


def job(path: Path, folder: Path) -> Job:
    return Job(Source(str(path)), "the ship", "rsrefseg2-compact", "cpu", 0.5, EXACT, folder)


def outputs(out: Path) -> dict[str, bytes]:
    files = (file for file in out.glob("*/*") if file.suffix != ".json")
    return {str(file.relative_to(out)): file.read_bytes() for file in files}


def test_a_cluster_writes_what_one_process_writes(processes, rasters, tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "load", lambda model, device: Oracle())
    whole = (rasters / "c.tif").read_bytes()
    (rasters / "c.tif").write_bytes(whole[: len(whole) // 3])
    one, many = tmp_path / "one", tmp_path / "many"
    address = processes.scheduler_address

    assert run(rasters / "*.tif", "the ship", "--out", one) == 1
    assert run(rasters / "*.tif", "the ship", "--out", many, "--scheduler", address) == 1
    assert len(outputs(one)) == 4 * 3
    assert outputs(many) == outputs(one)
    told, alone = report(many), report(one)
    assert (told["scheduler"], told["states"]) == (address, alone["states"])
    for here, there in zip(alone["outcomes"], told["outcomes"], strict=True):
        same = ("source", "state", "polygons", "area_m2", "warnings", "error")
        assert {name: there[name] for name in same} == {name: here[name] for name in same}

    assert run(rasters / "*.tif", "the ship", "--out", many, "--scheduler", address) == 1
    assert states(many) == ["skipped", "skipped", "failed", "skipped", "skipped"]
    assert run(rasters / "*.tif", "the ship", "--out", many) == 1
    assert states(many) == ["skipped", "skipped", "failed", "skipped", "skipped"]


def test_the_raster_of_a_worker_that_died_is_done_by_another(processes, rasters, tmp_path) -> None:
    poison(rasters / "b.tif", DEADLY_ONCE)
    out, address = tmp_path / "out", processes.scheduler_address
    assert run(rasters / "*.tif", "the ship", "--out", out, "--scheduler", address) == 0
    assert deaths(DEADLY_ONCE) == 1
    assert states(out) == ["done"] * 5
    saved = report(out)["outcomes"][1]
    assert np.array_equal(mask(saved), np.roll(truth(), 1, axis=1))
    assert len(list(Path(saved["folder"]).iterdir())) == 4, "the dead worker's files are gone"


def test_a_raster_that_kills_workers_fails_alone_and_is_not_tried_for_ever(
    processes, rasters, tmp_path
) -> None:
    poison(rasters / "b.tif", DEADLY)
    out, address = tmp_path / "out", processes.scheduler_address
    assert run(rasters / "*.tif", "the ship", "--out", out, "--scheduler", address) == 1
    assert deaths(DEADLY) == LIVES
    first, dead, *others = states(out)
    assert dead == "failed"
    # What a worker had just finished when it died is found by the next one.
    assert {first, *others} <= {"done", "skipped"}
    failed = report(out)["outcomes"][1]
    assert f"b.tif ended the {LIVES} worker processes" in failed["error"]
    left = {path.suffix for path in Path(failed["folder"]).iterdir()}
    assert left.isdisjoint({".tif", ".gpkg", ".json"})


def test_the_threads_of_a_worker_share_a_model_and_take_turns(
    rasters, tmp_path, monkeypatch
) -> None:
    class Meeting(Oracle):
        loads = 0
        met = False
        both = threading.Barrier(2)

        def load(self, model: str, device: str) -> Meeting:
            self.loads += 1
            return self

        def encode(self, views, resolution=None):
            with suppress(threading.BrokenBarrierError):
                self.both.wait(0.5)
                self.met = True
            return super().encode(views, resolution)

    model = Meeting()
    monkeypatch.setattr(loading, "load", model.load)
    jobs = [job(rasters / f"{name}.tif", tmp_path / name).to_dict() for name in "ab"]
    worker.model_of.cache_clear()
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(worker.attempt, jobs))
    worker.model_of.cache_clear()
    assert [outcome["state"] for outcome in outcomes] == ["done", "done"]
    assert (model.loads, model.met) == (1, False)


@pytest.mark.skipif(os.name == "nt", reason="Windows has another Ctrl-C")
def test_ctrl_c_begins_no_other_raster(threads, rasters, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(loading, "load", Interrupted(1).load)
    out, address = tmp_path / "out", threads.scheduler_address
    end = run(rasters / "*.tif", "the ship", "--out", out, "--scheduler", address)
    assert end == "Cancelled."
    assert states(out) == ["done", "done", "not started", "not started", "not started"]


def test_what_is_wrong_with_a_worker_ends_the_run(threads, rasters, tmp_path, monkeypatch) -> None:
    """And is not blamed on the rasters."""
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path / "models"))
    out, address = tmp_path / "out", threads.scheduler_address
    options = ("--out", out, "--scheduler", address, "--model", "rsrefseg2-large")
    end = run(rasters / "*.tif", "the ship", *options)
    assert end.startswith("error: A worker cannot begin: The weights of")
    assert list(tmp_path.rglob("report.*")) == []


def test_a_run_waits_for_workers(rasters, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(loading, "load", lambda model, device: Oracle())
    one = job(rasters / "a.tif", tmp_path / "out")
    told: list[str] = []
    with LocalCluster(n_workers=0, processes=False, dashboard_address="127.0.0.1:0") as empty:

        def tell(line: str) -> None:
            told.append(line)
            empty.scale(1)

        (outcome,) = cluster.run([one], empty.scheduler_address, lambda: False, tell)
    assert outcome.state == "done"
    assert ["no worker" in line for line in told] == [True]


def test_a_folder_that_only_the_worker_sees_is_a_warning(
    threads, rasters, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(loading, "load", lambda model, device: Oracle())
    one = job(rasters / "a.tif", tmp_path / "out")
    address = threads.scheduler_address
    elsewhere = json.loads(json.dumps(one.to_dict() | {"folder": str(tmp_path / "elsewhere")}))
    monkeypatch.setattr(Job, "to_dict", lambda self: elsewhere)
    (outcome,) = cluster.run([one], address, lambda: False, print)
    assert outcome.state == "done"
    assert "all computers share" in outcome.warnings[-1]


def test_a_scheduler_that_ends_is_an_error(rasters, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT", 1)
    one = job(rasters / "a.tif", tmp_path / "out")
    empty = LocalCluster(n_workers=0, processes=False, dashboard_address="127.0.0.1:0")
    with empty, pytest.raises(EngineError, match="scheduler"):
        list(cluster.run([one], empty.scheduler_address, lambda: False, lambda _: empty.close()))
