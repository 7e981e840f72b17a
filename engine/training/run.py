"""From a configuration to trained weights: `python -m engine train CONFIG.toml`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from engine.data.batch import TrainingBatches
from engine.data.categories import VHR10, Category
from engine.data.coco import CocoInstances
from engine.data.expressions import ExpressionGenerator
from engine.data.scene import Scene
from engine.data.views import View, ViewSampler, visible_objects, whole_view
from engine.evaluation.metrics import ReferringMetrics
from engine.systems.rsrefseg2.config import compact
from engine.systems.rsrefseg2.model import RSRefSeg2
from engine.systems.rsrefseg2.objective import predict, training_losses
from engine.training.config import TrainingConfig
from engine.training.loop import Run, train

VALIDATION_EXPRESSIONS = 6
BLOCK = 10


def run(config: TrainingConfig, device: torch.device) -> Path:
    """Trains what the configuration says; returns the best weights' file."""
    torch.manual_seed(config.seed)
    source = CocoInstances(config.data.annotations, config.data.images, config.data.labelled_only_if_present)
    training, validation = split(source.names(), config.data.validation_share)
    side = config.data.longest_side
    sampler = ViewSampler(
        scenes=list(source.scenes(training, side)),
        categories=VHR10,
        side=compact().sam.image,
        expressions=config.optimiser.expressions,
        seed=config.seed,
    )
    views = validation_views(list(source.scenes(validation, side)), VHR10, sampler.side)
    batches = partial(TrainingBatches, sampler, config.optimiser.batch, last=config.optimiser.steps)
    return train(
        Run(
            model=RSRefSeg2(compact()),
            losses=training_losses,  # type: ignore[arg-type]
            batches=lambda first: batches(first=first),
            validate=partial(validate, views=views),
            optimiser=config.optimiser,
            out=config.out,
            device=device,
            evaluate_every=config.evaluate_every,
            save_every=config.save_every,
        )
    )


def split(names: Sequence[str], share: float) -> tuple[list[str], list[str]]:
    """Training and validation images, in blocks of neighbouring names that may show one place."""
    blocks = [sorted(names)[i : i + BLOCK] for i in range(0, len(names), BLOCK)]
    order = sorted(blocks, key=lambda block: hashlib.sha256(block[0].encode()).digest())
    held = round(len(order) * share)
    return (
        sorted(name for block in order[held:] for name in block),
        sorted(name for block in order[:held] for name in block),
    )


def validation_views(scenes: Sequence[Scene], categories: Sequence[Category], side: int) -> list[View]:
    """Every scene whole, with sentences that are the same in every run."""
    views = []
    for number, scene in enumerate(scenes):
        pixels, instances = whole_view(scene, side)
        numbers = np.array([-1, *scene.categories])
        areas = np.bincount(instances.numpy().ravel(), minlength=len(numbers)).astype(float)
        rng = np.random.default_rng((7, number))
        objects = visible_objects(instances, numbers, areas)
        found = ExpressionGenerator(categories, rng).draw(objects, scene.unlabelled)
        present = [e for e in found if e.kind != "absent"][:VALIDATION_EXPRESSIONS]
        absent = [e for e in found if e.kind == "absent"][:1]
        views.append(View(pixels, instances, numbers, scene.unlabelled, (*present, *absent)))
    return views


@torch.inference_mode()
def validate(model: nn.Module, views: Sequence[View]) -> dict[str, float]:
    """Metrics over what is there, mIoU of each kind of sentence, and how often absence is seen."""
    if not isinstance(model, RSRefSeg2):
        raise TypeError(f"{type(model).__name__} has no referring validation")
    everything, kinds = ReferringMetrics(), dict[str, ReferringMetrics]()
    for view in views:
        logits = predict(model, view.pixels, [e.text for e in view.expressions]).cpu()
        for expression, mask in zip(view.expressions, logits > 0, strict=True):
            truth = view.mask(expression).bool().numpy()
            kinds.setdefault(expression.kind, ReferringMetrics()).add(mask.numpy(), truth)
            if expression.kind != "absent":
                everything.add(mask.numpy(), truth)
    by_kind = {f"mIoU/{kind}": metrics.summary()["mIoU"] for kind, metrics in sorted(kinds.items())}
    return {**everything.summary(), **by_kind}
