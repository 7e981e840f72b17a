"""A run of a network of two numbers on real views: `line_run FOLDER BATCH ACCUMULATE`."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from engine.data.batch import Batch
from engine.training.config import OptimiserConfig
from engine.training.loop.given import Run
from engine.training.loop.train import train
from tests.engine.training.tiny_run import STEPS, tiny_batches


class Line(nn.Module):
    """The brightness of a view, scaled and shifted."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([0.5, -1.0]))

    def forward(self, batch: Batch) -> Tensor:
        return self.weight[0] * batch.pixels.float().mean((1, 2, 3)) / 255 + self.weight[1]


def error(model: Line, batch: Batch) -> dict[str, Tensor]:
    """Of the share of every view that its objects cover; each view counts the same."""
    covered = (batch.category_masks == 1).float().flatten(1).mean(1)
    return {"error": (model(batch) - covered).square().mean()}


def line_run(out: Path, batch: int, accumulate: int) -> Run:
    """Six steps; what they see depends on the number of their views alone."""
    torch.manual_seed(0)
    settings = {"learning_rate": 0.1, "warmup": 2, "ema": 0.0, "batch": batch}
    return Run(
        model=Line(),
        losses=error,
        batches=tiny_batches(batch),
        validate=lambda model: {"mIoU": model.weight[0].item()},
        optimiser=OptimiserConfig(steps=STEPS, accumulate=accumulate, **settings),
        out=out,
        accelerator=Accelerator(cpu=True),
        evaluate_every=STEPS,
        save_every=2,
    )


if __name__ == "__main__":
    train(line_run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
