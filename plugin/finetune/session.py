"""What the fine-tuning dialog is doing: making samples, measuring, training, or nothing."""

from __future__ import annotations

import os
import shutil
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable, Optional

from qgis.core import Qgis, QgsApplication
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..engine.process import Engine
from ..engine.tasks import EngineTask
from ..map.extents import Refusal
from ..map.folders import writing
from ..settings import Settings
from ..text.log import log
from . import jobs
from .jobs import Job, JobState

CLOSING_SECONDS = 20.0
"""How long a training may take to save itself when QGIS ends; it also survives a kill."""


class Activity(Enum):
    """What the session is doing."""

    IDLE = "idle"
    SAMPLING = "sampling"
    MEASURING = "measuring"
    TRAINING = "training"
    PAUSING = "pausing"
    FINISHING = "finishing"

    @property
    def concerns_job(self) -> bool:
        """Whether a job is at work."""
        return self in (Activity.TRAINING, Activity.PAUSING, Activity.FINISHING)


class Session(QObject):
    """Asks an engine of its own, so that the dock's stays free. No widgets.

    Signals:
        changed: The activity.
        progressed: done, total (0: unknown) and what the engine is doing.
        told: A message for the analyst and its Qgis.MessageLevel.
        sampled: The report of the samples that were made.
        measured: The presets, with their time and memory.
        began: A job is at work.
        refused: The job that was asked for never began; its samples are free again.
        ended: A job goes on no more: it is done, paused or failed, as its job.json tells.
    """

    changed = pyqtSignal()
    progressed = pyqtSignal(int, int, str)
    told = pyqtSignal(str, object)
    sampled = pyqtSignal(object)
    measured = pyqtSignal(object)
    began = pyqtSignal(object)
    refused = pyqtSignal()
    ended = pyqtSignal(object)

    def __init__(self, engine: Engine, settings: Settings) -> None:
        super().__init__()
        self._engine = engine
        self._settings = settings
        self._activity = Activity.IDLE
        self._task: Optional[EngineTask] = None
        self._staging: Optional[TemporaryDirectory[str]] = None
        self._job: Optional[Path] = None
        self._keeping_best = False
        self._wanted: Optional[dict[str, Any]] = None

    @property
    def activity(self) -> Activity:
        """What the session is doing."""
        return self._activity

    @property
    def job(self) -> Optional[Path]:
        """The folder of the job that is at work, or was last."""
        return self._job

    @property
    def samples(self) -> Optional[Path]:
        """The samples that were made and have no job yet."""
        folder = None if self._staging is None else Path(self._staging.name) / jobs.SAMPLES
        return folder if folder is not None and folder.is_dir() else None

    def look(self, layers: list[dict[str, Any]], settings: dict[str, Any]) -> None:
        """Makes samples; those that were made before, and have no job, are thrown away.

        Args:
            layers: The parameters of LabelledLayers.
            settings: Those of SampleSettings.
        """
        self._drop()
        try:
            self._forget_samples()
            out = self._new_staging() / jobs.SAMPLES
        except Refusal as cause:
            self._enter(Activity.IDLE)
            self.told.emit(str(cause), Qgis.MessageLevel.Critical)
            return
        params = {"layers": layers, "out": str(out), "settings": settings}
        self._begin(Activity.SAMPLING, "samples", params, self.tr("Making samples"), self._looked)

    def measure(self, base: str, start: str = "") -> None:
        """Finds out how long each preset takes on these samples, and what memory it needs."""
        if self.samples is None or self._activity.concerns_job:
            return
        params = {"samples": str(self.samples), "base": base, "start": start}
        text = self.tr("Measuring how long a training takes here")
        self._begin(Activity.MEASURING, "presets", params, text, self._measured)

    def train(self, settings: dict[str, Any]) -> None:
        """Begins a job with the samples that were made, as soon as nothing else uses them.

        Args:
            settings: Those of the engine's `finetune`.
        """
        if self._activity is Activity.MEASURING and self._task is not None:
            self._wanted = settings
            self._task.cancel()
            return
        try:
            folder = self._new_job(settings["id"])
        except Refusal as cause:
            self.told.emit(str(cause), Qgis.MessageLevel.Warning)
            return
        parts = (settings["id"], settings["title"], settings["base"], JobState.RUNNING)
        self._work(Job(folder, *parts, 0, settings.get("steps", 0)), settings)

    def go_on(self, job: Job, changes: dict[str, Any]) -> None:
        """Goes on with a job that was paused, failed or interrupted.

        Args:
            job: The job.
            changes: Settings of the engine's `finetune` that are another from now on.
        """
        self._work(job, changes or None)

    def pause(self) -> None:
        """Stops the training; what it has learned is saved first."""
        if self._task is not None and self._activity is Activity.TRAINING:
            self._enter(Activity.PAUSING)
            self._task.cancel()

    def keep_best(self, job: Job) -> None:
        """Ends a job and makes a model of the best it has reached."""
        if self._activity is Activity.TRAINING:
            self._keeping_best = True
            self.pause()
            return
        self._job = job.folder
        params = {"job": str(job.folder)}
        text = self.tr("Finishing: {}").format(job.title)
        self._begin(Activity.FINISHING, "finish_finetuning", params, text, self._worked)

    def delete(self, job: Job) -> None:
        """Deletes a job that is not at work.

        Raises:
            Refusal: It is, or cannot be deleted.
        """
        if self._activity.concerns_job and self._job == job.folder:
            raise Refusal(self.tr("This training is running. Pause it first."))
        jobs.delete(job.folder)

    def cancel(self) -> None:
        """Stops what is running: samples and measurements are lost, a training is paused."""
        if self._activity is Activity.TRAINING:
            self.pause()
        elif self._task is not None:
            self._task.cancel()

    def close(self) -> None:
        """Stops everything, a training when it is saved; nothing is told any more."""
        self.blockSignals(True)
        self._keeping_best = False
        self._wanted = None
        if self._task is not None:
            self._task.cancel()
            if self._activity.concerns_job:
                self._task.wait(CLOSING_SECONDS)
        self._drop()
        try:
            self._forget_samples()
        except Refusal as cause:
            log(str(cause))

    def _work(self, job: Job, settings: Optional[dict[str, Any]]) -> None:
        self._job = job.folder
        params = {"job": str(job.folder), "settings": settings}
        text = self.tr("Training: {}").format(job.title)
        self._begin(Activity.TRAINING, "finetune", params, text, self._worked)
        self.began.emit(job)

    def _looked(self, report: dict[str, Any]) -> None:
        self._enter(Activity.IDLE)
        self.sampled.emit(report)

    def _measured(self, presets: list[dict[str, Any]]) -> None:
        self.measured.emit(presets)
        self._stop()

    def _worked(self, card: Any = None) -> Optional[Job]:
        """A job goes on no more: tells as what it ended."""
        job, keeping = self._job, self._keeping_best
        self._keeping_best = False
        self._enter(Activity.IDLE)
        if job is None:
            return None
        try:
            found = jobs.read(job)
        except jobs.DamagedJob as cause:
            if (job / jobs.JOB).exists():
                self.told.emit(str(cause), Qgis.MessageLevel.Critical)
            else:
                self._take_back(job)  # it was refused before it began
            return None
        if keeping and found.state is JobState.PAUSED:
            self.keep_best(found)
        else:
            self.ended.emit(found)
        return found

    def _begin(
        self,
        activity: Activity,
        method: str,
        params: dict[str, Any],
        description: str,
        then: Callable[[Any], object],
    ) -> None:
        self._drop()
        task = EngineTask(description, self._engine, method, params)
        task.progressed.connect(self.progressed)
        task.answered.connect(then)
        task.failed.connect(self._fail)
        task.stopped.connect(self._stop)
        self._task = task
        self._enter(activity)
        self.progressed.emit(0, 0, description)
        QgsApplication.taskManager().addTask(task)

    def _drop(self) -> None:
        """Stops listening to the last request, and ends it if it is still on its way."""
        task, self._task = self._task, None
        if task is not None:
            for signal in (task.progressed, task.answered, task.failed, task.stopped):
                signal.disconnect()
            task.cancel()

    def _fail(self, text: str) -> None:
        self._keeping_best = False
        job = self._stop()
        if job is None or job.problem != text:
            self.told.emit(text, Qgis.MessageLevel.Critical)

    def _stop(self) -> Optional[Job]:
        """The request has come to no result; gives the job it was about, if it was about one."""
        if self._activity.concerns_job:
            return self._worked()
        self._enter(Activity.IDLE)
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            self.train(wanted)
        return None

    def _enter(self, activity: Activity) -> None:
        if activity is Activity.IDLE:
            self._task = None
        if activity is not self._activity:
            self._activity = activity
            self.changed.emit()

    def _new_staging(self) -> Path:
        parent = jobs.jobs_folder(self._settings)
        with writing(parent):
            parent.mkdir(parents=True, exist_ok=True)
            self._staging = TemporaryDirectory(prefix=".samples-", dir=parent)
        return Path(self._staging.name)

    def _forget_samples(self) -> None:
        staging, self._staging = self._staging, None
        if staging is not None:
            with writing(Path(staging.name)):
                staging.cleanup()

    def _new_job(self, model: str) -> Path:
        """The folder of a new job, with the samples in it.

        Raises:
            Refusal: There is such a job, no samples, or the folder cannot be written.
        """
        samples = self.samples
        if samples is None:
            raise Refusal(self.tr("Look at the samples first."))
        job = jobs.new_folder(model, self._settings)
        with writing(job):
            os.rename(samples, job / jobs.SAMPLES)
        return job

    def _take_back(self, job: Path) -> None:
        """Frees the samples of a job that never began, for another attempt."""
        self._job = None
        if self._staging is not None and (job / jobs.SAMPLES).is_dir():
            try:
                with writing(job):
                    os.rename(job / jobs.SAMPLES, Path(self._staging.name) / jobs.SAMPLES)
                    shutil.rmtree(job)
            except Refusal as cause:
                self.told.emit(str(cause), Qgis.MessageLevel.Critical)
        self.refused.emit()
