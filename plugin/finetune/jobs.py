"""Training jobs on the disk: what there is, how far each is, what became of it."""

from __future__ import annotations

import json
import re
import shutil
import unicodedata
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication

from ..map.extents import Refusal
from ..map.folders import training_folder, writing
from ..settings import Settings
from ..text.log import log

translate = QCoreApplication.translate

JOB, SAMPLES, RUN = "job.json", "samples", "run"
FORMAT = 1
ID_LENGTH = 63
DEVICES = "con|prn|aux|nul|(com|lpt)[0-9]"
"""What no folder is called on Windows."""


class DamagedJob(Exception):
    """A folder that holds no job this version can read; the message says why."""


class JobState(Enum):
    """What became of a job. One that is running without a process was interrupted."""

    RUNNING = "running"
    PAUSED = "paused"
    FAILED = "failed"
    DONE = "done"


@dataclass(frozen=True)
class Job:
    """A training as its job.json tells it.

    Attributes:
        folder: Where everything of it is.
        id: Of the model that comes of it.
        title: The model's name.
        base: Id of the model it started from.
        state: What became of it.
        step: Steps that are done.
        steps: Steps in all.
        problem: Why it failed, for the analyst.
    """

    folder: Path
    id: str
    title: str
    base: str
    state: JobState
    step: int
    steps: int
    problem: str = ""

    @property
    def unfinished(self) -> bool:
        """Whether it can go on."""
        return self.state is not JobState.DONE

    @property
    def run(self) -> Path:
        """The folder with its log and its example masks."""
        return self.folder / RUN


def jobs_folder(settings: Settings) -> Path:
    """Where the jobs are, a folder each."""
    return training_folder(settings) / "finetuning"


def jobs(settings: Settings) -> list[Job]:
    """All jobs, the latest first; what cannot be read is logged."""
    found = []
    for file in jobs_folder(settings).glob(f"[!.]*/{JOB}"):
        try:
            found.append((file.stat().st_mtime, read(file.parent)))
        except (OSError, DamagedJob) as cause:
            log(f"{file}: {cause}")
    return [job for _, job in sorted(found, key=lambda each: each[0], reverse=True)]


def read(folder: Path) -> Job:
    """The job in a folder.

    Raises:
        DamagedJob: There is none, or its job.json is damaged or of another version.
    """
    try:
        told: dict[str, Any] = json.loads((folder / JOB).read_text("utf-8"))
        if told["format"] != FORMAT:
            raise DamagedJob(f"{folder}: format {told['format']} is of another version")
        return _job(folder, told)
    except (OSError, ValueError, KeyError, TypeError) as cause:
        raise DamagedJob(f"{folder}: {cause!r}") from cause


def _job(folder: Path, told: dict[str, Any]) -> Job:
    return Job(
        folder,
        str(told["id"]),
        str(told["title"]) or str(told["id"]),
        str(told["base"]),
        JobState(told["state"]),
        int(told["step"]),
        int(told["steps"]),
        str(told.get("problem") or ""),
    )


def new_folder(model: str, settings: Settings) -> Path:
    """Creates the folder of a new job, in place of one that has ended or never begun.

    Raises:
        Refusal: There is another job of this id, or the folder cannot be written.
    """
    folder = jobs_folder(settings) / model
    if (folder / JOB).exists() and not _over(folder):
        raise Refusal(
            translate(
                "Jobs",
                "There is a training with the id “{}” already. Go on with it, delete it, or "
                "choose another name. It lies in {}.",
            ).format(model, folder)
        )
    if folder.exists():
        delete(folder)
    with writing(folder):
        folder.mkdir(parents=True)
    return folder


def _over(folder: Path) -> bool:
    """Whether nothing is lost with a job; a damaged one may be repaired."""
    try:
        return not read(folder).unfinished
    except DamagedJob:
        return False


def delete(folder: Path) -> None:
    """Deletes a job and everything in it, but not the model that came of it.

    Raises:
        Refusal: Something of it cannot be deleted.
    """
    with writing(folder):
        shutil.rmtree(folder)


def model_id(title: str) -> str:
    """A model's id made of its name: small letters, digits and hyphens; empty without any."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:ID_LENGTH].strip("-")
    return f"{name}-model" if re.fullmatch(DEVICES, name) else name
