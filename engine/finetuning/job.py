"""A job: a folder that survives every process, and can be gone on with by the next one."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Literal

import portalocker
from pydantic import TypeAdapter, ValidationError

from engine.errors import InputError
from engine.files.boundary import make_folder, writing
from engine.finetuning.presets import PresetName
from engine.finetuning.settings import Settings
from engine.training.config import TrainingConfig, dumps, read

PATIENCE, PAUSE_SECONDS = 20, 0.05
"""How often, and how long, a writer waits for a reader."""


@dataclass(frozen=True)
class JobState:
    """How far a job is; `job.json`.

    Attributes:
        id: Of the new model.
        title: Its name for people.
        base: Id of the model it is an adapter on.
        start: Id of the model that is taught further; may be empty.
        preset: How it is taught.
        state: A "running" job without a process was killed, and can go on as a paused one.
        step: Steps done.
        steps: Steps in all; 0 while they are not known.
        problem: Why it failed, for people.
        format: Of this file.
    """

    id: str
    title: str
    base: str
    start: str
    preset: PresetName
    state: Literal["running", "paused", "failed", "done"]
    step: int = 0
    steps: int = 0
    problem: str = ""
    format: Literal[1] = 1


def _replace(partial: Path, path: Path) -> None:
    """Renames, also where that is refused while somebody reads the old file, as on Windows."""
    for _ in range(PATIENCE):
        try:
            os.replace(partial, path)
        except PermissionError:
            time.sleep(PAUSE_SECONDS)
        else:
            return
    os.replace(partial, path)


def _lock(file: IO[str]) -> None:
    """Locks a file for this process alone.

    Where there is a choice, not as a property of the open file: then the reader of samples, which
    outlives a killed process by some seconds, would keep the next one out.
    """
    flags = portalocker.LOCK_EX | portalocker.LOCK_NB
    own = getattr(portalocker.portalocker, "LockfLocker", None)
    if own is None:
        portalocker.lock(file, flags)
    else:
        own().lock(file, flags)


class Job:
    """The files of a job. Each is written whole or not at all.

    Attributes:
        folder: Their folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    @property
    def exists(self) -> bool:
        """Whether anything was begun there."""
        return self._path("job.json").exists()

    @property
    def run(self) -> Path:
        """The folder of the run."""
        return self._path("run")

    @property
    def samples(self) -> Path:
        """The folder of the samples, unless they lie elsewhere."""
        return self._path("samples")

    def state(self) -> JobState:
        """How far it is.

        Raises:
            InputError: There is no job in the folder, or its file is damaged.
        """
        return self._read("job.json", JobState)

    def settings(self) -> Settings:
        """What it was begun with.

        Raises:
            InputError: There is no job in the folder, or its file is damaged.
        """
        return self._read("settings.json", Settings)

    def config(self) -> TrainingConfig | None:
        """Its run; None where it ended before that was known.

        Raises:
            InputError: It is damaged.
        """
        path = self._path("train.toml")
        return read(path) if path.exists() else None

    def write_state(self, state: JobState) -> None:
        """Writes how far it is; raises OutputError if it cannot."""
        self._write("job.json", json.dumps(asdict(state)))

    def write_settings(self, settings: Settings) -> None:
        """Writes what it is begun with; raises OutputError if it cannot."""
        self._write("settings.json", json.dumps(settings.to_dict()))

    def write_config(self, config: TrainingConfig) -> None:
        """Writes its run; raises OutputError if it cannot."""
        self._write("train.toml", dumps(config, self.folder))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other processes away, however this one ends.

        Raises:
            InputError: Another one has it.
            OutputError: The folder cannot be written.
        """
        path = make_folder(self.folder) / "lock"
        with writing(path):
            file = path.open("a")
        with file:
            try:
                _lock(file)
            except portalocker.LockException as cause:
                raise InputError(
                    f"{self.folder.name} is being taught by another process. Pause it there first."
                ) from cause
            yield

    def _path(self, name: str) -> Path:
        return self.folder / name

    def _read(self, name: str, kind: type[Any]) -> Any:
        path = self._path(name)
        try:
            return TypeAdapter(kind).validate_json(path.read_bytes())
        except (OSError, ValidationError) as cause:
            raise InputError(
                f"There is no fine-tuning to go on with in {self.folder}: {path.name} "
                f"{'is missing' if isinstance(cause, OSError) else 'is damaged'}. Start it again."
            ) from cause

    def _write(self, name: str, content: str) -> None:
        path = self._path(name)
        partial = path.with_suffix(".partial")
        with writing(path):
            with partial.open("w", encoding="utf-8") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            _replace(partial, path)
