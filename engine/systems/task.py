"""What a system has to offer to be taught."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from engine.data.batch import Batch
from engine.data.scenes.views import View
from engine.models.card import ModelCard

Predict = Callable[[Any, Tensor, list[str]], Tensor]
Validate = Callable[[Any, Sequence[View]], dict[str, float]]


@dataclass(frozen=True)
class Start:
    """Where a network that is taught whole begins.

    Attributes:
        initial: Weights to start from; none if empty.
        base: Files of base models to start from instead, by the names the system gives them.
        variant: A change to the configuration by the system's name for it; none if empty.
    """

    initial: str = ""
    base: Mapping[str, str] = field(default_factory=dict)
    variant: str = ""


@dataclass(frozen=True)
class Task:
    """A network and what it is taught.

    Attributes:
        network: What is trained.
        losses: The weighted parts of the loss of a network on a batch; their sum is minimised.
        export: Writes the weights of a trained network's state in the system's own format.
        blocks: The parts whose activations may be computed again instead of kept.
        mode: Puts a network into the state in which it is taught.
        predict: Logits `(E, H, W)` of a network for sentences about a view `(3, H, W)`; None where
            it is not taught sentences.
        validate: Metrics of a network on views, of which "mIoU" chooses the best weights; None
            where they are those of what it predicts.
    """

    network: nn.Module
    losses: Callable[[Any, Batch], dict[str, Tensor]]
    export: Callable[[dict[str, Tensor], Path], None]
    blocks: Sequence[nn.Module] = ()
    mode: Callable[[Any], object] = nn.Module.train
    predict: Predict | None = None
    validate: Validate | None = None


@dataclass(frozen=True, kw_only=True)
class AdapterTask(Task):
    """An adapter on a model. `export` writes PEFT's two files into a folder.

    Attributes:
        base: The card of the model that is adapted.
        base_sha256: SHA-256 of its weights.
        predict: As above; never None.
        load: Reads a folder of `export` into a network of such a task.
        start: The card of the user's own model whose adapter it is; None for a fresh adapter.
        factors: Learning rates as multiples, by parts of the parameters' names, where the run does
            not say others.
    """

    base: ModelCard
    base_sha256: str
    predict: Predict
    load: Callable[[Any, Path], None]
    start: ModelCard | None = None
    factors: Mapping[str, float] = field(default_factory=dict)
