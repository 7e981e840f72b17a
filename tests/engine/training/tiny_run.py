"""The smallest run there is, and one that is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from engine.data.batch import Batch, TrainingBatches
from engine.data.scenes.scene import Scene
from engine.data.scenes.views import ViewSampler
from engine.language.categories import VHR10
from engine.systems.rsrefseg2.model import RSRefSeg2
from engine.systems.rsrefseg2.objective import predict, training_losses
from engine.training.config import DataConfig, OptimiserConfig, TrainingConfig
from engine.training.loop.given import Losses, Run
from engine.training.loop.train import train
from tests.engine.systems.conftest import tiny_config

STEPS = 6
FROM_NOTHING = TrainingConfig("rsrefseg2-compact", Path(), DataConfig(), OptimiserConfig(STEPS))
SETTINGS: dict[str, Any] = {"steps": STEPS, "batch": 1, "warmup": 2, "ema": 0.5}


def painted_scene(name: str, category: int) -> Scene:
    """A red square of a category on grey."""
    pixels = np.full((3, 90, 120), 100, np.uint8)
    instances = np.zeros((90, 120), np.uint8)
    instances[10:40, 12:60] = 1
    pixels[:, instances > 0] = np.array([[250], [10], [10]])
    return Scene(name, pixels, instances, (category,), (30 * 48,))


def sampler() -> ViewSampler:
    scenes = [painted_scene("a.jpg", 0), painted_scene("b.jpg", 1)]
    return ViewSampler(scenes, VHR10[:2], side=64, expressions=2, seed=3)


def tiny_batches(size: int) -> Callable[[int, int, int], TrainingBatches]:
    def batches(first: int, process: int, processes: int) -> TrainingBatches:
        return TrainingBatches(sampler(), size, first, 10 * STEPS, process, processes)

    return batches


def noisy_losses(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """The model's own losses and one that depends on the generator of random numbers."""
    parts = training_losses(model, batch)
    return {**parts, "noise": torch.rand(()) * parts["ce"]}


def finite_share(model: RSRefSeg2) -> dict[str, float]:
    """How many of a prediction's logits are numbers, in the place of a metric."""
    logits = predict(model, sampler().view(99).pixels, ["the ship", "all planes"])
    return {"mIoU": float(torch.isfinite(logits).float().mean())}


def tiny_run(out: Path, losses: Losses = noisy_losses, **changes: Any) -> Run:
    """A run of six steps with the tiny RSRefSeg 2; the same from the first number on."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    values: dict[str, Any] = {
        "model": RSRefSeg2(tiny_config()),
        "batches": tiny_batches(1),
        "validate": finite_share,
        "optimiser": OptimiserConfig(**SETTINGS),
        "accelerator": Accelerator(cpu=True),
        "evaluate_every": STEPS,
        "save_every": 2,
    }
    return Run(losses=losses, out=out, **{**values, **changes})


def ending(at: int, end: Callable[[], object], losses: Losses = noisy_losses) -> Losses:
    """Losses that end otherwise at a step, counted from 0."""
    steps = count()

    def until(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        if next(steps) == at:
            end()
        return losses(model, batch)

    return until


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killing_save(at: int) -> Callable[..., None]:
    """`torch.save` that leaves half a file and dies, at a call counted from 0."""
    calls, whole = count(), torch.save

    def until(state: Any, path: Path) -> None:
        whole(state, path)
        if next(calls) == at:
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
            kill()

    return until


def dying_run(folder: str, moment: str, at: int) -> None:
    """Trains there, and is killed at a moment: in a step, a save or a judgement."""
    out = Path(folder)
    losses = ending(at, kill) if moment == "step" else noisy_losses
    if moment == "save":
        torch.save = killing_save(at)
    run = tiny_run(out, losses)
    if moment == "judge":
        run = replace(run, validate=lambda _: kill())  # type: ignore[arg-type, return-value]
    train(run)
