"""Everything that a checkpoint holds, and how it is written and taken up."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from engine.errors import InputError, OutputError
from engine.training.config import OptimiserConfig
from engine.training.loop.parameters import parameter_groups
from engine.training.loop.schedule import learning_rate

CHECKPOINT, KEPT = "checkpoint.pt", "kept.pt"


class TrainingState:
    """A network on its way.

    The learning rate is no part of it: it follows from the configuration and the step, so that a
    run goes on with another one if it is told to.

    Attributes:
        network: The network that moves.
        average: The average of its last steps; None where none is wanted.
        optimiser: AdamW.
        step: Steps done.
        judged: The step of the last validation.
        best: The best validation so far.
        stale: Validations since then.
        pieces: Into how many parts a batch is cut, because it does not fit into memory as a whole.
        recomputes: Whether activations are computed again for the same reason.
    """

    def __init__(self, network: nn.Module, config: OptimiserConfig) -> None:
        self.network = network
        # Buffers are copied: a causal mask holds infinities, whose average is no number.
        self.average = (
            AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(config.ema), use_buffers=False)
            if config.ema
            else None
        )
        groups = parameter_groups(network, config)
        self.optimiser = torch.optim.AdamW(groups, lr=config.learning_rate)
        self._peaks = [(group["lr"], group["weight_decay"]) for group in groups]
        self._share = learning_rate(config)
        self.step, self.judged, self.best, self.stale = 0, 0, -1.0, 0
        self.pieces, self.recomputes = 1, False
        self._set_rates()

    @property
    def kept(self) -> nn.Module:
        """The network to judge and to keep: the averaged one where there is one."""
        return self.network if self.average is None else self.average.module

    @property
    def rate(self) -> float:
        """The learning rate of the next step, of the first group."""
        return float(self.optimiser.param_groups[0]["lr"])

    def finish_step(self) -> None:
        """Counts a step that the optimiser has taken."""
        if self.average is not None:
            self.average.update_parameters(self.network)
        self.step += 1
        self._set_rates()

    def _set_rates(self) -> None:
        share = self._share(self.step)
        groups = self.optimiser.param_groups
        for group, (peak, decay) in zip(groups, self._peaks, strict=True):
            group.update(lr=peak * share, weight_decay=decay)

    def save(self, folder: Path) -> None:
        """Writes the checkpoint, whole or not at all.

        Raises:
            OutputError: The disk is full, or the folder cannot be written; an earlier checkpoint
                stays as it was.
        """
        state = {
            "model": _moving(self.network),
            "average": None if self.average is None else _moving(self.average),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "judged": self.judged,
            "best": self.best,
            "stale": self.stale,
            "pieces": self.pieces,
            "recomputes": self.recomputes,
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
            _load(self.network, state["model"])
            if self.average is not None:
                _load(self.average, state["average"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step, self.judged = int(state["step"]), int(state["judged"])
            self.best, self.stale = float(state["best"]), int(state["stale"])
            self.pieces, self.recomputes = int(state["pieces"]), bool(state["recomputes"])
            self._set_rates()
        except Exception as cause:
            raise InputError(
                f"Training cannot go on from {path}: {cause} It may be of another configuration; "
                "choose another folder, or remove it to start again."
            ) from cause


def _frozen(network: nn.Module) -> set[str]:
    return {name for name, weight in network.named_parameters() if not weight.requires_grad}


def _moving(network: nn.Module) -> dict[str, Tensor]:
    """A network's state without what never moves: an adapter's base may have gigabytes of it."""
    frozen = _frozen(network)
    return {name: value for name, value in network.state_dict().items() if name not in frozen}


def _load(network: nn.Module, state: dict[str, Tensor]) -> None:
    missing, unexpected = network.load_state_dict(state, strict=False)
    wrong = [*(set(missing) - _frozen(network)), *unexpected]
    if wrong:
        raise ValueError(f"{sorted(wrong)[0]} is in one of the two only.")


def save(state: dict[str, Any] | dict[str, Tensor], path: Path) -> None:
    """Writes a state beside its name, down to the disk, and renames it.

    Raises:
        OutputError: It cannot be written; what was there stays as it was.
    """
    partial = path.with_suffix(".partial")
    try:
        torch.save(state, partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(partial, path)
    except (OSError, RuntimeError) as cause:  # PyTorch has no class of its own for a full disk
        partial.unlink(missing_ok=True)
        reason = str(cause).splitlines()[0]
        raise OutputError(
            f"{path} cannot be written: {reason}. What was saved before is still there. Check the "
            "space on its disk, then go on: nothing that is on it is lost."
        ) from cause
