"""From a configuration to trained weights: `python -m engine train CONFIG.toml`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs

from engine.compute import device as devices
from engine.data.batch import StepBatches
from engine.errors import Cancelled, InputError
from engine.files.atomic import check_apart
from engine.models import zoo
from engine.models.folders import models_folder
from engine.progress import Progress
from engine.systems import registry
from engine.systems.adapter_config import AdapterConfig
from engine.systems.task import AdapterTask, Start, Task
from engine.training import rehearsal
from engine.training.config import TrainingConfig
from engine.training.data import TrainingData, given_samples, training_data
from engine.training.examples import Examples
from engine.training.loop.given import Run
from engine.training.loop.journal import LOG
from engine.training.loop.recompute import recompute
from engine.training.loop.state import CHECKPOINT, KEPT
from engine.training.loop.train import train
from engine.training.own_model import check_free, measured_before, publish
from engine.training.validation import validated
from engine.training.watch import Watch

WEIGHTS = "kept.safetensors"
"""What was kept of a whole model, in its system's own format."""


def task_of(config: TrainingConfig) -> Task:
    """The network of a run and what it is taught.

    Raises:
        InputError: There is no such task.
        ModelError: An adapter's base cannot be loaded.
    """
    if config.adapter is not None:
        return adapter_task(config, config.adapter)
    model = registry.trained().get(config.model)
    if model is None or config.objective not in model.objectives:
        raise InputError(f"{config.model} has no objective '{config.objective}'.")
    return model.task(config.objective, Start(config.initial, config.base, config.variant))


def adapter_task(config: TrainingConfig, adapter: AdapterConfig) -> AdapterTask:
    """The same of a run that teaches an adapter."""
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
    system = registry.find(base.system)
    if system.adapters is None or base.base is not None:
        raise InputError(f"{base.title} cannot be the base of an adapter in this version.")
    return system.adapter_task(adapter)


def run(
    config: TrainingConfig,
    device: str = "auto",
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Path:
    """Trains what the configuration says; returns the weights' file, or the new model's folder.

    Under `accelerate launch` every process calls this with the same configuration.

    Raises:
        Cancelled: As asked; the same run goes on from the very step.
        InputError: The data or the initial weights cannot be read, the loss is not a number, or
            there is a model of the adapter's id already.
        ModelError: The adapter's base cannot be loaded.
        OutOfMemory: Not even one view fits into the memory.
        OutputError: A folder cannot be written; what was saved before is still good.
    """
    written = (config.out / name for name in (LOG, CHECKPOINT, KEPT, WEIGHTS))
    check_apart(written, [config.data.annotations, config.initial, *config.base.values()])
    accelerator = on_device(device)
    torch.manual_seed(config.seed)
    if config.adapter is not None:
        check_free(config.adapter.id)
    watch = Watch(config.optimiser.steps, progress, cancelled)
    outcome = _taught(config, accelerator, watch)
    # What was trained goes before it is loaded anew: both may not fit into the memory.
    accelerator.free_memory()
    if config.adapter is not None:
        outcome = models_folder() / config.adapter.id
        if accelerator.is_main_process:
            _publish(config, config.adapter, accelerator, data_of(config), watch)
    accelerator.wait_for_everyone()
    return outcome


def _taught(config: TrainingConfig, accelerator: Accelerator, watch: Watch) -> Path:
    """Trains; gives the file of what was kept, of a whole model in its system's own format."""
    task = task_of(config)
    main = accelerator.is_main_process
    if isinstance(task, AdapterTask) and main:
        _rehearse(config, task, accelerator, watch)
    accelerator.wait_for_everyone()
    data = data_of(config)
    if isinstance(task, AdapterTask) and main:
        views = watch.over(data.views, "measuring", "Measuring the model as it is")
        measured_before(config.out, task, accelerator.device, views)
    if config.recompute:
        recompute(task.blocks)
    kept = train(run_of(config, task, data, accelerator, watch))
    if config.adapter is not None:
        return kept
    outcome = kept.with_name(WEIGHTS)
    if main:
        task.export(torch.load(kept, map_location="cpu", weights_only=True), outcome)
    return outcome


def finish(
    config: TrainingConfig,
    device: str = "auto",
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Path:
    """Makes the model of the best weights so far of a run that has not ended; its folder.

    Raises:
        Cancelled: As asked; there is no new model.
        InputError: No weights are kept yet, the data cannot be read, or there is a model of this
            id already.
        ModelError: The base cannot be loaded.
        OutputError: A folder cannot be written.
    """
    if config.adapter is None or not (config.out / KEPT).is_file():
        raise InputError(
            f"Nothing was kept in {config.out} yet: the first validation is still to come. Let it "
            "train longer."
        )
    check_free(config.adapter.id)
    watch = Watch(config.optimiser.steps, progress, cancelled)
    return _publish(config, config.adapter, on_device(device), data_of(config), watch)


def on_device(device: str) -> Accelerator:
    """Where to train.

    Raises:
        InputError: There is no such device, or this process has trained on another one.
        ModelError: CUDA was asked for and cannot compute.
    """
    chosen = devices.choose(device).type
    try:
        return Accelerator(
            cpu=chosen == "cpu",
            kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
        )
    except ValueError as cause:
        raise InputError(
            f"This engine has trained on another device than '{chosen}'. Start it again."
        ) from cause


def uses_bf16(config: TrainingConfig, accelerator: Accelerator) -> bool:
    """Whether a run's forward pass is computed in bfloat16."""
    chosen = config.precision
    return chosen == "bf16" or (chosen == "auto" and accelerator.device.type == "cuda")


def data_of(config: TrainingConfig) -> TrainingData:
    """What a run learns from, and as many validation views as it wants.

    Raises:
        InputError: The data cannot be read.
    """
    data = training_data(config)
    most = config.validation_views
    return replace(data, views=data.views[:: -(-len(data.views) // most) or 1]) if most else data


def run_of(
    config: TrainingConfig, task: Task, data: TrainingData, accelerator: Accelerator, watch: Watch
) -> Run:
    """What the loop needs for a configuration."""
    optimiser, views = config.optimiser, watch.over(data.views, "training", "Validation")
    if isinstance(task, AdapterTask):
        optimiser = replace(optimiser, factors={**task.factors, **optimiser.factors})

    def batches(first: int, process: int, processes: int) -> StepBatches:
        return data.batches(first, optimiser.steps * optimiser.accumulate, process, processes)

    return Run(
        model=task.network,
        losses=task.losses,
        batches=batches,
        validate=partial(validated, task, views),
        optimiser=optimiser,
        out=config.out,
        accelerator=accelerator,
        evaluate_every=config.evaluate_every,
        save_every=config.save_every,
        keep=config.keep if len(views) else "last",
        patience=config.patience if len(views) else 0,
        bf16=uses_bf16(config, accelerator),
        seed=config.seed,
        mode=task.mode,
        recompute=None if config.recompute else partial(recompute, task.blocks),
        examples=None if task.predict is None else Examples(task.predict, data.views).draw,
        progress=watch.progress,
        cancelled=watch.cancelled,
    )


def _rehearse(
    config: TrainingConfig, task: AdapterTask, accelerator: Accelerator, watch: Watch
) -> None:
    """Asks the model about what it knows, before it is taught anything else."""
    if config.adapter is None or not config.adapter.rehearse or config.data.format == "coco":
        return
    samples = given_samples(config, "train")
    if not samples:
        return  # which is told where they are trained on
    network = task.network.to(accelerator.device).eval()

    def told(done: int, due: int) -> None:
        if watch.cancelled():
            raise Cancelled("Cancelled.")
        message = f"Asking the model what it knows, view {done + 1} of {due}"
        watch.progress(Progress(watch.done, watch.steps, "measuring", message))

    with torch.inference_mode():
        rehearsal.prepare(
            config.out,
            partial(task.predict, network),
            (task.start or task.base).categories or (),
            samples,
            config.side,
            config.seed,
            told,
        )


def _publish(
    config: TrainingConfig,
    adapter: AdapterConfig,
    accelerator: Accelerator,
    data: TrainingData,
    watch: Watch,
) -> Path:
    state = torch.load(config.out / KEPT, map_location="cpu", weights_only=True)
    task = adapter_task(config, adapter)
    views = watch.over(data.views, "measuring", "Measuring the new model")
    before = measured_before(config.out, task, accelerator.device, views)
    task.network.to(accelerator.device)
    known = watch.over(data.known, "measuring", "Measuring what it knew before")
    return publish(adapter, task, replace(data, views=views, known=known), before, state)
