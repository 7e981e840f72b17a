"""The training batches and the validation views of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engine.data.backgrounds import backgrounds
from engine.data.batch import StepBatches, TrainingBatches
from engine.data.categories import VHR10
from engine.data.coco import CocoInstances
from engine.data.datasets import Dataset
from engine.data.referring import ReferringBatches, ReferringViews
from engine.data.split import split
from engine.data.views import View, ViewSampler
from engine.training.config import TrainingConfig
from engine.training.validation import validation_views


@dataclass(frozen=True)
class TrainingData:
    """What a run learns from and is judged by.

    Attributes:
        batches: Training batches by `(first, last, process, processes)`.
        views: The views to validate on.
    """

    batches: Callable[[int, int, int, int], StepBatches]
    views: Sequence[View]


def training_data(config: TrainingConfig) -> TrainingData:
    """Reads what a configuration says.

    Raises:
        InputError: It cannot be read, or there is no sample.
    """
    return _generated(config) if config.data.format == "coco" else _given(config)


def _generated(config: TrainingConfig) -> TrainingData:
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
    return TrainingData(
        partial(TrainingBatches, sampler, config.optimiser.batch),
        validation_views(scenes, VHR10, config.validation_side),
    )


def _given(config: TrainingConfig) -> TrainingData:
    """Images that come with their sentences."""
    chosen = config.data
    dataset = (
        Dataset("jsonl", chosen.annotations, None if chosen.images == Path() else chosen.images)
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
    return TrainingData(
        batches, ReferringViews(list(dataset.samples("val")), config.side, chosen.fit)
    )
