"""What a system has to offer to be trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from engine.data.batch import Batch
from engine.data.views import View


@dataclass(frozen=True)
class Task:
    """A network and what it is taught.

    Attributes:
        network: What is trained.
        losses: The weighted parts of the loss of a network on a batch; their sum is minimised.
        validate: Metrics of a network on views; "mIoU" chooses the best weights.
        export: Writes the weights of a trained network's state in the system's own format.
        blocks: The parts whose activations may be computed again instead of kept.
    """

    network: nn.Module
    losses: Callable[[Any, Batch], dict[str, Tensor]]
    validate: Callable[[Any, Sequence[View]], dict[str, float]]
    export: Callable[[dict[str, Tensor], Path], None]
    blocks: Sequence[nn.Module] = ()
