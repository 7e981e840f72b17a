"""A step may be shared by processes, split into batches, or computed in less memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from engine.data.batch import TrainingBatches
from engine.systems.rsrefseg2 import training
from engine.training.loop.recompute import recompute
from engine.training.loop.train import train
from tests.engine.systems.conftest import tiny_config
from tests.engine.training.logs import validations
from tests.engine.training.loop.line_run import line_run
from tests.engine.training.tiny_run import FROM_NOTHING, STEPS, sampler

ROOT = Path(__file__).resolve().parents[4]


def end(out: Path) -> Tensor:
    state = torch.load(out / "checkpoint.pt", weights_only=True)
    assert state["step"] == STEPS
    weight: Tensor = state["model"]["weight"]
    return weight


def test_two_processes_train_as_one_with_twice_the_views(tmp_path: Path) -> None:
    # `accelerate launch` starts several GPUs through the same launcher, but not several CPUs.
    # Alone it takes a port that is free.
    launch = (sys.executable, "-m", "torch.distributed.run", "--standalone")
    program = ("--nproc_per_node", "2", "--module", "tests.engine.training.loop.line_run")
    command = [*launch, *program, str(tmp_path / "two"), "1", "1"]
    variables = {**os.environ, "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    run = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, check=False)
    assert run.returncode == 0, run.stderr.decode()[-3000:]
    train(line_run(tmp_path / "one", batch=2, accumulate=1))
    train(line_run(tmp_path / "half", batch=1, accumulate=1))
    assert torch.allclose(end(tmp_path / "two"), end(tmp_path / "one"), atol=1e-6)
    assert not torch.allclose(end(tmp_path / "half"), end(tmp_path / "one"), atol=1e-4)
    assert len(validations(tmp_path / "two")) == 1, "one process judges"


def test_a_step_of_several_batches_is_their_mean(tmp_path: Path) -> None:
    seen: list[list[int]] = []
    run = line_run(tmp_path, batch=1, accumulate=3)
    weight = run.model.weight.detach().clone().requires_grad_()
    batches = [TrainingBatches(sampler(), 1, 0, 3).batch(number) for number in range(3)]
    losses = []
    for batch in batches:
        covered = (batch.category_masks == 1).float().mean((1, 2, 3))
        bright = batch.pixels.float().mean((1, 2, 3)) / 255
        losses.append((weight[0] * bright + weight[1] - covered).square().mean())
    torch.stack(losses).mean().backward()
    optimiser = torch.optim.AdamW([weight], lr=0.05, weight_decay=0.0)  # warm-up: half of 0.1
    torch.nn.utils.clip_grad_norm_([weight], run.optimiser.clip)
    optimiser.step()

    def validate(model: torch.nn.Module) -> dict[str, float]:
        seen.append(model.weight.tolist())
        return {"mIoU": 0.0}

    object.__setattr__(run, "validate", validate)
    object.__setattr__(run, "evaluate_every", 1)
    train(run)
    assert seen[0] == pytest.approx(weight.tolist(), abs=1e-6)
    assert len(seen) == STEPS


def kept_bytes(task: training.Task) -> tuple[int, list[Tensor]]:
    """Bytes that SAM's image encoder keeps for the backward pass, and its gradients."""
    kept: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        kept[tensor.data_ptr()] = tensor.nbytes
        return tensor

    torch.manual_seed(1)
    encoder = task.network.sam.image_encoder.train()
    with saved_tensors_hooks(pack, lambda tensor: tensor):
        total = sum(
            level.square().mean() for level in encoder(torch.rand(2, 3, 64, 64))["backbone_fpn"]
        )
        size = sum(kept.values())
    total.backward()
    return size, [p.grad for p in encoder.parameters() if p.grad is not None]


def test_recomputation_keeps_less_and_gives_the_same_gradients() -> None:
    sizes, gradients = [], []
    for again in (False, True):
        torch.manual_seed(0)
        task = training.referring(tiny_config(), FROM_NOTHING)
        if again:
            recompute(task.blocks)
        size, grads = kept_bytes(task)
        sizes.append(size)
        gradients.append(grads)
    assert sizes[1] < 0.6 * sizes[0], sizes
    assert len(gradients[0]) == len(gradients[1]) > 40
    for usual, recomputed in zip(*gradients, strict=True):
        assert torch.allclose(usual, recomputed, atol=1e-6)
