"""From a preset, and what it costs here, to a run."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
from accelerate import Accelerator

from engine.data.analyst.sample_set import ANNOTATIONS, REPORT
from engine.errors import InputError, OutOfMemory
from engine.finetuning.cost import TOGETHER, Cost, free_bytes, measure
from engine.finetuning.presets import PRESETS, Preset, Scope
from engine.finetuning.settings import Settings
from engine.models import zoo
from engine.progress import Progress
from engine.systems.adapter_config import AdapterConfig
from engine.training import rehearsal
from engine.training.config import DataConfig, OptimiserConfig, TrainingConfig
from engine.training.data import TrainingData
from engine.training.examples import MOST
from engine.training.run import data_of, on_device

MEMORY_SHARE = 0.85
"""How much of what is free is used: others want some too, and no estimate is exact."""

BATCHES = {"cpu": (4, 2, 1), "cuda": (16, 8, 4, 2, 1)}
"""Views that are looked at together. On a CPU more of them save hardly any time."""

LEARNING_RATES: dict[Scope, float] = {"prompter": 2e-4, "encoders": 2e-4, "everything": 1e-4}
WARMUP_SHARE, LONGEST_WARMUP = 0.1, 100
AVERAGED_SHARE = 0.05
"""Share of the steps that the averaged weights look back."""

SAVING_SECONDS = 60
"""What a kill may cost."""

FEWEST_STEPS = 100
"""Fewer teach hardly anything, so a quick look at a slow machine takes as long as these."""
OVERHEAD_SECONDS = 15.0
LOADINGS = 3
SIDE, LARGEST_SIDE = 384, 1024


@dataclass(frozen=True)
class Plan:
    """A preset as it would be done here.

    Attributes:
        preset: Its word.
        steps: Steps in all.
        scope: How much moves.
        batch: Views that are looked at together.
        accumulate: Batches a step.
        precision: Of the forward pass.
        recompute: Whether activations are computed again instead of kept.
        seconds: What it takes in all, with validations, if nothing ends it early.
        memory_bytes: What is in use at most: by the engine, or on the graphics card.
        fits: Whether there is so much.
        step_seconds: Of a single step.
    """

    preset: str
    steps: int
    scope: Scope
    batch: int
    accumulate: int
    precision: Literal["auto", "float32", "bf16"]
    recompute: bool
    seconds: float
    memory_bytes: int
    fits: bool
    step_seconds: float

    def to_dict(self) -> dict[str, Any]:
        """For the protocol."""
        return asdict(self)


class Planner:
    """Plans what to teach with a folder of samples, by measuring; each kind of run once."""

    def __init__(
        self,
        settings: Settings,
        samples: Path,
        device: str,
        progress: Callable[[Progress], None],
        cancelled: Callable[[], bool],
    ) -> None:
        """Takes everything but the preset from the settings.

        Raises:
            InputError: The samples cannot be read.
            ModelError: The device cannot compute.
        """
        self._settings = settings
        self._samples = samples
        self._accelerator: Accelerator = on_device(device)
        self._free = partial(free_bytes, self._accelerator.device)
        self._progress = progress
        self._cancelled = cancelled
        self._costs: dict[tuple[Scope, bool], Cost] = {}
        self._told = 0
        self._data: TrainingData = data_of(self._run(self._guess()))
        if not self._data.facts.get("train"):
            raise InputError(f"There is no sample to train on in {samples}. Make samples first.")

    def plan(self, preset: Preset) -> Plan:
        """How a preset would be done.

        Raises:
            Cancelled: As asked.
            EngineError: The model cannot be taught.
        """
        settings = self._settings
        scope = self._scope(preset)
        limit = int(MEMORY_SHARE * self._free())
        recompute, cost, batch = self._fitting(scope, limit, preset.views)
        batch = settings.batch or batch
        accumulate = settings.accumulate or max(1, preset.views // batch)
        each = cost.seconds(batch, accumulate)
        around = self._around(preset, cost)
        steps = settings.steps or preset.steps(int(str(self._data.facts["train"])), self._rehearsed)
        if preset.seconds and settings.steps is None:
            steps = max(FEWEST_STEPS, min(steps, int((preset.seconds - around) / each)))
        return Plan(
            preset=preset.name,
            steps=steps,
            scope=scope,
            batch=batch,
            accumulate=accumulate,
            precision=settings.precision or self._precision(),
            recompute=recompute,
            seconds=round(around + steps * each, 1),
            memory_bytes=cost.bytes(batch),
            fits=cost.bytes(batch) <= limit,
            step_seconds=round(each, 3),
        )

    def _fitting(self, scope: Scope, limit: int, views: int) -> tuple[bool, Cost, int]:
        """Whether to recompute, what it costs then, and the largest batch that fits, or 1."""
        chosen = self._settings.recompute
        for recompute in (False, True) if chosen is None else (chosen,):
            with suppress(OutOfMemory):
                cost = self._cost(scope, recompute)
                for batch in BATCHES[self._accelerator.device.type]:
                    if batch <= views and cost.bytes(batch) <= limit:
                        return recompute, cost, batch
        return recompute, self._cost(scope, recompute), 1

    def _cost(self, scope: Scope, recompute: bool) -> Cost:
        """Of a kind of run, measured when it is asked for first."""
        key = (scope, recompute)
        if key not in self._costs:
            guess = replace(self._guess(), scope=scope, recompute=recompute)
            self._costs[key] = measure(
                self._run(guess), self._data, self._accelerator, self._tell, self._cancelled
            )
        return self._costs[key]

    def _around(self, preset: Preset, cost: Cost) -> float:
        """Seconds of what is not a step: loading, rehearsal, validations, before and after."""
        views = len(self._data.views)
        views = min(views, preset.validation_views) if preset.validation_views else views
        looks = (preset.validations + 2) * views + preset.validations * min(views, MOST)
        if self._rehearsed:
            looks += rehearsal.LOOKS
        return OVERHEAD_SECONDS + LOADINGS * cost.loading + looks * cost.look

    @property
    def _rehearsed(self) -> float:
        """The share of the samples that ask for what the model knows."""
        config = configuration(self._settings, self._guess(), self._samples, Path())
        card = zoo.card(self._settings.start or self._settings.base)
        return config.adapter.rehearse if config.adapter and card.categories else 0.0

    def _run(self, plan: Plan) -> TrainingConfig:
        """A run to measure: it writes nothing, and rehearses nothing."""
        plain = replace(self._settings, rehearse=0.0)
        return configuration(plain, plan, self._samples, Path())

    def _scope(self, preset: Preset) -> Scope:
        if self._settings.start:
            # Its adapter stays of the kind that it is.
            told = zoo.card(self._settings.start).data.get("scope")
            return next((scope for scope in LEARNING_RATES if scope == told), preset.scope)
        return self._settings.scope or preset.scope

    def _precision(self) -> Literal["float32", "bf16"]:
        """bf16 where the graphics card computes in it, and does not only pretend to."""
        cuda = self._accelerator.device.type == "cuda"
        native = cuda and torch.cuda.is_bf16_supported(including_emulation=False)
        return "bf16" if native else "float32"

    def _guess(self) -> Plan:
        """What is measured."""
        precision = self._settings.precision or self._precision()
        return Plan(
            "quick", 1, "prompter", TOGETHER, 1, precision, False, 0.0, 0, True, 1.0
        )  # fmt: skip

    def _tell(self, message: str) -> None:
        self._told += 1
        self._progress(Progress(self._told, 0, "measuring", message))


def given(settings: Settings) -> Plan | None:
    """The plan that settings say themselves, as where they come from one; None where they do not.

    Then nothing has to be measured again.
    """
    preset = PRESETS[settings.preset]
    said = (settings.steps, settings.batch, settings.accumulate)
    steps, batch, accumulate = said
    if steps is None or batch is None or accumulate is None:
        return None
    if settings.precision is None or settings.recompute is None:
        return None
    scope = settings.scope or preset.scope
    return Plan(
        preset.name,
        steps,
        scope,
        batch,
        accumulate,
        settings.precision,
        settings.recompute,
        0.0,
        0,
        True,
        1.0,
    )


def configuration(settings: Settings, plan: Plan, samples: Path, out: Path) -> TrainingConfig:
    """The run of a plan."""
    preset = PRESETS[settings.preset]
    start = settings.start
    return TrainingConfig(
        model=settings.base,
        out=out,
        data=DataConfig("jsonl", annotations=samples / ANNOTATIONS),
        optimiser=OptimiserConfig(
            steps=plan.steps,
            batch=plan.batch,
            accumulate=plan.accumulate,
            learning_rate=settings.learning_rate or LEARNING_RATES[plan.scope],
            weight_decay=0.01,
            warmup=min(LONGEST_WARMUP, int(WARMUP_SHARE * plan.steps)),
            ema=max(0.0, 1 - 1 / max(1.0, AVERAGED_SHARE * plan.steps)),
        ),
        side=_side(samples),
        evaluate_every=max(1, -(-plan.steps // preset.validations)),
        save_every=max(1, min(100, int(SAVING_SECONDS / max(plan.step_seconds, 1e-3)))),
        patience=preset.patience,
        validation_views=preset.validation_views,
        recompute=plan.recompute,
        precision=plan.precision,
        adapter=AdapterConfig(
            base=settings.base,
            id=settings.id,
            title=settings.title,
            about=settings.about,
            licence=settings.licence,
            scope=plan.scope,
            start=start,
            rehearse=AdapterConfig.rehearse if settings.rehearse is None else settings.rehearse,
        ),
    )


def _side(samples: Path) -> int:
    """The samples' own side, so that they are seen at their own resolution."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        side = int(json.loads((samples / REPORT).read_text("utf-8"))["settings"]["view"])
        return max(32, min(LARGEST_SIDE, side // 32 * 32))
    return SIDE
