"""A job survives its process: killed, paused, failed or ended early, nothing learned is lost."""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from engine.errors import Cancelled, InputError, ModelError, OutputError
from engine.finetuning.finetune import finish_finetuning
from engine.finetuning.job import Job
from engine.finetuning.presets import PRESETS
from engine.models import exchange, zoo
from engine.models.card import ADAPTER_FILES, OWN_CARD
from engine.models.integrity import sha256
from engine.service.client import EngineClient, EngineFailure, clean_environment
from engine.systems.loading import load
from engine.training.config import read
from engine.training.run import run
from tests.engine.finetuning import tiny
from tests.engine.finetuning.tiny import SETTINGS, STEPS, House, painted_samples
from tests.engine.forked import forking
from tests.engine.training.logs import checkpoint, events, same, validations

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("built"))
    house.build()
    return house


@pytest.fixture(scope="module")
def straight(built: House) -> Iterator[House]:
    """The house after a job that nothing disturbed."""
    house = House(built.folder.with_name("straight"))
    shutil.copytree(built.folder, house.folder)
    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        house.use(patch)
        house.teach(SETTINGS)
    yield house
    torch.set_flush_denormal(False)
    torch.set_num_threads(threads)


@pytest.fixture
def house(built: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house in which nothing was done yet."""
    fresh = House(tmp_path / "house")
    shutil.copytree(built.folder, fresh.folder)
    fresh.use(monkeypatch)
    return fresh


def assert_same_outcome(one: House, other: House) -> None:
    """The same to the last bit: the weights that were kept, and the model; and the same story."""
    states = [torch.load(each.job / "run" / "kept.pt", weights_only=True) for each in (one, other)]
    assert same(*states)
    for name in (*ADAPTER_FILES, OWN_CARD):
        assert (one.own / name).read_bytes() == (other.own / name).read_bytes(), name
    logs = [(each.job / "run" / "log.jsonl").read_text() for each in (one, other)]
    assert logs[0] == logs[1]


def pausing_at(step: int) -> dict[str, Any]:
    """Hooks of someone who pauses after a step."""
    done = [0]
    return {
        "progress": lambda told: done.append(told.done),
        "cancelled": lambda: done[-1] >= step,
    }


# A job as it should be


def test_a_job_ends_as_a_model_and_its_folder_tells_all(straight: House) -> None:
    told = straight.state()
    assert (told["state"], told["step"], told["steps"]) == ("done", STEPS, STEPS)
    assert (told["id"], told["title"], told["base"]) == ("red-ponds", "Red ponds", tiny.BASE)
    out = straight.job / "run"
    judged = validations(out)
    assert [event["step"] for event in judged] == [6, 12, 18, 24]
    best = max(judged, key=lambda event: event["mIoU"])
    assert best["best"]
    assert [event["step"] for event in events(out, "loss")] == list(range(1, STEPS + 1))
    assert all((out / name).is_file() for event in judged for name in event["examples"])
    assert len(judged[0]["examples"]) == 4, "as many as there are views"


def test_the_same_file_trains_the_same_model_without_a_window(
    straight: House, house: House
) -> None:
    shutil.copy(straight.job / "train.toml", house.job)
    config = read(house.job / "train.toml")
    assert config.out == house.job / "run"
    assert config.data.annotations == house.job / "samples" / "annotations.jsonl"
    run(config, "cpu")
    assert_same_outcome(house, straight)


# Killed


@pytest.mark.timeout(400)
def test_a_job_that_is_killed_ten_times_ends_as_one_that_was_not(
    straight: House, house: House
) -> None:
    """Each time at a moment of chance; the process is one of its own, and dies at once."""
    processes = forking()
    moments = random.Random(os.getpid())

    def start(at: House) -> Any:
        settings = None if (at.job / "job.json").exists() else SETTINGS
        process = processes.Process(target=tiny.go_on, args=(str(at.folder), settings))
        process.start()
        return process

    def end(process: Any) -> None:
        process.join()
        assert process.exitcode == 0

    whole = House(house.folder.with_name("whole"))
    shutil.copytree(house.folder, whole.folder)

    def seconds(at: House) -> float:
        begun = time.monotonic()
        end(start(at))
        return time.monotonic() - begun

    seconds(straight)  # imports everything
    ready = seconds(straight)  # finds nothing to do
    taught = seconds(whole) - ready

    steps = [0]
    for _ in range(10):
        process = start(house)
        # Long enough to reach the next checkpoint now and then, too short for the end.
        process.join(ready + moments.uniform(-0.5 * ready, 0.6 * taught))
        process.kill()
        process.join()
        saved = house.job / "run" / "checkpoint.pt"
        steps.append(checkpoint(saved.parent)["step"] if saved.exists() else 0)
        assert steps[-1] >= steps[-2], "what was saved is never lost"
    print("killed after the steps", steps)
    end(start(house))
    assert_same_outcome(house, straight)
    assert house.state()["state"] == "done"


def test_a_job_killed_after_its_model_was_made_finds_it(straight: House, house: House) -> None:
    shutil.copytree(straight.folder, house.folder, dirs_exist_ok=True)
    job = Job(house.job)
    told = json.loads((job.folder / "job.json").read_text())
    (job.folder / "job.json").write_text(json.dumps({**told, "state": "running"}))
    before = (house.own / OWN_CARD).stat().st_mtime_ns
    assert house.teach(None).id == "red-ponds"
    assert (house.own / OWN_CARD).stat().st_mtime_ns == before
    assert house.state()["state"] == "done"
    weights = house.own / ADAPTER_FILES[0]
    weights.write_bytes(weights.read_bytes())
    card = (house.own / OWN_CARD).read_text().replace(sha256(weights), "0" * 64)
    (house.own / OWN_CARD).write_text(card)
    with pytest.raises(InputError, match="'red-ponds' already"):
        house.teach(None)


# Paused


@pytest.fixture
def engine(house: House) -> Iterator[EngineClient]:
    command = [sys.executable, "-m", "tests.engine.finetuning.tiny", str(house.folder)]
    client = EngineClient(command, clean_environment(os.environ), ROOT)
    client.start()
    yield client
    client.close()


@contextmanager
def standing_still(engine: EngineClient) -> Iterator[None]:
    """The engine's process takes no step."""
    process = psutil.Process(engine._process._popen.pid)
    process.suspend()
    try:
        yield
    finally:
        process.resume()


@pytest.mark.timeout(400)
def test_a_job_is_paused_and_gone_on_with_through_the_worker(
    straight: House, house: House, engine: EngineClient
) -> None:
    reached = threading.Event()
    job = {"job": str(house.job), "device": "cpu"}

    def watch(step: dict[str, Any]) -> None:
        if step["stage"] == "training" and step["done"] >= 3:
            reached.set()

    first = engine.request("finetune", {**job, "settings": SETTINGS}, watch)
    assert reached.wait(300)
    with standing_still(engine):  # or it may be done too soon
        with pytest.raises(InputError, match="another process"):
            house.teach(None)
        first.cancel()
    with pytest.raises(EngineFailure) as failure:
        first.result()
    assert failure.value.code == Cancelled.code
    told = house.state()
    assert told["state"] == "paused"
    assert 3 <= told["step"] == checkpoint(house.job / "run")["step"] < STEPS

    card = engine.request("finetune", job).result()
    assert (card["id"], card["base"]["id"]) == ("red-ponds", tiny.BASE)
    assert_same_outcome(house, straight)

    samples = str(house.job / "samples" / "annotations.jsonl")
    params = {"model": "red-ponds", "annotations": samples, "out": str(house.folder / "report")}
    report = engine.request("evaluate", {**params, "limit": 2, "device": "cpu"}).result()
    assert (report["n"], report["split"], len(report["samples"])) == (2, "val", 2)
    assert all(Path(path).is_file() for path in report["files"].values())

    plans = engine.request(
        "presets", {"samples": str(house.job / "samples"), "base": tiny.BASE, "device": "cpu"}
    ).result()
    assert [plan["preset"] for plan in plans] == ["quick", "balanced", "thorough"]
    for wrong in ({**SETTINGS, "id": "../a"}, {**SETTINGS, "id": "new", "scope": "all"}):
        with pytest.raises(EngineFailure) as failure:
            engine.request(
                "finetune", {"job": str(house.folder / "new"), "settings": wrong}
            ).result()
        assert failure.value.code == InputError.code


def test_what_was_paused_while_it_was_measured_goes_on(house: House) -> None:
    chosen = (*tiny.PLAN, "rehearse")
    measured = {k: v for k, v in SETTINGS.items() if k not in chosen} | {"steps": 2}
    with pytest.raises(Cancelled):
        house.teach(measured, cancelled=lambda: True)
    assert house.state()["state"] == "paused"
    assert not (house.job / "train.toml").exists()
    card = house.teach(None)
    assert card.metrics["n known"] > 0, "what the base knew is rehearsed, unless one says not to"
    config = read(house.job / "train.toml")
    assert config.optimiser.steps == 2
    views = config.optimiser.batch * config.optimiser.accumulate
    assert views == PRESETS["quick"].views


# Finished early


def test_the_best_so_far_becomes_a_model(house: House) -> None:
    with pytest.raises(Cancelled):
        house.teach(SETTINGS, **pausing_at(8))
    quiet: Any = (lambda step: None, lambda: False)
    card = finish_finetuning(house.job, "cpu", *quiet)
    assert house.state()["state"] == "done"
    assert card.metrics["n"] == 4
    load(card.id, "cpu")
    assert finish_finetuning(house.job, "cpu", *quiet) == card, "again, it is the same"


def test_what_was_never_judged_cannot_be_finished(house: House) -> None:
    quiet: Any = (lambda step: None, lambda: False)
    with pytest.raises(InputError, match="no fine-tuning"):
        finish_finetuning(house.job, "cpu", *quiet)
    with pytest.raises(Cancelled):
        house.teach(SETTINGS, **pausing_at(2))
    with pytest.raises(InputError, match="first validation is still to come"):
        finish_finetuning(house.job, "cpu", *quiet)
    assert house.state()["state"] == "paused"


# Failed


def test_a_job_that_failed_says_why_and_goes_on_when_it_is_put_right(
    straight: House, house: House
) -> None:
    image = house.job / "samples" / "images" / "2.png"
    away = image.rename(house.folder / "away.png")
    with pytest.raises(InputError, match=r"annotations\.jsonl, line 3.*2\.png"):
        house.teach(SETTINGS)
    told = house.state()
    assert told["state"] == "failed"
    assert "2.png" in told["problem"]
    assert "Traceback" not in told["problem"]
    away.rename(image)
    house.teach(None)
    assert house.state()["problem"] == ""
    assert_same_outcome(house, straight)


def test_a_full_disk_hides_no_error(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Job.write_state

    def full(self: Job, state: Any) -> None:
        if state.state == "failed":
            raise OutputError("no space")
        write(self, state)

    monkeypatch.setattr(Job, "write_state", full)
    (house.job / "samples" / "images" / "2.png").unlink()
    with pytest.raises(InputError, match=r"2\.png"):
        house.teach(SETTINGS)


def test_another_learning_rate_is_taken_when_a_job_goes_on(house: House) -> None:
    with pytest.raises(Cancelled):
        house.teach(SETTINGS, **pausing_at(4))
    before = checkpoint(house.job / "run")
    with pytest.raises(Cancelled):
        house.teach({"learning_rate": 1e-7, "batch": 1}, **pausing_at(6))
    after = checkpoint(house.job / "run")
    rates = [state["optimiser"]["param_groups"][0]["lr"] for state in (before, after)]
    assert rates[1] < 1e-6 < 1e-4 < rates[0]
    optimiser = read(house.job / "train.toml").optimiser
    assert (optimiser.batch, optimiser.accumulate) == (1, 2)
    with pytest.raises(InputError, match="its 'preset' cannot be another"):
        house.teach({"preset": "thorough"})


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"format": 2}'])
def test_a_damaged_job_is_named(house: House, damage: bytes) -> None:
    with pytest.raises(InputError, match=r"job\.json is missing"):
        house.teach(None)
    (house.job / "job.json").write_bytes(damage)
    (house.job / "settings.json").write_text(json.dumps(SETTINGS))
    with pytest.raises(InputError, match=r"job\.json is damaged"):
        house.teach(None)


def test_what_cannot_be_taught_is_refused_by_name(house: House) -> None:
    for number, (change, words) in enumerate(
        [
            ({"base": "rs2-sam2-large"}, "rs2-sam2-large|RS2-SAM2"),
            ({"base": "no-such"}, "no-such"),
            ({"start": "no-such"}, "no-such"),
            ({"samples": "no-such"}, "no-such"),
            ({"steps": 0}, "steps"),
            ({"colour": "red"}, "'colour' is no setting"),
            ({"id": tiny.BASE}, "already"),
        ]
    ):
        job = house.folder / str(number)
        shutil.copytree(house.job / "samples", job / "samples")
        with pytest.raises((InputError, ModelError), match=words):
            House.teach(_At(house, job), {**SETTINGS, **change})


class _At(House):
    """The same house with another job."""

    def __init__(self, house: House, job: Path) -> None:
        super().__init__(house.folder)
        object.__setattr__(self, "_job", job)

    @property
    def job(self) -> Path:
        return self._job  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("rehearse", [0.0, 0.65])
def test_samples_without_any_to_train_on_are_refused(house: House, rehearse: float) -> None:
    shutil.rmtree(house.job / "samples")
    painted_samples(house.job / "samples", train=0)
    with pytest.raises(InputError, match="no sample to train on"):
        house.teach({**SETTINGS, "rehearse": rehearse})


# Taught further


def test_a_model_is_taught_further_under_a_new_id(straight: House, house: House) -> None:
    shutil.copytree(straight.own, house.own)
    first = zoo.card("red-ponds")
    further = _At(house, house.folder / "further")
    shutil.copytree(house.job / "samples", further.job / "samples")
    lines = (further.job / "samples" / "annotations.jsonl").read_text()
    (further.job / "samples" / "annotations.jsonl").write_text(lines.replace("quarry", "mine"))
    settings = {**SETTINGS, "id": "more", "title": "", "start": "red-ponds", "learning_rate": 1e-9}
    card = further.teach({**settings, "steps": 2, "licence": "Mine"})
    assert card.data["start"]["id"] == "red-ponds"
    assert set(card.taught) == {"the red pond", "red mine", "red quarry"}
    assert card.licence == f"{first.licence}; Mine"
    assert card.base == first.base
    told = card.metrics["expressions"]["the red pond"]
    learned = first.metrics["expressions"]["the red pond"]
    assert told["before"] == pytest.approx(learned["after"], abs=0.01)
    one, two = (load(name, "cpu").model.state_dict() for name in ("red-ponds", "more"))  # type: ignore[attr-defined]
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, rtol=0, atol=1e-6)
    assert any("lora_B" in name and value.any() for name, value in two.items())

    exchange.delete("red-ponds")
    load("more", "cpu")


def test_a_model_of_another_base_is_not_taught_further(straight: House, house: House) -> None:
    shutil.copytree(straight.own, house.own)
    card = (house.own / OWN_CARD).read_text()
    base = zoo.card("red-ponds").base
    assert base is not None
    (house.own / OWN_CARD).write_text(card.replace(base.sha256, "0" * 64))
    with pytest.raises(InputError, match="Red ponds cannot be taught further"):
        house.teach({**SETTINGS, "id": "more", "start": "red-ponds"})
    assert house.state()["state"] == "failed"
