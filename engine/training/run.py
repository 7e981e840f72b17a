"""From a configuration to trained weights: `python -m engine train CONFIG.toml`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from engine.data.backgrounds import backgrounds
from engine.data.batch import TrainingBatches, collate
from engine.data.categories import VHR10, Category
from engine.data.coco import CocoInstances
from engine.data.expressions import ExpressionGenerator
from engine.data.scene import Scene
from engine.data.split import split
from engine.data.views import View, ViewSampler, visible_objects, whole_view
from engine.evaluation.metrics import ReferringMetrics
from engine.systems.rsrefseg2.checkpoint import load_own, save_own
from engine.systems.rsrefseg2.config import compact
from engine.systems.rsrefseg2.model import RSRefSeg2
from engine.systems.rsrefseg2.objective import predict, training_losses
from engine.systems.rsrefseg2.pretraining import EncoderPretraining
from engine.training.config import TrainingConfig
from engine.training.loop import Losses, Run, Validate, train

VALIDATION_EXPRESSIONS = 6


def run(config: TrainingConfig, device: torch.device) -> Path:
    """Trains what the configuration says; returns the weights' file."""
    torch.manual_seed(config.seed)
    source = CocoInstances(
        config.data.annotations, config.data.images, config.data.labelled_only_if_present
    )
    training, validation = split(source.present(), config.data.validation_share)
    longest = config.data.longest_side
    sampler = ViewSampler(
        scenes=list(source.scenes(training, longest)),
        categories=VHR10,
        side=config.side,
        aspects=config.aspects,
        expressions=config.optimiser.expressions,
        mosaic=config.data.mosaic,
        shares=config.data.shares,
        whole=config.data.whole,
        backgrounds=[scene for folder in config.data.backgrounds for scene in backgrounds(Path(folder))],
        seed=config.seed,
    )
    views = validation_views(
        list(source.scenes(validation, longest)), VHR10, config.validation_side
    )
    model = RSRefSeg2(compact())
    if config.initial:
        load_own(model, Path(config.initial))
    network, training_losses, check = OBJECTIVES[config.objective](model, views)
    kept = train(
        Run(
            model=network,
            losses=training_losses,
            batches=lambda first: TrainingBatches(
                sampler, config.optimiser.batch, first, config.optimiser.steps
            ),
            validate=check,
            optimiser=config.optimiser,
            out=config.out,
            device=device,
            evaluate_every=config.evaluate_every,
            save_every=config.save_every,
            keep=config.keep,
            bf16=config.precision == "bf16"
            or (config.precision == "auto" and device.type == "cuda"),
        )
    )
    return export(kept, config.out / "kept.safetensors")


def export(checkpoint: Path, path: Path) -> Path:
    """The model inside a run's best weights, in our format."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    prefix = "model."
    wrapped = any(name.startswith("classify.") for name in state)
    save_own(
        {k[len(prefix) :]: v for k, v in state.items() if k.startswith(prefix)}
        if wrapped
        else state,
        path,
    )
    return path


Objective = tuple[nn.Module, Losses, Validate]


def _referring(model: RSRefSeg2, views: Sequence[View]) -> Objective:
    return model, training_losses, partial(validate_referring, views=views)  # type: ignore[return-value]


def _encoders(model: RSRefSeg2, views: Sequence[View]) -> Objective:
    network = EncoderPretraining(model, len(VHR10))
    return network, EncoderPretraining.losses, partial(validate_encoders, views=views)  # type: ignore[return-value]


OBJECTIVES: dict[str, Callable[[RSRefSeg2, Sequence[View]], Objective]] = {
    "referring": _referring,
    "encoders": _encoders,
}


def validation_views(
    scenes: Sequence[Scene], categories: Sequence[Category], longest: int
) -> list[View]:
    """Every scene whole, with sentences that are the same in every run."""
    views = []
    for number, scene in enumerate(scenes):
        pixels, instances = whole_view(scene, longest)
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
def validate_encoders(network: EncoderPretraining, views: Sequence[View]) -> dict[str, float]:
    """IoU of the categories, by name and by label; "mIoU" is the mean of both."""
    names = [category.name for category in VHR10]
    device = next(network.parameters()).device
    totals = torch.zeros(2, 2, len(names))
    for view in views:
        totals += torch.stack(network.scores(collate([view], names).to(device))).cpu()
    ious = totals[0] / totals[1].clamp(min=1)
    each = {f"IoU/{name}": float(value) for name, value in zip(names, ious[1], strict=True)}
    return {
        "mIoU": float(ious.mean()),
        "names": float(ious[0].mean()),
        "labels": float(ious[1].mean()),
        **each,
    }


@torch.inference_mode()
def validate_referring(model: RSRefSeg2, views: Sequence[View]) -> dict[str, float]:
    """Metrics over what is there, mIoU of each kind of sentence, and how often absence is seen."""
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
