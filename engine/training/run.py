"""From a configuration to trained weights: `python -m engine train CONFIG.toml`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs

from engine import zoo
from engine.data.batch import StepBatches
from engine.errors import InputError
from engine.systems.rs2_sam2 import config as rs2_sam2_config
from engine.systems.rs2_sam2 import training as rs2_sam2
from engine.systems.rsrefseg2 import config as rsrefseg2_config
from engine.systems.rsrefseg2 import training as rsrefseg2
from engine.training.config import AdapterConfig, TrainingConfig
from engine.training.data import training_data
from engine.training.loop import Run, train
from engine.training.own_model import Metrics, check_free, measure, publish
from engine.training.recompute import recompute
from engine.training.task import AdapterTask, Task

Build = Callable[[TrainingConfig], Task]


def tasks() -> dict[tuple[str, str], Build]:
    """What can be trained, by the configuration's model and objective."""
    compact, union_compact = rsrefseg2_config.compact(), rs2_sam2_config.compact()
    return {
        ("rsrefseg2-compact", "referring"): partial(rsrefseg2.referring, compact),
        ("rsrefseg2-compact", "encoders"): partial(rsrefseg2.encoders, compact),
        ("rs2-sam2-large", "referring"): partial(rs2_sam2.referring, rs2_sam2_config.large()),
        ("rs2-sam2-compact", "referring"): partial(rs2_sam2.referring, union_compact),
        ("rs2-sam2-compact", "encoders"): partial(rs2_sam2.union_encoder, union_compact),
    }


def adapters() -> dict[str, Callable[[AdapterConfig], AdapterTask]]:
    """What can be given an adapter, by the base's system."""
    return {"rsrefseg2": rsrefseg2.adapter}


def _task(config: TrainingConfig) -> Task:
    if config.adapter is not None:
        return _adapter_task(config, config.adapter)
    build = tasks().get((config.model, config.objective))
    if build is None:
        raise InputError(f"{config.model} has no objective '{config.objective}'.")
    return build(config)


def _adapter_task(config: TrainingConfig, adapter: AdapterConfig) -> AdapterTask:
    if (config.model, config.objective) != (adapter.base, "referring"):
        raise InputError(
            f"An adapter on {adapter.base} wants model = '{adapter.base}' and objective = "
            "'referring'."
        )
    if config.initial or config.base or config.variant:
        raise InputError(
            f"An adapter starts from {adapter.base} as it is. Leave out initial, base and variant."
        )
    base = zoo.card(adapter.base)
    build = adapters().get(base.system)
    if build is None or base.base is not None:
        raise InputError(f"{base.title} cannot be the base of an adapter in this version.")
    return build(adapter)


def run(config: TrainingConfig, device: str = "auto") -> Path:
    """Trains what the configuration says; returns the weights' file, or the new model's folder.

    Under `accelerate launch` every process calls this with the same configuration.

    Raises:
        InputError: The data or the initial weights cannot be read, the loss is not a number, or
            there is a model of the adapter's id already.
        ModelError: The adapter's base cannot be loaded.
    """
    accelerator = Accelerator(
        cpu=device == "cpu",
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
    )
    torch.manual_seed(config.seed)
    if config.adapter is not None:
        check_free(config.adapter.id)
    data = training_data(config)
    task = _task(config)
    main = accelerator.is_main_process
    before: Metrics = {}
    if isinstance(task, AdapterTask) and main:
        before = measure(task, task.network.to(accelerator.device), data.views)
    if config.recompute:
        recompute(task.blocks)
    optimiser = config.optimiser

    def batches(first: int, process: int, processes: int) -> StepBatches:
        return data.batches(first, optimiser.steps * optimiser.accumulate, process, processes)

    kept = train(
        Run(
            model=task.network,
            losses=task.losses,
            batches=batches,
            validate=lambda network: task.validate(network, data.views),
            optimiser=optimiser,
            out=config.out,
            accelerator=accelerator,
            evaluate_every=config.evaluate_every,
            save_every=config.save_every,
            keep=config.keep if len(data.views) else "last",
            bf16=config.precision == "bf16"
            or (config.precision == "auto" and accelerator.device.type == "cuda"),
            seed=config.seed,
            mode=task.mode,
        )
    )
    outcome = kept.with_suffix(".safetensors")
    if config.adapter is not None:
        outcome = zoo.models_folder() / config.adapter.id
    if main:
        state = torch.load(kept, map_location="cpu", weights_only=True)
        if config.adapter is None:
            task.export(state, outcome)
        else:
            fresh = _adapter_task(config, config.adapter)
            fresh.network.to(accelerator.device)
            publish(config.adapter, fresh, data, before, state)
    accelerator.wait_for_everyone()
    return outcome
