"""Everything that a checkpoint holds, and how it is written and taken up."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from engine.errors import InputError
from engine.training.config import OptimiserConfig
from engine.training.parameters import parameter_groups
from engine.training.schedule import learning_rate

CHECKPOINT = "checkpoint.pt"


class TrainingState:
    """A network on its way.

    Attributes:
        network: The network that moves.
        average: The average of its last steps; None where none is wanted.
        optimiser: AdamW.
        schedule: Its learning rate.
        step: Steps done.
        best: The best validation so far.
    """

    def __init__(self, network: nn.Module, config: OptimiserConfig) -> None:
        self.network = network
        # Buffers are copied: a causal mask holds infinities, whose average is no number.
        self.average = (
            AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(config.ema), use_buffers=False)
            if config.ema
            else None
        )
        self.optimiser = torch.optim.AdamW(
            parameter_groups(network, config), lr=config.learning_rate
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimiser, learning_rate(config))
        self.step = 0
        self.best = -1.0

    @property
    def kept(self) -> nn.Module:
        """The network to judge and to keep: the averaged one where there is one."""
        return self.network if self.average is None else self.average.module

    def finish_step(self) -> None:
        """Counts a step that the optimiser has taken."""
        self.schedule.step()
        if self.average is not None:
            self.average.update_parameters(self.network)
        self.step += 1

    def save(self, folder: Path) -> None:
        """Writes the checkpoint, whole or not at all."""
        state = {
            "model": self.network.state_dict(),
            "average": None if self.average is None else self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "step": self.step,
            "best": self.best,
        }
        save(state, folder / CHECKPOINT)

    def resume(self, folder: Path) -> None:
        """Takes up the folder's checkpoint, if there is one.

        Raises:
            InputError: It cannot be read, or is of another network.
        """
        path = folder / CHECKPOINT
        if not path.exists():
            return
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            self.network.load_state_dict(state["model"])
            if self.average is not None:
                self.average.load_state_dict(state["average"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.schedule.load_state_dict(state["schedule"])
            self.step, self.best = int(state["step"]), float(state["best"])
        except Exception as cause:
            raise InputError(
                f"Training cannot go on from {path}: {cause} It may be of another configuration; "
                "choose another folder, or remove it to start again."
            ) from cause


def save(state: dict[str, Any] | dict[str, Tensor], path: Path) -> None:
    """Writes a state beside its name and renames it."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)
