"""From a configuration to trained weights: `python -m engine train CONFIG.toml`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs

from engine.data.backgrounds import backgrounds
from engine.data.batch import TrainingBatches
from engine.data.categories import VHR10
from engine.data.coco import CocoInstances
from engine.data.split import split
from engine.data.views import View, ViewSampler
from engine.systems.rsrefseg2 import training as rsrefseg2
from engine.systems.rsrefseg2.config import compact
from engine.training.config import TrainingConfig
from engine.training.loop import Run, train
from engine.training.recompute import recompute
from engine.training.task import Task
from engine.training.validation import validation_views

Build = Callable[[Path | None], Task]


def tasks() -> dict[tuple[str, str], Build]:
    """What can be trained, by the configuration's model and objective."""
    return {
        ("rsrefseg2-compact", "referring"): partial(rsrefseg2.referring, compact()),
        ("rsrefseg2-compact", "encoders"): partial(rsrefseg2.encoders, compact()),
    }


def run(config: TrainingConfig, device: str = "auto") -> Path:
    """Trains what the configuration says; returns the weights' file.

    Under `accelerate launch` every process calls this with the same configuration.

    Raises:
        InputError: The data or the initial weights cannot be read, or the loss is not a number.
    """
    accelerator = Accelerator(
        cpu=device == "cpu",
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
    )
    torch.manual_seed(config.seed)
    sampler, views = data(config)
    task = tasks()[config.model, config.objective](Path(config.initial) if config.initial else None)
    if config.recompute:
        recompute(task.blocks)
    optimiser = config.optimiser

    def batches(first: int, process: int, processes: int) -> TrainingBatches:
        del processes  # a process's views are numbered after those of the processes before it
        last = optimiser.steps * optimiser.accumulate
        return TrainingBatches(sampler, optimiser.batch, first, last, process)

    kept = train(
        Run(
            model=task.network,
            losses=task.losses,
            batches=batches,
            validate=lambda network: task.validate(network, views),
            optimiser=optimiser,
            out=config.out,
            accelerator=accelerator,
            evaluate_every=config.evaluate_every,
            save_every=config.save_every,
            keep=config.keep,
            bf16=config.precision == "bf16"
            or (config.precision == "auto" and accelerator.device.type == "cuda"),
            seed=config.seed,
        )
    )
    weights = kept.with_suffix(".safetensors")
    if accelerator.is_main_process:
        task.export(torch.load(kept, map_location="cpu", weights_only=True), weights)
    accelerator.wait_for_everyone()
    return weights


def data(config: TrainingConfig) -> tuple[ViewSampler, list[View]]:
    """Training views and the views to validate on."""
    chosen = config.data
    source = CocoInstances(chosen.annotations, chosen.images, chosen.labelled_only_if_present)
    training, validation = split(source.present(), chosen.validation_share)
    sampler = ViewSampler(
        scenes=list(source.scenes(training, chosen.longest_side)),
        categories=VHR10,
        side=config.side,
        aspects=config.aspects,
        expressions=config.optimiser.expressions,
        mosaic=chosen.mosaic,
        shares=chosen.shares,
        whole=chosen.whole,
        backgrounds=[scene for folder in chosen.backgrounds for scene in backgrounds(Path(folder))],
        seed=config.seed,
    )
    scenes = list(source.scenes(validation, chosen.longest_side))
    return sampler, validation_views(scenes, VHR10, config.validation_side)
