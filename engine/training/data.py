"""The training batches and the validation views of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from engine.data.batch import StepBatches, TrainingBatches
from engine.data.formats.datasets import Dataset
from engine.data.referring import ReferringBatches, ReferringViews
from engine.data.sample import ReferringSample
from engine.data.scenes.backgrounds import backgrounds
from engine.data.scenes.coco import CocoInstances
from engine.data.scenes.split import split
from engine.data.scenes.views import View, ViewSampler
from engine.language.categories import VHR10
from engine.models.limits import LONGEST_NAME, MOST_NAMES, first_of, legible
from engine.training import rehearsal
from engine.training.config import TrainingConfig
from engine.training.validation import validation_views


@dataclass(frozen=True)
class TrainingData:
    """What a run learns from and is judged by.

    Attributes:
        batches: Training batches by `(first, last, process, processes)`.
        views: The views to validate on.
        known: Views about what an adapter's base knew, with its answers.
        taught: What is named: the categories of the samples, or else their sentences.
        facts: Source, split and counts, for a model's card.
    """

    batches: Callable[[int, int, int, int], StepBatches]
    views: Sequence[View]
    known: Sequence[View] = ()
    taught: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)


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
        facts={
            "source": f"coco: {chosen.annotations.name}",
            "split": f"{chosen.validation_share:.0%} of the images held out, in blocks",
            "train": len(training),
            "val": len(validation),
        },
    )


def _given(config: TrainingConfig) -> TrainingData:
    """Images that come with their sentences."""
    chosen = config.data
    source = chosen.annotations if chosen.format == "jsonl" else chosen.root
    training, validation = given_samples(config, "train"), given_samples(config, "val")
    share = config.adapter.rehearse if config.adapter else 0.0
    rehearsed, known = (
        rehearsal.rehearsal(config.out, split) if share else [] for split in ("train", "val")
    )
    batches = partial(
        ReferringBatches,
        rehearsal.mixed(training, rehearsed, share),
        config.optimiser.batch,
        side=config.side,
        fit=chosen.fit,
        black_boxes=chosen.black_boxes,
        seed=config.seed,
    )
    return TrainingData(
        batches,
        ReferringViews(validation, config.side, chosen.fit),
        ReferringViews(known, config.side, "stretch"),
        _taught(training),
        {
            "source": f"{chosen.format}: {source.name}",
            "split": "the data set's own train and val",
            "train": len(training),
            "val": len(validation),
            **({"rehearsed": len(rehearsed)} if rehearsed else {}),
        },
    )


def given_samples(config: TrainingConfig, split: str) -> list[ReferringSample]:
    """The samples of a split of a data set that comes with its sentences.

    Raises:
        InputError: They cannot be read.
    """
    chosen = config.data
    dataset = (
        Dataset("jsonl", chosen.annotations, None if chosen.images == Path() else chosen.images)
        if chosen.format == "jsonl"
        else Dataset(chosen.format, chosen.root)
    )
    return list(dataset.samples(split))


def _taught(samples: Sequence[ReferringSample]) -> tuple[str, ...]:
    """What samples name, the most frequent first."""
    named = (sample.category or sample.expression for sample in samples)
    names = Counter(legible(name.lower(), LONGEST_NAME) for name in named)
    return tuple(first_of((name for name, _ in names.most_common()), MOST_NAMES))
