"""One step of training, in as much memory as there is."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from contextlib import nullcontext

import numpy as np
import torch
from torch import Tensor, nn

from engine.compute import memory
from engine.data.batch import Batch
from engine.errors import InputError, OutOfMemory
from engine.training.loop.given import Losses, Run
from engine.training.loop.state import TrainingState


class Stepper:
    """Takes the steps of a run.

    Where the memory does not suffice for a batch, it is cut in half again and again, down to single
    views; then activations are computed again instead of kept. The views of a step and their
    weights stay the same, and so does what it learns.
    """

    def __init__(self, run: Run, state: TrainingState, note: Callable[[int, str], None]) -> None:
        """Prepares a network; `note` takes a step and words for people."""
        self._run = run
        self._state = state
        self._note = note
        self._parts = run.accelerator.prepare(_LossParts(run.model, run.losses))
        if state.recomputes and run.recompute is not None:
            run.recompute()

    def take(self, batches: Sequence[Batch]) -> dict[str, float]:
        """Moves the network by a step's batches; gives the parts of the loss.

        Raises:
            InputError: The loss or its gradient is not a number; nothing has moved.
            OutOfMemory: Not even one view fits; nothing has moved.
        """
        values = self._gradients(batches)
        run, state = self._run, self._state
        norm = nn.utils.clip_grad_norm_(
            state.network.parameters(), run.optimiser.clip or float("inf")
        )
        if not np.isfinite(sum(values.values())) or not norm.isfinite():
            raise InputError(
                f"The loss is not a number at step {state.step}. Lower the learning rate (it is "
                f"{run.optimiser.learning_rate:g} now, a third may do), then go on: training "
                "continues from the last checkpoint, and the best so far is kept."
            )
        state.optimiser.step()
        state.finish_step()
        return values

    def _gradients(self, batches: Sequence[Batch]) -> dict[str, float]:
        while True:
            try:
                return self._attempt(batches)
            except (RuntimeError, MemoryError) as cause:
                if not memory.exhausted(cause):
                    raise
                remedy = self._remedy(max(len(batch.pixels) for batch in batches))
                if remedy is None:
                    raise OutOfMemory(_too_little(self._run)) from cause
            # The error is gone here, and with it what its frames held.
            self._state.optimiser.zero_grad(set_to_none=True)
            gc.collect()
            if self._run.accelerator.device.type == "cuda":
                torch.cuda.empty_cache()
            self._note(self._state.step + 1, remedy)

    def _remedy(self, views: int) -> str | None:
        """Makes the next attempt smaller; says how, or gives None where it cannot."""
        state = self._state
        if self._run.accelerator.num_processes > 1:
            return None  # the others wait in the middle of the step
        if state.pieces < views:
            state.pieces = min(2 * state.pieces, views)
            most = -(-views // state.pieces)
            together = "one view" if most == 1 else f"{most} views"
            return (
                f"The memory did not suffice for a step. It looks at {together} at a time from now "
                f"on, {state.pieces} times as often: it takes longer and learns the same."
            )
        if self._run.recompute is None or state.recomputes:
            return None
        state.recomputes = True
        self._run.recompute()
        return (
            "The memory did not suffice for a single view. Part of the work is done twice from now "
            "on instead of being remembered: it takes longer and learns the same."
        )

    def _attempt(self, batches: Sequence[Batch]) -> dict[str, float]:
        """The gradients of a step's batches, and the parts of the loss."""
        run, state, accelerator = self._run, self._state, self._run.accelerator
        key = (run.seed, state.step, accelerator.process_index)
        torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1)[0]))
        run.mode(state.network)
        state.optimiser.zero_grad(set_to_none=True)
        values: dict[str, float] = {}
        pieces = [
            (piece, len(piece.pixels) / len(batch.pixels))
            for batch in batches
            for piece in batch.pieces(state.pieces)
        ]
        for number, (piece, share) in enumerate(pieces, 1):
            more = number < len(pieces)
            with accelerator.no_sync(self._parts) if more else nullcontext():
                with torch.autocast(accelerator.device.type, torch.bfloat16, enabled=run.bf16):
                    losses = self._parts(piece.to(accelerator.device))
                total = torch.stack(list(losses.values())).sum() * share / len(batches)
                accelerator.backward(total)
            for name, value in losses.items():
                values[name] = values.get(name, 0.0) + float(value.detach()) * share / len(batches)
        return values


class _LossParts(nn.Module):
    """A network and its losses as one forward pass, which is what many GPUs share."""

    def __init__(self, network: nn.Module, losses: Losses) -> None:
        super().__init__()
        self.network = network
        self.losses = losses

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        return self.losses(self.network, batch)


def _too_little(run: Run) -> str:
    if run.accelerator.num_processes > 1:
        return "There is too little memory for a step. Choose a smaller batch, then go on."
    return (
        f"There is too little memory for a single view of {run.optimiser.batch} a batch, even with "
        "part of the work done twice. Close other programs that use the memory, teach less "
        "(scope 'prompter'), or choose a smaller model. What was saved is still there."
    )
