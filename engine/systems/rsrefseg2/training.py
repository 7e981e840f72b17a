"""How RSRefSeg 2 is taught: its encoders first, then what sentences mean."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from engine.data.batch import collate
from engine.data.categories import VHR10
from engine.data.views import View
from engine.systems.rsrefseg2.checkpoint import load_own
from engine.systems.rsrefseg2.config import RSRefSeg2Config
from engine.systems.rsrefseg2.model import RSRefSeg2
from engine.systems.rsrefseg2.objective import predict, training_losses
from engine.systems.rsrefseg2.pretraining import EncoderPretraining
from engine.training.config import TrainingConfig
from engine.training.task import Task
from engine.training.validation import validate_referring
from engine.weights import save_small


def referring(config: RSRefSeg2Config, run: TrainingConfig) -> Task:
    """The whole model learns what sentences mean."""
    model = _model(config, run)
    return Task(model, training_losses, _validate_referring, save_small, _blocks(model))


def encoders(config: RSRefSeg2Config, run: TrainingConfig) -> Task:
    """Both image encoders learn all categories at every position."""
    model = _model(config, run)
    network = EncoderPretraining(model, len(VHR10))
    return Task(
        network, EncoderPretraining.losses, _validate_encoders, _export_model, _blocks(model)
    )


def _model(config: RSRefSeg2Config, run: TrainingConfig) -> RSRefSeg2:
    model = RSRefSeg2(config)
    if run.initial:
        load_own(model, Path(run.initial))
    return model


def _blocks(model: RSRefSeg2) -> list[nn.Module]:
    return list(model.sam.image_encoder.trunk.blocks)


def _export_model(state: dict[str, Tensor], path: Path) -> None:
    """The model inside its pretraining."""
    prefix = "model."
    save_small({k[len(prefix) :]: v for k, v in state.items() if k.startswith(prefix)}, path)


def _validate_referring(model: RSRefSeg2, views: Sequence[View]) -> dict[str, float]:
    return validate_referring(partial(predict, model), views)


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
