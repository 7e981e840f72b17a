"""The training loop: on a CPU, on a GPU, or on many through `accelerate launch`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from engine.data.batch import Batch, StepBatches
from engine.errors import InputError
from engine.training.config import OptimiserConfig
from engine.training.state import TrainingState, save

Losses = Callable[[Any, Batch], dict[str, Tensor]]
Validate = Callable[[Any], dict[str, float]]
LOG_EVERY = 10


@dataclass(frozen=True)
class Run:
    """What one training run needs.

    Attributes:
        model: The network with its first weights.
        losses: The weighted parts of the loss on a batch.
        batches: Batches from a number on, for one of several processes:
            `batches(first, process, processes)`.
        validate: Metrics of a network; "mIoU" chooses the best weights.
        optimiser: How weights move.
        out: Folder of the run.
        accelerator: Where to train.
        evaluate_every: Steps between two validations.
        save_every: Steps between two checkpoints.
        keep: Which weights come out: the "best" on the validation set, or the "last".
        bf16: Whether the forward pass is computed in bfloat16 where that is safe.
        seed: Of what the network itself draws.
        mode: Puts the network into the state in which it is taught.
    """

    model: nn.Module
    losses: Losses
    batches: Callable[[int, int, int], StepBatches]
    validate: Validate
    optimiser: OptimiserConfig
    out: Path
    accelerator: Accelerator
    evaluate_every: int
    save_every: int
    keep: str = "best"
    bf16: bool = False
    seed: int = 0
    mode: Callable[[Any], object] = nn.Module.train


def train(run: Run) -> Path:
    """Trains to the last step, from the last checkpoint where there is one.

    A step depends on its number, the seed and the number of processes alone, so a run that was
    killed ends as one that was not. With several processes each takes its share of a step's views,
    the first one judges and writes.

    Returns:
        The file of the weights to keep.

    Raises:
        InputError: The loss is not a number, or the checkpoint cannot be taken up.
    """
    run.out.mkdir(parents=True, exist_ok=True)
    # Numbers below 1e-38 cost a CPU a hundred times the usual and teach nothing.
    torch.set_flush_denormal(True)
    state = TrainingState(run.model.to(run.accelerator.device), run.optimiser)
    state.resume(run.out)
    parts = run.accelerator.prepare(_LossParts(run.model, run.losses))
    main = run.accelerator.is_main_process
    log = _Log(run.out, state.step) if main else None
    with tqdm(
        total=run.optimiser.steps,
        initial=state.step,
        unit="step",
        dynamic_ncols=True,
        disable=not main,
    ) as bar:
        for batches in _steps(run, state.step):
            values = _advance(run, state, parts, batches)
            due = state.step == run.optimiser.steps
            if log is not None:
                if state.step % LOG_EVERY == 0:
                    log.losses(values, state)
                    bar.set_postfix(loss=f"{sum(values.values()):.3f}")
                if due or state.step % run.evaluate_every == 0:
                    _judge(run, state, log)
                if due or state.step % run.save_every == 0:
                    state.save(run.out)
            bar.update()
    if log is not None:
        log.close()
    run.accelerator.wait_for_everyone()
    return run.out / "kept.pt"


class _LossParts(nn.Module):
    """A network and its losses as one forward pass, which is what many GPUs share."""

    def __init__(self, network: nn.Module, losses: Losses) -> None:
        super().__init__()
        self.network = network
        self.losses = losses

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        return self.losses(self.network, batch)


def _steps(run: Run, first: int) -> Iterator[list[Batch]]:
    """The batches of each step, read ahead by another process."""
    each = run.optimiser.accumulate
    accelerator = run.accelerator
    loader = DataLoader(
        run.batches(first * each, accelerator.process_index, accelerator.num_processes),
        batch_size=None,
        num_workers=1,
        prefetch_factor=4,
        generator=torch.Generator(),  # its seeds must not come out of the model's random numbers
        pin_memory=accelerator.device.type == "cuda",
    )
    batches: Iterable[Batch] = iter(loader)
    for _ in range(first, run.optimiser.steps):
        yield list(islice(batches, each))


def _advance(
    run: Run, state: TrainingState, parts: nn.Module, batches: list[Batch]
) -> dict[str, float]:
    """One step over its batches; gives the parts of the loss."""
    accelerator = run.accelerator
    key = (run.seed, state.step, accelerator.process_index)
    torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1)[0]))
    run.mode(state.network)
    state.optimiser.zero_grad(set_to_none=True)
    values: dict[str, float] = {}
    for number, batch in enumerate(batches, 1):
        more = number < len(batches)
        with accelerator.no_sync(parts) if more else nullcontext():
            with torch.autocast(accelerator.device.type, torch.bfloat16, enabled=run.bf16):
                losses = parts(batch.to(accelerator.device))
            total = torch.stack(list(losses.values())).sum() / len(batches)
            accelerator.backward(total)
        for name, value in losses.items():
            values[name] = values.get(name, 0.0) + float(value.detach()) / len(batches)
    if not np.isfinite(sum(values.values())):
        raise InputError(
            f"The loss is not a number at step {state.step}. Lower the learning rate, then "
            "start again: training goes on from the last checkpoint."
        )
    if run.optimiser.clip:
        nn.utils.clip_grad_norm_(state.network.parameters(), run.optimiser.clip)
    state.optimiser.step()
    state.finish_step()
    return values


def _judge(run: Run, state: TrainingState, log: _Log) -> None:
    """Validates the weights and keeps them if they are the ones to keep."""
    state.kept.eval()
    metrics = run.validate(state.kept)
    log.validation(metrics, state.step)
    if run.keep == "last" or metrics["mIoU"] > state.best:
        state.best = metrics["mIoU"]
        save(state.kept.state_dict(), run.out / "kept.pt")


class _Log:
    """The curves for TensorBoard, and the validations as lines of JSON."""

    def __init__(self, folder: Path, step: int) -> None:
        self.curves = SummaryWriter(folder / "curves", purge_step=step)
        self.lines = folder / "validation.jsonl"
        if self.lines.exists():
            # What a killed run judged after its last checkpoint is judged again.
            kept = [x for x in self.lines.read_text("utf-8").splitlines() if _step_of(x) <= step]
            self.lines.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")

    def losses(self, values: dict[str, float], state: TrainingState) -> None:
        for name, value in values.items():
            self.curves.add_scalar(f"train/{name}", value, state.step)
        self.curves.add_scalar("train/learning rate", state.schedule.get_last_lr()[0], state.step)

    def validation(self, metrics: dict[str, float], step: int) -> None:
        for name, value in metrics.items():
            self.curves.add_scalar(f"validation/{name}", value, step)
        with self.lines.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"step": step, **metrics}) + "\n")

    def close(self) -> None:
        self.curves.close()


def _step_of(line: str) -> float:
    """The step of a validation; a line that a kill cut short is of no step to keep."""
    try:
        return float(json.loads(line)["step"])
    except ValueError:
        return float("inf")
