"""The third page: a training at work, what became of it, and what it has learned."""

from __future__ import annotations

import time
from html import escape
from typing import Optional

from qgis.PyQt import uic
from qgis.PyQt.QtCore import QCoreApplication, QSizeF, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QWidget

from ...engine.cards import Card
from ...paths import FORMS, ROOT
from ...text.question import confirmed
from .. import jobs, log
from ..jobs import Job, JobState
from ..session import Activity
from .curve import Curve, Scale
from .model_page import duration
from .pictures import GAP, Pictures

translate = QCoreApplication.translate

LOOKS = 1000
"""Milliseconds between two looks at the log."""

THUMBNAIL = 170
MOST_OUTCOME = 180
"""Pixels of height that the table of words may have."""

NOTES = 3
PADDING = 12
"""Pixels that buttons are wider than their text needs: they stand side by side."""


class ProgressPage(QWidget):
    """Shows one job.

    Signals:
        pause_wanted: It is to stop for now.
        go_on_wanted: It is to go on, and what is to be another from now on.
        best_wanted: It is to end, with the best it has reached.
        delete_wanted: It is to be deleted; the analyst has confirmed.
        use_wanted: The model that came of it is to be used; its id.
    """

    pause_wanted = pyqtSignal()
    go_on_wanted = pyqtSignal(object, object)
    best_wanted = pyqtSignal(object)
    delete_wanted = pyqtSignal(object)
    use_wanted = pyqtSignal(str)

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        uic.loadUi(str(ROOT / "plugin" / "finetune" / "pages" / "progress_page.ui"), self, FORMS)
        self._job: Optional[Job] = None
        self._activity = Activity.IDLE
        self._message = ""
        self._began: Optional[tuple[int, float]] = None
        font = self.heading.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.3)
        self.heading.setFont(font)
        self.loss = Curve(self.tr("Loss"))
        self.score = Curve(self.tr("Mean IoU on ground that is held out"), Scale(0, 1, 0.25))
        self.curves.addWidget(self.loss)
        self.curves.addWidget(self.score)
        self._pictures = Pictures(self.examples, THUMBNAIL, wrapped=False)
        for button in (self.pause, self.goOn, self.keepBest, self.discard, self.use):
            button.setMinimumWidth(button.sizeHint().width() + PADDING)
        bar = self.examples.horizontalScrollBar().sizeHint().height()
        self.examples.setFixedHeight(THUMBNAIL + GAP + bar + 2 * self.examples.frameWidth())
        self.outcome.document().documentLayout().documentSizeChanged.connect(self._fit_outcome)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOKS)
        self._timer.timeout.connect(self.look)
        self.pause.clicked.connect(self.pause_wanted)
        self.goOn.clicked.connect(self._go_on)
        self.rate.setClearValue(0)
        self.keepBest.clicked.connect(lambda: self.best_wanted.emit(self._job))
        self.discard.clicked.connect(self._confirm_delete)
        self.use.clicked.connect(self._use)

    @property
    def job(self) -> Optional[Job]:
        """What is shown."""
        return self._job

    def show_job(self, job: Job, activity: Activity, card: Optional[Card] = None) -> None:
        """Shows a job.

        Args:
            job: The job.
            activity: What the session does with it; idle where it is not at work.
            card: The model that came of it, once it is there.
        """
        if self._job is None or job.folder != self._job.folder:
            self._pictures.show([])
            self._began = None
        if activity is Activity.IDLE:
            self._began = None
        self._job, self._activity = job, activity
        self._message = ""
        working = activity.concerns_job
        done = job.state is JobState.DONE and not working
        self.heading.setText(job.title)
        self.pause.setVisible(activity in (Activity.TRAINING, Activity.PAUSING))
        self.pause.setEnabled(activity is Activity.TRAINING)
        self.goOn.setVisible(not working and not done)
        self.changes.setVisible(job.state is JobState.FAILED and not working)
        self.keepBest.setVisible(not done)
        self.keepBest.setEnabled(activity in (Activity.TRAINING, Activity.IDLE))
        self.discard.setVisible(not working)
        self.use.setVisible(done)
        self.use.setEnabled(card is not None)
        self.use.setDefault(done)
        if done:
            self.use.setFocus()  # not wherever it goes when the button that had it is hidden
        self.bar.setVisible(not done)
        self.outcome.setVisible(done and card is not None)
        if card is not None:
            self.outcome.setHtml(compared(card))
        if working:
            self._timer.start()
        else:
            self._timer.stop()
        self.look()

    def progress(self, done: int, total: int, text: str) -> None:
        """Shows how far the engine says it is."""
        self._message = text
        if self._activity is Activity.TRAINING and total:
            if self._began is None:
                self._began = (done, time.monotonic())
            self._show_steps(done, total)
        else:
            self.bar.setMaximum(total)
            self.bar.setValue(done)
            self._say()

    def look(self) -> None:
        """Reads the log again."""
        job = self._job
        if job is None:
            return
        if self._activity.concerns_job:
            job = self._job = _newest(job)
        told = log.read(job.run)
        best = told.best
        self.loss.show_points(told.losses, job.steps)
        self.score.show_points(
            [(each.step, each.score) for each in told.validations],
            job.steps,
            None if best is None else (best.step, best.score),
        )
        examples = told.validations[-1].examples if told.validations else ()
        self._pictures.show(examples)
        self.seen.setVisible(bool(examples))
        texts = [self.tr("Step {:,}: {}").format(*note) for note in told.notes[-NOTES:]]
        self.notes.setText("\n".join(texts))
        self.notes.setVisible(bool(texts))
        if not self._activity.concerns_job:
            self._show_steps(job.step, job.steps)

    def _fit_outcome(self, size: QSizeF) -> None:
        """As high as it is long, to a limit."""
        height = int(size.height()) + 2 * self.outcome.frameWidth()
        self.outcome.setFixedHeight(min(height, MOST_OUTCOME))

    def _show_steps(self, done: int, total: int) -> None:
        self.bar.setMaximum(max(total, 1))
        self.bar.setValue(done)
        self._say(done, total)

    def _say(self, done: int = 0, total: int = 0) -> None:
        """Says in a line what is going on."""
        job = self._job
        if job is None:
            return
        done, total = done or job.step, total or job.steps
        steps = self.tr("step {:,} of {:,}").format(done, total)
        if self._activity is Activity.PAUSING:
            text = self.tr("Saving what was learned…")
        elif self._activity is Activity.FINISHING:
            text = self._message or self.tr("Making a model of the best…")
        elif self._activity is Activity.TRAINING:
            text = self._training(done, total, steps)
        elif job.state is JobState.DONE:
            text = self.tr("Done. The model stands in the list.")
        elif job.state is JobState.FAILED:
            text = self.tr("Stopped at {}: {}").format(steps, job.problem)
        elif job.state is JobState.RUNNING:
            text = self.tr("Interrupted at {}; no finished part is lost.").format(steps)
        else:
            text = self.tr("Paused at {}.").format(steps)
        self.state.setText(text)

    def _training(self, done: int, total: int, steps: str) -> str:
        """How far it is, and how long it still takes once that can be told."""
        if self._began is not None and done > self._began[0]:
            first, since = self._began
            left = (time.monotonic() - since) / (done - first) * (total - done)
            return self.tr("Training: {}, {} left").format(steps, duration(left))
        return self._message or self.tr("Training: {}").format(steps)

    def _go_on(self) -> None:
        rate = self.rate.value() if self.changes.isVisible() else 0
        self.go_on_wanted.emit(self._job, {"learning_rate": rate} if rate else {})
        self.rate.setValue(0)

    def _confirm_delete(self) -> None:
        if self._job is None:
            return
        if self._job.state is JobState.DONE:
            text = self.tr("Delete what is left of this training? The model stays.")
        else:
            text = self.tr("Delete this training and what it has learned so far?")
        if confirmed(self, text):
            self.delete_wanted.emit(self._job)

    def _use(self) -> None:
        if self._job is not None:
            self.use_wanted.emit(self._job.id)


def _newest(job: Job) -> Job:
    """The job as it is told now; as it was where that cannot be read yet."""
    try:
        return jobs.read(job.folder)
    except jobs.DamagedJob:
        return job


def compared(card: Card) -> str:
    """How well a model knows each of its words, before and after, as rich text."""
    metrics = card["metrics"]
    rows = metrics.get("expressions", {})
    if not rows:
        return escape(
            translate("ProgressPage", "Nothing was held out, so the model could not be measured.")
        )
    heads = (
        translate("ProgressPage", "Name or sentence"),
        translate("ProgressPage", "Samples"),
        translate("ProgressPage", "Mean IoU before"),
        translate("ProgressPage", "after"),
    )
    head = "".join(
        f"<th align='{'left' if number == 0 else 'right'}'>{escape(text)}</th>"
        for number, text in enumerate(heads)
    )
    body = "".join(
        f"<tr><td>{escape(text)}</td><td align='right'>{row['n']:,}</td>"
        f"<td align='right'>{row['before']:.2f}</td>"
        f"<td align='right'><b>{row['after']:.2f}</b></td></tr>"
        for text, row in rows.items()
    )
    known = ""
    if "mIoU known" in metrics:
        text = translate(
            "ProgressPage",
            "On what it knew before, its answers agree with the former ones: mean IoU {:.2f}.",
        )
        known = f"<p>{escape(text.format(metrics['mIoU known']))}</p>"
    return f"<table cellpadding='3' cellspacing='4'><tr>{head}</tr>{body}</table>{known}"
