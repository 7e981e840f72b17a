"""What the loop is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from torch import Tensor, nn

from engine.data.batch import Batch, StepBatches
from engine.progress import Progress
from engine.training.config import OptimiserConfig

Losses = Callable[[Any, Batch], dict[str, Tensor]]
Validate = Callable[[Any], dict[str, float]]


@dataclass(frozen=True)
class Run:
    """What one training run needs.

    Attributes:
        model: The network with its first weights.
        losses: The weighted parts of the loss on a batch.
        batches: Batches from a number on, for one of several processes:
            `batches(first, process, processes)`.
        validate: Metrics of a network; "mIoU" chooses the best weights.
        optimiser: How weights move.
        out: Folder of the run.
        accelerator: Where to train.
        evaluate_every: Steps between two validations.
        save_every: Steps between two checkpoints; every validation has one as well.
        keep: Which weights come out: the "best" on the validation set, or the "last".
        patience: Validations without a better one that end the run; 0 for any.
        bf16: Whether the forward pass is computed in bfloat16 where that is safe.
        seed: Of what the network itself draws.
        mode: Puts the network into the state in which it is taught.
        recompute: Makes the network compute activations again, where nothing else saves memory.
        examples: Draws a network's answers after a step into a folder; gives the files' names.
        progress: Is told how far the run is.
        cancelled: Whether it should stop.
    """

    model: nn.Module
    losses: Losses
    batches: Callable[[int, int, int], StepBatches]
    validate: Validate
    optimiser: OptimiserConfig
    out: Path
    accelerator: Accelerator
    evaluate_every: int
    save_every: int
    keep: str = "best"
    patience: int = 0
    bf16: bool = False
    seed: int = 0
    mode: Callable[[Any], object] = nn.Module.train
    recompute: Callable[[], None] | None = None
    examples: Callable[[Any, Path, int], list[str]] | None = None
    progress: Callable[[Progress], None] | None = None
    cancelled: Callable[[], bool] | None = None
