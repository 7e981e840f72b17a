"""A run of a single point, whose judgements are what a test says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engine.data.batch import Batch
from engine.training.config import OptimiserConfig
from engine.training.loop.given import Losses, Run
from tests.engine.training.tiny_run import SETTINGS, tiny_run


class Point(nn.Module):
    """One vector, on its way from 0 to 1."""

    def __init__(self) -> None:
        super().__init__()
        self.at = nn.Parameter(torch.zeros(2))


def distance(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
    return {"distance": (model.at - 1).square().sum()}


def point_run(
    out: Path, scores: Sequence[float] = (), losses: Losses = distance, **changes: Any
) -> tuple[Run, list[Tensor]]:
    """A run of a point that is judged every second step, and the points that were judged."""
    seen: list[Tensor] = []

    def validate(network: nn.Module) -> dict[str, float]:
        seen.append(network.at.detach().clone())
        score = scores[len(seen) - 1] if scores else 0.0
        return {"other": -score, "mIoU": score}

    optimiser = OptimiserConfig(**{**SETTINGS, "learning_rate": 0.1})
    settings = {"model": Point(), "validate": validate, "evaluate_every": 2, "optimiser": optimiser}
    return tiny_run(out, losses, **{**settings, **changes}), seen
