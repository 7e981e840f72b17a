"""Validation on views that are the same in every run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.data.scenes.expressions import ExpressionGenerator
from engine.data.scenes.scene import Scene
from engine.data.scenes.views import IGNORE, View, visible_objects, whole_view
from engine.errors import InputError
from engine.evaluation.metrics import ReferringMetrics
from engine.language.categories import Category
from engine.systems.task import Task

EXPRESSIONS = 6


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
        present = [e for e in found if e.kind != "absent"][:EXPRESSIONS]
        absent = [e for e in found if e.kind == "absent"][:1]
        views.append(View(pixels, instances, numbers, scene.unlabelled, (*present, *absent)))
    return views


def validated(task: Task, views: Sequence[View], network: Any) -> dict[str, float]:
    """The metrics of a network by which its task chooses the best weights."""
    if task.validate is not None:
        return task.validate(network, views)
    if task.predict is None:
        raise InputError("What is taught without sentences has to say how it is validated.")
    return validate_referring(partial(task.predict, network), views)


@torch.inference_mode()
def validate_referring(
    predict: Callable[[Tensor, list[str]], Tensor], views: Sequence[View]
) -> dict[str, float]:
    """Metrics over what is there, mIoU of each kind of sentence, and how often absence is seen.

    Args:
        predict: Logits `(E, H, W)` of `E` sentences about one view `(3, H, W)`.
        views: With their sentences.
    """
    everything, kinds = ReferringMetrics(), dict[str, ReferringMetrics]()
    for view in views:
        logits = predict(view.pixels, [e.text for e in view.expressions]).cpu()
        for expression, mask in zip(view.expressions, logits > 0, strict=True):
            truth = view.mask(expression).bool().numpy()
            kinds.setdefault(expression.kind, ReferringMetrics()).add(mask.numpy(), truth)
            if expression.kind != "absent":
                everything.add(mask.numpy(), truth)
    by_kind = {f"mIoU/{kind}": metrics.summary()["mIoU"] for kind, metrics in sorted(kinds.items())}
    return {**everything.summary(), **by_kind}


@torch.inference_mode()
def validate_expressions(
    predict: Callable[[Tensor, list[str]], Tensor], views: Sequence[View]
) -> dict[str, dict[str, float]]:
    """The mIoU and n of each sentence in any case; where nothing is, nothing is right.

    Args:
        predict: Logits `(E, H, W)` of `E` sentences about one view `(3, H, W)`.
        views: With their sentences.
    """
    found: dict[str, ReferringMetrics] = {}
    for view in views:
        logits = predict(view.pixels, [e.text for e in view.expressions]).cpu()
        for expression, mask in zip(view.expressions, logits > 0, strict=True):
            truth = view.mask(expression).numpy()
            metrics = found.setdefault(
                " ".join(expression.text.lower().split()), ReferringMetrics()
            )
            metrics.add(mask.numpy(), truth == 1, truth == IGNORE)
    summaries = {text: metrics.summary() for text, metrics in found.items()}
    return {text: {name: s[name] for name in ("mIoU", "n")} for text, s in summaries.items()}
