"""Teaches a model as a job says: begun, gone on with, finished before its time."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from engine.compute import memory
from engine.errors import Cancelled, EngineError, InputError, OutOfMemory, OutputError
from engine.finetuning.job import Job, JobState
from engine.finetuning.plan import Plan, Planner, configuration, given
from engine.finetuning.presets import PRESETS
from engine.finetuning.settings import Settings
from engine.models import zoo
from engine.models.card import ADAPTER_FILES, ModelCard
from engine.models.folders import models_folder
from engine.models.integrity import sha256
from engine.progress import Progress
from engine.training.config import TrainingConfig
from engine.training.loop.state import KEPT
from engine.training.own_model import check_free
from engine.training.run import adapter_task, finish, run

log = logging.getLogger(__name__)

Tell = Callable[[Progress], None]
Ask = Callable[[], bool]

CHANGEABLE = ("learning_rate", "steps", "batch")
"""What may be another when a job goes on."""


def presets(
    samples: Path, base: str, start: str, device: str, progress: Tell, cancelled: Ask
) -> list[Plan]:
    """What each preset would take with these samples on this machine.

    Raises:
        Cancelled: As asked.
        EngineError: The samples cannot be read, or the model cannot be taught.
    """
    settings = Settings("estimate", base=base, start=start)
    planner = Planner(settings, samples.absolute(), device, progress, cancelled)
    return [planner.plan(preset) for preset in PRESETS.values()]


def finetune(
    folder: Path,
    settings: Mapping[str, Any] | None,
    device: str,
    progress: Tell,
    cancelled: Ask,
) -> ModelCard:
    """Begins a job, or goes on with one; gives the new model's card.

    Args:
        folder: The job's.
        settings: What to begin with, as `Settings` has it. None to go on, or what of `CHANGEABLE`
            should be another from now on.
        device: Where to compute.
        progress: Is told how far it is.
        cancelled: Whether it should pause.

    Raises:
        Cancelled: Paused as asked; it goes on from the very step.
        EngineError: What is wrong; the job's folder says so as well, and nothing is lost.
    """
    job = Job(folder)
    with job.locked():
        if job.exists:
            _change(job, settings or {})
        elif settings is None:
            job.state()  # says that there is none
        else:
            _begin(job, Settings.from_dict(settings))
        with _kept_account(job, progress) as tell:
            config = job.config() or _planned(job, device, tell, cancelled)
            job.write_state(replace(job.state(), state="running", steps=config.optimiser.steps))
            if not _published(config):
                run(config, device, tell, cancelled)
            return zoo.card(job.state().id)


def finish_finetuning(folder: Path, device: str, progress: Tell, cancelled: Ask) -> ModelCard:
    """Makes the model of the best that a job has learned so far; its card.

    Raises:
        Cancelled: As asked; the job is as it was.
        EngineError: It has learned nothing yet, or the model cannot be made.
    """
    job = Job(folder)
    with job.locked():
        state, config = job.state(), job.config()
        if config is None:
            raise InputError(f"{state.title} has learned nothing yet. Let it train longer.")
        if not _published(config):
            finish(config, device, progress, cancelled)
        job.write_state(replace(state, state="done", problem=""))
        return zoo.card(state.id)


def _begin(job: Job, settings: Settings) -> None:
    check_free(settings.id)
    job.write_settings(settings)
    title = settings.title or settings.id
    parts = (settings.base, settings.start, settings.preset)
    job.write_state(JobState(settings.id, title, *parts, state="running"))


def _change(job: Job, changes: Mapping[str, Any]) -> None:
    """Changes what a job goes on with."""
    before = job.settings()
    others = [
        name
        for name, value in changes.items()
        if name not in CHANGEABLE and value != before.to_dict().get(name)
    ]
    if others:
        raise InputError(
            f"There is a fine-tuning in {job.folder} already, and its '{others[0]}' cannot be "
            f"another. Go on with it ({', '.join(CHANGEABLE)} may change), or choose another id."
        )
    after = Settings.from_dict({**before.to_dict(), **changes})
    if after == before:
        return
    job.write_settings(after)
    config = job.config()
    if config is not None:
        wanted = {name: changes[name] for name in CHANGEABLE if changes.get(name) is not None}
        if "batch" in wanted:  # the views of a step stay as many
            views = config.optimiser.batch * config.optimiser.accumulate
            wanted["accumulate"] = max(1, views // wanted["batch"])
        job.write_config(replace(config, optimiser=replace(config.optimiser, **wanted)))


def _planned(job: Job, device: str, tell: Tell, cancelled: Ask) -> TrainingConfig:
    """The run, measured for now and here where it was not before."""
    settings = job.settings()
    samples = job.folder / (settings.samples or job.samples)
    plan = given(settings)
    if plan is None:
        preset = PRESETS[settings.preset]
        plan = Planner(settings, samples, device, tell, cancelled).plan(preset)
    config = configuration(settings, plan, samples, job.run)
    job.write_config(config)
    return config


@contextmanager
def _kept_account(job: Job, progress: Tell) -> Iterator[Tell]:
    """Keeps `job.json` as the job is; gives who is told how far it is."""
    told = job.state().step

    def tell(step: Progress) -> None:
        nonlocal told
        if step.stage == "training" and step.done != told:
            told = step.done
            job.write_state(replace(job.state(), step=told))
        progress(step)

    job.write_state(replace(job.state(), state="running", problem=""))
    try:
        yield tell
    except Cancelled:
        job.write_state(replace(job.state(), state="paused"))
        raise
    except Exception as cause:
        problem = _explained(cause)
        try:
            job.write_state(replace(job.state(), state="failed", problem=str(problem)))
        except OutputError as second:  # the disk is full: the first error says more
            log.warning("%s", second)
        if problem is cause:
            raise
        raise problem from cause
    job.write_state(replace(job.state(), state="done"))


def _explained(cause: Exception) -> Exception:
    """What went wrong, for people."""
    if isinstance(cause, EngineError):
        return cause
    if memory.exhausted(cause):
        return OutOfMemory(
            "There is too little memory to teach this model. Close other programs that use it, "
            "choose a smaller model, or run on the CPU. What was saved is still there."
        )
    return cause


def _published(config: TrainingConfig) -> bool:
    """Whether a run that was killed had made its model already; another's of this id is none."""
    adapter = config.adapter
    if adapter is None or not (models_folder() / adapter.id).is_dir():
        return False
    kept = config.out / KEPT
    if not kept.is_file():
        return False
    task = adapter_task(config, adapter)
    with tempfile.TemporaryDirectory() as folder:
        state = torch.load(kept, map_location="cpu", weights_only=True)
        task.export(state, Path(folder))
        mine = {name: sha256(Path(folder, name)) for name in ADAPTER_FILES}
    return mine == {file.name: file.sha256 for file in zoo.card(adapter.id).weights}
