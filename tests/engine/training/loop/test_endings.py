"""However a run ends before its time, nothing that was learned is lost, and it says what to do."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from engine.data.batch import Batch, TrainingBatches
from engine.errors import Cancelled, InputError, OutOfMemory, OutputError
from engine.training.config import OptimiserConfig
from engine.training.loop.state import save
from engine.training.loop.train import train
from tests.engine.training.logs import checkpoint, events, same, validations
from tests.engine.training.loop.line_run import error, line_run
from tests.engine.training.loop.point_run import distance, point_run
from tests.engine.training.tiny_run import SETTINGS, STEPS, kill, sampler, tiny_batches, tiny_run


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nothing disturbed, judged every second step."""
    out = tmp_path_factory.mktemp("straight")
    train(tiny_run(out, evaluate_every=2))
    return out


def at_call(number: int) -> Callable[[], bool]:
    """Whether it is asked for that time, counted from 0, or later."""
    calls = count()
    return lambda: next(calls) >= number


def kept(out: Path) -> dict[str, Tensor]:
    state: dict[str, Tensor] = torch.load(out / "kept.pt", weights_only=True)
    return state


# Paused


@pytest.mark.parametrize("step", [1, 2, 5])
def test_a_paused_run_is_saved_at_that_very_step_and_ends_as_one_that_was_not(
    straight: Path, tmp_path: Path, step: int
) -> None:
    run = tiny_run(tmp_path, evaluate_every=2, save_every=100)
    with pytest.raises(Cancelled, match=f"after step {step} of {STEPS}"):
        train(replace(run, cancelled=at_call(step)))
    assert checkpoint(tmp_path)["step"] == step
    train(tiny_run(tmp_path, evaluate_every=2))
    assert same(checkpoint(tmp_path), checkpoint(straight))
    assert same(kept(tmp_path), kept(straight))
    assert (tmp_path / "log.jsonl").read_text() == (straight / "log.jsonl").read_text()


def test_a_run_that_is_paused_while_it_is_judged_is_judged_when_it_goes_on(tmp_path: Path) -> None:
    def stop(network: nn.Module) -> dict[str, float]:
        raise Cancelled("Cancelled.")

    run, _ = point_run(tmp_path)
    with pytest.raises(Cancelled, match="after step 2"):
        train(replace(run, validate=stop))
    assert validations(tmp_path) == []
    run, seen = point_run(tmp_path, [0.9, 0.2, 0.3])
    assert torch.equal(torch.load(train(run), weights_only=True)["at"], seen[0])
    assert [told["step"] for told in validations(tmp_path)] == [2, 4, 6]


def test_what_a_run_tells_is_how_far_it_is(tmp_path: Path) -> None:
    told = []
    train(replace(point_run(tmp_path)[0], progress=told.append))
    steps = [(step.done, step.total, step.stage) for step in told]
    assert steps == [(step, STEPS, "training") for step in range(STEPS + 1)]
    losses = events(tmp_path, "loss")
    assert [event["step"] for event in losses] == [1, 2, 3, 4, 5, 6]
    assert losses[0]["total"] == pytest.approx(2.0), "two numbers, each one away"


def test_a_torn_line_of_the_log_is_taken_out_when_a_run_goes_on(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        train(replace(point_run(tmp_path)[0], cancelled=at_call(3)))
    with (tmp_path / "log.jsonl").open("a") as lines:
        lines.write('{"event": "loss", "step": 3, "tot')
    train(point_run(tmp_path)[0])
    assert [event["step"] for event in events(tmp_path, "loss")] == [1, 2, 3, 4, 5, 6]


# Stopped early


def test_a_run_that_gets_no_better_ends_and_keeps_its_best(tmp_path: Path) -> None:
    scores = [0.1, 0.5, 0.4, 0.5, 0.9]
    changes: dict[str, Any] = {"evaluate_every": 1, "patience": 2}
    run, seen = point_run(tmp_path, scores, **changes)
    outcome = train(run)
    assert len(seen) == 4
    assert torch.equal(torch.load(outcome, weights_only=True)["at"], seen[1])
    assert checkpoint(tmp_path)["step"] == 4
    (note,) = events(tmp_path, "note")
    assert (note["step"], "mIoU 0.500" in note["message"]) == (4, True)
    again, more = point_run(tmp_path, [0.9], **changes)
    train(again)
    assert not more, "it stays ended"


@pytest.mark.parametrize("moment", range(1, 5))
def test_patience_is_as_long_in_a_run_that_was_paused(tmp_path: Path, moment: int) -> None:
    scores = [0.5, 0.1, 0.2, 0.3, 0.4, 0.9]
    changes: dict[str, Any] = {"evaluate_every": 1, "patience": 3}
    run, first = point_run(tmp_path, scores, **changes)
    with pytest.raises(Cancelled):
        train(replace(run, cancelled=at_call(moment)))
    run, second = point_run(tmp_path, scores[len(first) :], **changes)
    train(run)
    assert len(first) + len(second) == 4


# The loss is not a number


def diverging(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
    return {name: value * float("nan") for name, value in distance(model, batch).items()}


def steep(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """A loss that is a number, and whose gradient is none."""
    return {"steep": (model.at - model.at.detach()).abs().sqrt().sum()}


@pytest.mark.parametrize("wrong", [diverging, steep])
def test_a_step_that_leads_nowhere_is_not_taken_and_a_lower_learning_rate_goes_on(
    tmp_path: Path, wrong: Any
) -> None:
    steps = iter([distance] * 3 + [wrong])
    run, _ = point_run(
        tmp_path, [0.5], losses=lambda model, batch: next(steps)(model, batch), save_every=3
    )
    with pytest.raises(InputError, match=r"not a number at step 3\. Lower the learning rate.*0\.1"):
        train(run)
    saved = checkpoint(tmp_path)
    assert saved["step"] == 3
    assert all(value.isfinite().all() for value in (saved["model"]["at"], kept(tmp_path)["at"]))

    lower = OptimiserConfig(**{**SETTINGS, "learning_rate": 1e-5, "weight_decay": 0.0})
    train(point_run(tmp_path, [0.6, 0.7], optimiser=lower)[0])
    after = checkpoint(tmp_path)
    assert after["step"] == STEPS
    moved = (after["model"]["at"] - saved["model"]["at"]).abs().max()
    assert 0 < moved <= 3 * 1.1e-5, "Adam moves by about the learning rate a step"


# Too little memory


class Scarce:
    """Losses of a line that fail where a batch has more views than fit."""

    def __init__(self, fits: int, failure: Callable[[], Exception]) -> None:
        self.fits, self.failure = fits, failure
        self.seen: list[Tensor] = []
        self.sizes: list[int] = []

    def __call__(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        losses = error(model, batch)  # type: ignore[arg-type]
        if len(batch.pixels) > self.fits:
            raise self.failure()
        self.seen += list(batch.pixels)
        self.sizes.append(len(batch.pixels))
        return losses


FAILURES: list[Callable[[], Exception]] = [
    MemoryError,
    lambda: torch.OutOfMemoryError("CUDA out of memory."),
    lambda: RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=["python", "cuda", "cpu"])
def test_a_step_that_does_not_fit_sees_the_same_views_a_few_at_a_time(
    tmp_path: Path, failure: Callable[[], Exception]
) -> None:
    scarce, plenty = Scarce(2, failure), Scarce(6, failure)
    train(replace(line_run(tmp_path / "scarce", 6, 1), losses=scarce))
    train(replace(line_run(tmp_path / "plenty", 6, 1), losses=plenty))
    assert plenty.sizes == [6] * STEPS
    assert sorted(set(scarce.sizes)) == [1, 2]
    assert len(scarce.seen) == 6 * STEPS
    assert all(map(torch.equal, scarce.seen, plenty.seen))
    ends = [checkpoint(tmp_path / name) for name in ("scarce", "plenty")]
    torch.testing.assert_close(ends[0]["model"], ends[1]["model"], rtol=0, atol=1e-6)
    told = events(tmp_path / "scarce", "note")
    assert [note["step"] for note in told] == [1, 1]
    assert "2 views at a time" in told[-1]["message"]
    assert not events(tmp_path / "plenty", "note")


def test_a_run_that_goes_on_remembers_what_fits(tmp_path: Path) -> None:
    run = replace(line_run(tmp_path, 4, 1), losses=Scarce(1, MemoryError))
    with pytest.raises(Cancelled):
        train(replace(run, cancelled=at_call(3)))
    told = events(tmp_path, "note")
    train(replace(line_run(tmp_path, 4, 1), losses=Scarce(1, MemoryError)))
    assert events(tmp_path, "note") == told, "nothing had to be tried again"


def test_where_one_view_does_not_fit_activations_are_computed_again(tmp_path: Path) -> None:
    scarce = Scarce(0, MemoryError)

    def lighten() -> None:
        scarce.fits = 1

    run = replace(line_run(tmp_path, 2, 1), losses=scarce, recompute=lighten)
    train(run)
    assert checkpoint(tmp_path)["step"] == STEPS
    assert len(events(tmp_path, "note")) == 2
    never = replace(line_run(tmp_path / "b", 2, 1), losses=Scarce(0, MemoryError))
    for recompute in (None, lambda: None):
        with pytest.raises(OutOfMemory, match=r"single view.*even with.*prompter"):
            train(replace(never, recompute=recompute))
    assert not (tmp_path / "b" / "checkpoint.pt").exists()


def test_another_failure_is_no_lack_of_memory(tmp_path: Path) -> None:
    run = replace(line_run(tmp_path, 2, 1), losses=Scarce(1, lambda: RuntimeError("a bug")))
    with pytest.raises(RuntimeError, match="a bug"):
        train(run)


@given(st.integers(1, 7), st.integers(1, 9))
def test_pieces_of_a_batch_are_the_batch(views: int, pieces: int) -> None:
    batch = TrainingBatches(sampler(), views, 0, 1).batch(0)
    parts = batch.pieces(pieces)
    sizes = [len(part.pixels) for part in parts]
    assert len(parts) == min(views, pieces)
    assert max(sizes) - min(sizes) <= 1
    for name in ("pixels", "counts", "masks", "category_masks"):
        assert torch.equal(torch.cat([getattr(p, name) for p in parts]), getattr(batch, name))
    assert [text for part in parts for text in part.expressions] == batch.expressions
    assert all(len(p.masks) == len(p.expressions) == int(p.counts.sum()) for p in parts)


# A full disk


@pytest.fixture
def small_disk() -> Iterator[Callable[[int], None]]:
    """Lets no file grow beyond some bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_told_and_the_last_checkpoint_stays(
    straight: Path, tmp_path: Path, small_disk: Callable[[int], None]
) -> None:
    path = tmp_path / "checkpoint.pt"

    def fill(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        small_disk(path.stat().st_size // 2)
        return losses(model, batch)

    losses = tiny_run(tmp_path).losses
    run = tiny_run(tmp_path, evaluate_every=2)
    with pytest.raises(Cancelled):
        train(replace(run, cancelled=at_call(3)))
    before = path.read_bytes()
    with pytest.raises(OutputError, match=r"cannot be written.*space on its disk"):
        train(tiny_run(tmp_path, fill, evaluate_every=2, save_every=1))
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*.partial"))
    small_disk(resource.RLIM_INFINITY)
    train(tiny_run(tmp_path, evaluate_every=2))
    assert same(checkpoint(tmp_path), checkpoint(straight))


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file"):
        train(point_run(tmp_path / "file" / "run")[0])
    with pytest.raises(OutputError, match=r"state\.pt"):
        save({"a": torch.ones(1)}, tmp_path / "none" / "state.pt")


# A sample that goes


def reset() -> None:
    """The reader is killed just while a batch is being fetched from it."""
    raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))


def gone() -> None:
    raise InputError("line 7: the image is not there.")


class Vanishing(TrainingBatches):
    """Batches, the fourth of which ends otherwise."""

    def __init__(self, end: Callable[[], None], *steps: int) -> None:
        super().__init__(sampler(), 1, *steps)
        self.end = end

    def batch(self, step: int) -> Batch:
        if step == 3:
            self.end()
        return super().batch(step)


@pytest.mark.parametrize(
    ("end", "kind", "words"),
    [
        (gone, InputError, r"^line 7: the image is not there\. Put it right"),
        (kill, OutOfMemory, "reads the samples was ended from outside"),
        (reset, OutOfMemory, "reads the samples was ended from outside"),
    ],
)
def test_an_image_that_vanishes_ends_the_run_and_nothing_is_lost(
    straight: Path, tmp_path: Path, end: Callable[[], None], kind: Any, words: str
) -> None:
    def batches(first: int, process: int, processes: int) -> TrainingBatches:
        return Vanishing(end, first, 10 * STEPS, process, processes)

    with pytest.raises(kind, match=words):
        train(tiny_run(tmp_path, evaluate_every=2, save_every=100, batches=batches))
    if end is gone:
        assert checkpoint(tmp_path)["step"] == 3
    train(tiny_run(tmp_path, evaluate_every=2, batches=tiny_batches(1)))
    assert same(checkpoint(tmp_path), checkpoint(straight))
