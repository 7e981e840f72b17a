"""A batch on a Dask cluster that the user started: one source is one task.

This process only connects; it opens no port. Tasks and their answers are plain data. A source whose
worker dies is tried on another one, as often as the scheduler's setting
`distributed.scheduler.allowed-failures` says.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.batch import run as batch
from engine.batch.run import FAILED, LEFT_OUT, Job, Outcome
from engine.batch.worker import attempt
from engine.errors import EngineError, InputError

if TYPE_CHECKING:
    from distributed import Client, Future

ROOT = Path(__file__).resolve().parents[2]

LOOK = 1.0
"""Seconds after which it is looked whether there are new workers, while no task ends."""

CONNECT = 15.0
"""Seconds that a scheduler may take to answer."""


def run(
    jobs: Sequence[Job], scheduler: str, stopping: Callable[[], bool], tell: Callable[[str], None]
) -> Generator[Outcome, None, None]:
    """Segments sources on a cluster; outcomes come as they are ready.

    Args:
        jobs: What to do. Sources and folders must have the same paths on every worker.
        scheduler: Its address, such as "tcp://10.0.0.1:8786".
        stopping: Asked now and then; no other source is begun when it says so.
        tell: Told what the analyst should know at once.

    Raises:
        InputError: `distributed` is not installed, or no scheduler answers.
        EngineError: The scheduler is lost, or a worker cannot run the engine or load the model.
    """
    with _connected(scheduler) as client:
        yield from _Run(client, jobs, stopping, tell).outcomes()


class _Run:
    """Keeps one task a worker in flight, so that a worker's death is blamed on its own source."""

    def __init__(
        self,
        client: Client,
        jobs: Sequence[Job],
        stopping: Callable[[], bool],
        tell: Callable[[str], None],
    ) -> None:
        self._client = client
        self._waiting = deque(jobs)
        self._running: dict[Future[batch.Values], Job] = {}
        self._stopping = stopping
        self._tell = tell
        self._alone = False

    def outcomes(self) -> Iterator[Outcome]:
        try:
            while self._running or (self._waiting and not self._stopping()):
                self._submit()
                for future in self._finished():
                    yield _outcome(self._running.pop(future), future)
        finally:
            self._client.cancel(list(self._running))

    def _submit(self) -> None:
        workers = len(self._client.nthreads())
        if not workers and not self._alone:
            self._tell("The scheduler has no worker. Waiting for one: dask worker ADDRESS")
        self._alone = not workers
        # A cluster that grows with its load needs a task to grow for.
        while self._waiting and len(self._running) < max(workers, 1) and not self._stopping():
            job = self._waiting.popleft()
            future = self._client.submit(attempt, job.to_dict(), pure=False)
            self._running[future] = job

    def _finished(self) -> list[Future[batch.Values]]:
        from distributed import wait

        if self._running:
            try:
                wait(list(self._running), timeout=LOOK, return_when="FIRST_COMPLETED")
            except TimeoutError:
                return []
        return [future for future in self._running if future.done()]


def _outcome(job: Job, future: Future[batch.Values]) -> Outcome:
    from distributed.scheduler import KilledWorker

    if future.status == "finished":
        return _seen_from_here(Outcome.from_dict(future.result()), job)
    if future.status == "cancelled":
        raise EngineError("The scheduler forgot its tasks: it was started again. Run this again.")
    cause = future.exception()
    if isinstance(cause, KilledWorker):
        times = cause.allowed_failures + 1
        return Outcome.of(
            job,
            FAILED,
            error=f"{job.source.path} ended the {times} worker processes that worked on it. They "
            "may have too little memory: choose a smaller extent or a coarser resolution.",
        )
    if isinstance(cause, EngineError):
        raise EngineError(f"A worker cannot begin: {cause}") from cause
    raise EngineError(
        f"A worker cannot run the engine: {type(cause).__name__}: {cause}. Start the workers with "
        f"this engine's Python in a folder that holds the same 'engine' as {ROOT}."
    ) from cause


def _seen_from_here(outcome: Outcome, job: Job) -> Outcome:
    """The outcome, with a warning where the worker's folder is not the one of this computer."""
    if outcome.state in (FAILED, LEFT_OUT) or (job.folder / batch.RECORD).is_file():
        return outcome
    warning = (
        f"{job.folder} holds no results here yet. If they do not come, the workers write to disks "
        "of their own: choose a folder that all computers share."
    )
    return replace(outcome, warnings=(*outcome.warnings, warning))


@contextmanager
def _connected(scheduler: str) -> Iterator[Client]:
    try:
        from distributed import Client
    except ImportError as cause:
        raise InputError(
            f"--scheduler needs the package 'distributed', which is not installed. In {ROOT} run: "
            f"{sys.executable} -m plugin.engine.environment --into {sys.prefix} "
            "--lock requirements/engine.lock --lock requirements/cluster.lock"
        ) from cause
    try:
        client = Client(scheduler, timeout=CONNECT)
    except (OSError, ValueError) as cause:
        raise InputError(
            f"No Dask scheduler answers at {scheduler}: {cause}. Start one with: dask scheduler"
        ) from cause
    with client:
        try:
            yield client
        except OSError as cause:
            raise EngineError(f"The scheduler {scheduler} was lost: {cause}.") from cause
