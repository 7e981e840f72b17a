"""What teaching costs on this machine: a few real steps, timed, and the memory they took."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
import torch
from accelerate import Accelerator

from engine.compute.allocator import give_back_freed_memory
from engine.data.batch import Batch
from engine.errors import Cancelled
from engine.systems.task import Task
from engine.training.config import TrainingConfig
from engine.training.data import TrainingData
from engine.training.loop.state import TrainingState
from engine.training.loop.step import Stepper
from engine.training.run import run_of, task_of
from engine.training.watch import Watch

TOGETHER = 4
"""Views of the larger of the two batches that are measured."""

SLOW_SECONDS = 30.0
"""A step of one view that takes longer is not measured with several."""

SAMPLING_SECONDS = 0.005


@dataclass(frozen=True)
class Cost:
    """Seconds and bytes of a model that is taught.

    Attributes:
        loading: Seconds to load it.
        step: Seconds of a batch, whatever is in it.
        view: Seconds that each view of it takes more.
        look: Seconds to answer a sentence about a view.
        model: Bytes without a view.
        view_bytes: Bytes that each view of a batch takes more.
    """

    loading: float
    step: float
    view: float
    look: float
    model: int
    view_bytes: int

    def seconds(self, batch: int, accumulate: int) -> float:
        """Of one step."""
        return accumulate * (self.step + batch * self.view)

    def bytes(self, batch: int) -> int:
        """At most in use at once, by the whole process or on the graphics card."""
        return self.model + batch * self.view_bytes


def free_bytes(device: torch.device) -> int:
    """Memory that this process may use, what it uses now included."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device)
    return int(psutil.virtual_memory().available + psutil.Process().memory_info().rss)


def measure(
    config: TrainingConfig,
    data: TrainingData,
    accelerator: Accelerator,
    tell: Callable[[str], None],
    cancelled: Callable[[], bool],
) -> Cost:
    """Takes a few steps of a run whose batches have `TOGETHER` views, and throws them away.

    Raises:
        Cancelled: As asked.
        EngineError: The run cannot be taken, such as for too little memory.
    """
    give_back()
    try:
        return _measured(config, data, accelerator, tell, cancelled)
    finally:
        give_back()


def _measured(
    config: TrainingConfig,
    data: TrainingData,
    accelerator: Accelerator,
    tell: Callable[[str], None],
    cancelled: Callable[[], bool],
) -> Cost:
    device = accelerator.device
    started = time.perf_counter()
    task = task_of(config)
    state = TrainingState(task.network.to(device), config.optimiser)
    loading = time.perf_counter() - started
    run = run_of(config, task, data, accelerator, Watch(0))
    stepper = Stepper(run, state, lambda step, message: None)
    batch = data.batches(0, 1, 0, 1).batch(0)
    alone = batch.pieces(len(batch.pixels))[0]

    def timed(views: Batch) -> tuple[float, int]:
        if cancelled():
            raise Cancelled("Cancelled.")
        count = len(views.pixels)
        tell("Measuring a step of one view" if count == 1 else f"Measuring a step of {count} views")
        with high_water(device) as most:
            started = time.perf_counter()
            stepper.take([views])
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            return time.perf_counter() - started, most()

    before = used_bytes(device)
    first, _ = timed(alone)  # allocates what AdamW keeps
    one, one_bytes = min(timed(alone), timed(alone)) if first < SLOW_SECONDS else timed(alone)
    view_bytes = max(one_bytes - before, 1)
    fits = one_bytes + (TOGETHER - 1) * view_bytes < free_bytes(device)
    step, view = 0.0, one
    if fits and first < SLOW_SECONDS:
        several, several_bytes = min(timed(batch), timed(batch))
        view = max((several - one) / (TOGETHER - 1), 0.1 * one)
        step = max(one - view, 0.0)
        # What the allocator kept may hide growth: at least an eighth of what the first view took.
        growth = (several_bytes - one_bytes) // (TOGETHER - 1)
        view_bytes = max(growth, view_bytes // 8, 1)
        if state.pieces > 1:  # several views did not fit after all
            view_bytes = free_bytes(device)
    tell("Measuring an answer")
    look = _look(task, data, batch)
    return Cost(loading, step, view, look, one_bytes - view_bytes, view_bytes)


def _look(task: Task, data: TrainingData, batch: Batch) -> float:
    if task.predict is None:
        return 0.0
    task.network.eval()
    seconds = []
    with torch.inference_mode():
        for _ in range(2):
            started = time.perf_counter()
            pixels = data.views[0].pixels if len(data.views) else batch.pixels[0]
            task.predict(task.network, pixels, batch.expressions[:1]).cpu()
            seconds.append(time.perf_counter() - started)
    return min(seconds)


def used_bytes(device: torch.device) -> int:
    """In use now, by the whole process or on the graphics card."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    return int(psutil.Process().memory_info().rss)


@contextmanager
def high_water(device: torch.device) -> Iterator[Callable[[], int]]:
    """Gives a function for the most bytes in use since the block began."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        yield lambda: torch.cuda.max_memory_allocated(device)
        return
    levels = [used_bytes(device)]
    over = threading.Event()

    def watch() -> None:
        process = psutil.Process()
        while not over.wait(SAMPLING_SECONDS):
            levels[0] = max(levels[0], process.memory_info().rss)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield lambda: max(levels[0], used_bytes(device))
    finally:
        over.set()
        watcher.join()


def give_back() -> None:
    """Gives memory that nothing uses back to the system, so that nothing else is measured."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    give_back_freed_memory()
