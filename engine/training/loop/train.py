"""The training loop: on a CPU, on a GPU, or on many through `accelerate launch`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from accelerate.utils import broadcast
from torch.utils.data import DataLoader, IterableDataset

from engine.data.batch import Batch, StepBatches
from engine.errors import Cancelled, EngineError, OutOfMemory
from engine.files.boundary import writing
from engine.progress import Progress
from engine.training.loop.given import Run
from engine.training.loop.journal import Journal
from engine.training.loop.state import KEPT, TrainingState, save
from engine.training.loop.step import Stepper

LOG_EVERY = 10
LEAST_POINTS = 20
"""Points of the curve of a short run's loss."""

READER = "fork" if sys.platform == "linux" else None
"""How the process that reads batches is started: so that it sees that its owner was killed."""


def train(run: Run) -> Path:
    """Trains to the last step, from the last checkpoint where there is one.

    A step depends on its number, the seed and the number of processes alone, so a run that was
    killed ends as one that was not. With several processes each takes its share of a step's views,
    the first one judges and writes.

    Returns:
        The file of the weights to keep.

    Raises:
        Cancelled: As asked; the checkpoint is of the very step.
        InputError: The loss is not a number, a sample cannot be read, or the checkpoint cannot be
            taken up.
        OutOfMemory: Not even one view fits into the memory.
        OutputError: The run's folder cannot be written; what was saved there is still good.
    """
    with writing(run.out):
        run.out.mkdir(parents=True, exist_ok=True)
    # Numbers below 1e-38 cost a CPU a hundred times the usual and teach nothing.
    torch.set_flush_denormal(True)
    state = TrainingState(run.model.to(run.accelerator.device), run.optimiser)
    state.resume(run.out)
    journal = Journal(run.out, state.step) if run.accelerator.is_main_process else None
    try:
        _Course(run, state, journal).go()
    except (RuntimeError, ConnectionError, EOFError) as cause:
        # The last two: it ended just while a batch was being fetched from it.
        if isinstance(cause, RuntimeError) and "DataLoader worker" not in str(cause):
            raise
        # It may have come in the middle of anything: what is on the disk counts.
        raise OutOfMemory(
            "The process that reads the samples was ended from outside, most likely because the "
            "memory ran out. Close other programs that use it, then go on from what was saved."
        ) from cause
    finally:
        if journal is not None:
            journal.close()
    run.accelerator.wait_for_everyone()
    return run.out / KEPT


class _Course:
    """A run from its checkpoint to its end."""

    def __init__(self, run: Run, state: TrainingState, journal: Journal | None) -> None:
        """The journal is the first process's."""
        self.run = run
        self.state = state
        self.journal = journal
        self.log_every = min(LOG_EVERY, max(1, run.optimiser.steps // LEAST_POINTS))
        self._saved = state.step

    def go(self) -> None:
        """Takes the steps there are."""
        stepper = Stepper(self.run, self.state, self._note)
        self._tell("Training" if not self.state.step else "Going on")
        self._settle()  # a run may have been stopped while it was judged
        steps = _steps(self.run, self.state.step)
        while not self._finished():
            values = stepper.take(self._next(steps))
            if self.journal is not None and self.state.step % self.log_every == 0:
                self.journal.loss(self.state.step, values, self.state.rate)
            self._tell(f"Loss {sum(values.values()):.3f}")
            self._settle()

    def _finished(self) -> bool:
        return self.state.step >= self.run.optimiser.steps or self._exhausted()

    def _exhausted(self) -> bool:
        """Whether nothing has got better for too long."""
        return 0 < self.run.patience <= self.state.stale

    def _next(self, steps: Iterator[list[Batch]]) -> list[Batch]:
        try:
            return next(steps)
        except EngineError:
            self._save()  # nothing is wrong with what was learned so far
            raise

    def _settle(self) -> None:
        """Judges and saves where that is due after a step, and stops if it is asked to."""
        run, state = self.run, self.state
        stopped = False
        if self.journal is not None:
            last = state.step >= run.optimiser.steps
            due = state.step > 0 and (last or state.step % run.evaluate_every == 0)
            judging = due and state.judged < state.step
            try:
                if judging:
                    self._judge(self.journal)
            except Cancelled:
                stopped = True
            except EngineError:
                self._save()  # it is judged when the run goes on
                raise
            stopped = stopped or (run.cancelled is not None and run.cancelled())
            if stopped or judging or last or state.step % run.save_every == 0:
                self._save()
        state.stale = self._agreed(state.stale)
        if self._agreed(stopped):
            raise Cancelled(
                f"Training is paused after step {state.step} of {run.optimiser.steps}. It can go "
                "on from there."
            )

    def _agreed(self, value: int) -> int:
        """The first process's value, in all of them."""
        accelerator = self.run.accelerator
        if accelerator.num_processes == 1:
            return value
        return int(broadcast(torch.tensor(value, device=accelerator.device)))

    def _judge(self, journal: Journal) -> None:
        """Validates the weights and keeps them if they are the ones to keep."""
        run, state = self.run, self.state
        state.kept.eval()
        metrics = run.validate(state.kept)
        examples = run.examples(state.kept, run.out, state.step) if run.examples else []
        best = metrics["mIoU"] > state.best
        if best or run.keep == "last":
            save(state.kept.state_dict(), run.out / KEPT)
        journal.validation(state.step, metrics, best, examples)
        state.judged, self._saved = state.step, -1
        state.stale = 0 if best else state.stale + 1
        state.best = max(state.best, metrics["mIoU"])
        if self._exhausted() and state.step < run.optimiser.steps:
            self._note(
                state.step,
                f"Training stops here: of the last {state.stale} validations none was better than "
                f"the best one before them (mIoU {state.best:.3f}).",
            )

    def _save(self) -> None:
        if self.journal is not None and self._saved != self.state.step:
            self.state.save(self.run.out)
            self._saved = self.state.step

    def _tell(self, doing: str) -> None:
        step, steps = self.state.step, self.run.optimiser.steps
        if self.journal is not None and self.run.progress is not None:
            message = f"{doing}, step {step} of {steps}"
            self.run.progress(Progress(step, steps, "training", message))

    def _note(self, step: int, message: str) -> None:
        if self.journal is not None:
            self.journal.note(step, message)


@dataclass(frozen=True)
class _Unread:
    """Why a batch could not be read: an error would lose its words on the way between processes."""

    kind: type[EngineError]
    message: str


class _Reader(IterableDataset[Batch | _Unread]):
    """Reads batches in another process."""

    def __init__(self, batches: StepBatches) -> None:
        self._batches = batches

    def __iter__(self) -> Iterator[Batch | _Unread]:
        try:
            yield from self._batches
        except EngineError as cause:
            yield _Unread(type(cause), str(cause))


def _steps(run: Run, first: int) -> Iterator[list[Batch]]:
    """The batches of each step, read ahead by another process.

    Raises:
        EngineError: One of them cannot be read.
    """
    each = run.optimiser.accumulate
    accelerator = run.accelerator
    loader = DataLoader(
        _Reader(run.batches(first * each, accelerator.process_index, accelerator.num_processes)),
        batch_size=None,
        num_workers=1,
        multiprocessing_context=READER,
        prefetch_factor=4,
        generator=torch.Generator(),  # its seeds must not come out of the model's random numbers
        pin_memory=accelerator.device.type == "cuda",
    )
    batches = _read(loader)
    for _ in range(first, run.optimiser.steps):
        yield list(islice(batches, each))


def _read(batches: Iterable[Batch | _Unread]) -> Iterator[Batch]:
    for batch in batches:
        if isinstance(batch, _Unread):
            raise batch.kind(f"{batch.message} Put it right, then go on: nothing is lost.")
        yield batch
