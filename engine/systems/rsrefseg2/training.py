"""How RSRefSeg 2 is taught: its encoders first, then what sentences mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engine.data.batch import collate
from engine.data.scenes.views import View
from engine.errors import InputError
from engine.language.categories import VHR10
from engine.models import adapter as adapter_files
from engine.models import zoo
from engine.models.card import Base, ModelCard
from engine.models.integrity import check_files
from engine.models.weights import save_small
from engine.systems import loading
from engine.systems.adapter_config import AdapterConfig
from engine.systems.rsrefseg2 import adapters
from engine.systems.rsrefseg2.checkpoint import load_own
from engine.systems.rsrefseg2.config import RSRefSeg2Config
from engine.systems.rsrefseg2.lora import merge_published
from engine.systems.rsrefseg2.model import RSRefSeg2
from engine.systems.rsrefseg2.objective import predict, training_losses
from engine.systems.rsrefseg2.pretraining import EncoderPretraining
from engine.systems.task import AdapterTask, Start, Task


def referring(config: RSRefSeg2Config, start: Start) -> Task:
    """The whole model learns what sentences mean."""
    model = _model(config, start)
    return Task(model, training_losses, save_small, _blocks(model), predict=predict)


def adapter(wanted: AdapterConfig) -> AdapterTask:
    """An adapter learns what a user's sentences mean; its base stays as it is.

    Raises:
        InputError: The model it starts from is no adapter on this base.
        ModelError: The base, or the model it starts from, cannot be loaded.
    """
    base: Any = loading.load(wanted.base, "cpu")
    model: RSRefSeg2 = base.model
    merge_published(model)
    start = _start(wanted, base.weights_sha256)
    if start is None:
        adaptation = adapters.adaptation(model, wanted)
    else:
        adaptation = adapter_files.read_adaptation(start.folder / adapter_files.CONFIG)
    adapter_files.inject(model, adaptation)
    if start is not None:
        adapter_files.fill(model, start.folder)

    def export(state: dict[str, Tensor], folder: Path) -> None:
        adapter_files.write(model, state, adaptation, wanted.base, folder)

    return AdapterTask(
        network=model,
        losses=training_losses,
        export=export,
        blocks=_blocks(model),
        mode=_teach,
        base=base.card,
        base_sha256=base.weights_sha256,
        predict=predict,
        load=adapter_files.fill,
        start=start,
        factors=dict.fromkeys(adapters.TEXT_ENCODERS, adapters.TEXT_FACTOR),
    )


def _start(wanted: AdapterConfig, base_sha256: str) -> ModelCard | None:
    """The user's own model whose adapter is taught further."""
    if not wanted.start:
        return None
    card = zoo.card(wanted.start)
    if card.base != Base(wanted.base, base_sha256):
        raise InputError(
            f"{card.title} cannot be taught further on {wanted.base}: it was not made on these "
            f"weights of it. Start from {wanted.base} itself."
        )
    check_files(card)
    return card


def _teach(model: nn.Module) -> None:
    """Training mode, but the statistics of many images do not give way to those of a few."""
    model.train()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def encoders(config: RSRefSeg2Config, start: Start) -> Task:
    """Both image encoders learn all categories at every position."""
    model = _model(config, start)
    network = EncoderPretraining(model, len(VHR10))
    return Task(
        network,
        EncoderPretraining.losses,
        _export_model,
        _blocks(model),
        validate=_validate_encoders,
    )


def _model(config: RSRefSeg2Config, start: Start) -> RSRefSeg2:
    model = RSRefSeg2(config)
    if start.initial:
        load_own(model, Path(start.initial))
    return model


def _blocks(model: RSRefSeg2) -> list[nn.Module]:
    return list(model.sam.image_encoder.trunk.blocks)


def _export_model(state: dict[str, Tensor], path: Path) -> None:
    """The model inside its pretraining."""
    prefix = "model."
    save_small({k[len(prefix) :]: v for k, v in state.items() if k.startswith(prefix)}, path)


@torch.inference_mode()
def _validate_encoders(network: EncoderPretraining, views: Sequence[View]) -> dict[str, float]:
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
