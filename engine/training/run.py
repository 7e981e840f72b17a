"""From a configuration to trained weights: `python -m engine train CONFIG.toml`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs

from engine.data.backgrounds import backgrounds
from engine.data.batch import StepBatches, TrainingBatches
from engine.data.categories import VHR10
from engine.data.coco import CocoInstances
from engine.data.datasets import Dataset
from engine.data.referring import ReferringBatches, ReferringViews
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
    data = _generated(config) if config.data.format == "coco" else _given(config)
    task = tasks()[config.model, config.objective](Path(config.initial) if config.initial else None)
    if config.recompute:
        recompute(task.blocks)
    optimiser = config.optimiser

    def batches(first: int, process: int, processes: int) -> StepBatches:
        return data.batches(first, optimiser.steps * optimiser.accumulate, process, processes)

    kept = train(
        Run(
            model=task.network,
            losses=task.losses,
            batches=batches,
            validate=lambda network: task.validate(network, data.views),
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


@dataclass(frozen=True)
class _Data:
    """Training batches by `(first, last, process, processes)`, and the views to validate on."""

    batches: Callable[[int, int, int, int], StepBatches]
    views: Sequence[View]


def _generated(config: TrainingConfig) -> _Data:
    """Views of labelled objects, with generated sentences."""
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
    return _Data(
        partial(TrainingBatches, sampler, config.optimiser.batch),
        validation_views(scenes, VHR10, config.validation_side),
    )


def _given(config: TrainingConfig) -> _Data:
    """Images that come with their sentences."""
    chosen = config.data
    dataset = (
        Dataset("jsonl", chosen.annotations, chosen.images)
        if chosen.format == "jsonl"
        else Dataset(chosen.format, chosen.root)
    )
    batches = partial(
        ReferringBatches,
        list(dataset.samples("train")),
        config.optimiser.batch,
        side=config.side,
        fit=chosen.fit,
        black_boxes=chosen.black_boxes,
        seed=config.seed,
    )
    return _Data(batches, ReferringViews(list(dataset.samples("val")), config.side, chosen.fit))
