"""The training loop: AdamW, warm-up and cosine, averaged weights, validation, resume."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from engine.data.batch import Batch, TrainingBatches
from engine.errors import InputError
from engine.training.config import OptimiserConfig

Losses = Callable[[nn.Module, Batch], dict[str, Tensor]]
Validate = Callable[[nn.Module], dict[str, float]]


@dataclass(frozen=True)
class Run:
    """What one training run needs.

    Attributes:
        model: The network with its first weights.
        losses: The weighted parts of the loss on a batch.
        batches: Batches from a step on.
        validate: Metrics of a network; "mIoU" chooses the best weights.
        optimiser: How weights move.
        out: Folder of the run.
        device: Where to train.
        evaluate_every: Steps between two validations.
        save_every: Steps between two checkpoints.
        keep: Which averaged weights come out: the "best" on the validation set, or the "last".
        bf16: Whether the forward pass is computed in bfloat16 where that is safe.
    """

    model: nn.Module
    losses: Losses
    batches: Callable[[int], TrainingBatches]
    validate: Validate
    optimiser: OptimiserConfig
    out: Path
    device: torch.device
    evaluate_every: int
    save_every: int
    keep: str = "best"
    bf16: bool = False


def train(run: Run) -> Path:
    """Trains to the last step, from the last checkpoint where there is one.

    Returns:
        The file of the averaged weights to keep.
    """
    run.out.mkdir(parents=True, exist_ok=True)
    # Numbers below 1e-38 cost a CPU a hundred times the usual and teach nothing.
    torch.set_flush_denormal(True)
    state = _State(run)
    state.resume()
    loader = DataLoader(
        run.batches(state.step),
        batch_size=None,
        num_workers=1,
        prefetch_factor=4,
        generator=torch.Generator(),  # its seeds must not come out of the model's random numbers
    )
    curves = SummaryWriter(run.out / "curves", purge_step=state.step)
    with tqdm(
        total=run.optimiser.steps, initial=state.step, unit="step", dynamic_ncols=True
    ) as bar:
        for batch in loader:
            parts = state.advance(batch.to(run.device))
            if state.step % 10 == 0:
                for name, value in parts.items():
                    curves.add_scalar(f"train/{name}", value, state.step)
                bar.set_postfix(loss=f"{sum(parts.values()):.3f}")
            if state.step % run.evaluate_every == 0 or state.step == run.optimiser.steps:
                state.evaluate(curves)
            if state.step % run.save_every == 0 or state.step == run.optimiser.steps:
                state.save()
            bar.update()
    curves.close()
    return run.out / "kept.pt"


class _State:
    """Everything a checkpoint holds."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.model = run.model.to(run.device)
        # Buffers are copied: a causal mask holds infinities, whose average is no number.
        self.average = AveragedModel(
            self.model, multi_avg_fn=get_ema_multi_avg_fn(run.optimiser.ema), use_buffers=False
        )
        self.optimiser = torch.optim.AdamW(
            parameter_groups(self.model, run.optimiser), lr=run.optimiser.learning_rate
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser, warmup_cosine(run.optimiser)
        )
        self.step = 0
        self.best = -1.0

    def advance(self, batch: Batch) -> dict[str, float]:
        """One step."""
        self.model.train()
        with torch.autocast(self.run.device.type, torch.bfloat16, enabled=self.run.bf16):
            parts = self.run.losses(self.model, batch)
        total = torch.stack(list(parts.values())).sum()
        if not torch.isfinite(total):
            raise InputError(
                f"The loss is not a number at step {self.step}. Lower the learning rate, then "
                "start again: training goes on from the last checkpoint."
            )
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.run.optimiser.clip)
        self.optimiser.step()
        self.schedule.step()
        self.average.update_parameters(self.model)
        self.step += 1
        return {name: float(value.detach()) for name, value in parts.items()}

    def evaluate(self, curves: SummaryWriter) -> None:
        """Validates the averaged weights and keeps them if they are the ones to keep."""
        self.average.eval()
        metrics = self.run.validate(self.average.module)
        for name, value in metrics.items():
            curves.add_scalar(f"validation/{name}", value, self.step)
        with (self.run.out / "validation.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps({"step": self.step, **metrics}) + "\n")
        if self.run.keep == "last" or metrics["mIoU"] > self.best:
            self.best = metrics["mIoU"]
            save(self.average.module.state_dict(), self.run.out / "kept.pt")

    def save(self) -> None:
        """Writes the checkpoint, whole or not at all."""
        state = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "step": self.step,
            "best": self.best,
            "random": torch.get_rng_state(),
        }
        save(state, self.run.out / "checkpoint.pt")

    def resume(self) -> None:
        """Takes up the last checkpoint, if there is one."""
        path = self.run.out / "checkpoint.pt"
        if not path.exists():
            return
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["random"])
        self.step, self.best = state["step"], state["best"]


def parameter_groups(model: nn.Module, config: OptimiserConfig) -> list[dict[str, Any]]:
    """Matrices decay; vectors and position embeddings do not; single numbers move faster.

    Adam moves a number by about the learning rate a step, whatever its gradient: a temperature or
    a bias that has far to go needs a larger one.
    """
    embeddings = ("embedding", "pos_embed", "img_pe")
    decayed, kept, scalars = [], [], []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if parameter.numel() == 1:
            scalars.append(parameter)
        elif parameter.ndim > 1 and not any(word in name for word in embeddings):
            decayed.append(parameter)
        else:
            kept.append(parameter)
    return [
        {"params": decayed, "weight_decay": config.weight_decay},
        {"params": kept, "weight_decay": 0.0},
        {"params": scalars, "weight_decay": 0.0, "lr": config.learning_rate * config.scalar_factor},
    ]


def warmup_cosine(config: OptimiserConfig) -> Callable[[int], float]:
    """Share of the peak learning rate at a step: a ramp, then half a cosine down to a hundredth."""

    def share(step: int) -> float:
        if step < config.warmup:
            return (step + 1) / config.warmup
        progress = (step - config.warmup) / max(1, config.steps - config.warmup)
        return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))

    return share


def save(state: dict[str, Any], path: Path) -> None:
    """Writes a state beside its name and renames it."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)
