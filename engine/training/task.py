"""What a system has to offer to be trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from engine.data.batch import Batch
from engine.data.views import View
from engine.zoo import ModelCard


@dataclass(frozen=True)
class Task:
    """A network and what it is taught.

    Attributes:
        network: What is trained.
        losses: The weighted parts of the loss of a network on a batch; their sum is minimised.
        validate: Metrics of a network on views; "mIoU" chooses the best weights.
        export: Writes the weights of a trained network's state in the system's own format.
        blocks: The parts whose activations may be computed again instead of kept.
        mode: Puts a network into the state in which it is taught.
    """

    network: nn.Module
    losses: Callable[[Any, Batch], dict[str, Tensor]]
    validate: Callable[[Any, Sequence[View]], dict[str, float]]
    export: Callable[[dict[str, Tensor], Path], None]
    blocks: Sequence[nn.Module] = ()
    mode: Callable[[Any], object] = nn.Module.train


@dataclass(frozen=True, kw_only=True)
class AdapterTask(Task):
    """An adapter on a model. `export` writes PEFT's two files into a folder.

    Attributes:
        base: The card of the model that is adapted.
        base_sha256: SHA-256 of its weights.
        predict: Logits `(E, H, W)` of a network for sentences about a view `(3, H, W)`.
        load: Reads a folder of `export` into a network of such a task.
    """

    base: ModelCard
    base_sha256: str
    predict: Callable[[Any, Tensor, list[str]], Tensor]
    load: Callable[[Any, Path], None]
