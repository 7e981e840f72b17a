"""The fine-tuning dialog: its pages, wired to the session."""

from __future__ import annotations

from enum import IntEnum
from html import escape
from typing import Any, Optional

from qgis.core import Qgis
from qgis.PyQt import uic
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QDialog, QWidget

from ..engine.cards import Card
from ..map.extents import Refusal
from ..paths import FORMS, ROOT, icon
from ..settings import Settings
from ..text.message_frame import MessageFrame
from . import jobs, report
from .jobs import Job
from .pages.model_page import ModelPage
from .pages.progress_page import PADDING, ProgressPage
from .pages.samples_page import SamplesPage
from .session import Activity, Session


class Page(IntEnum):
    """The pages in their order."""

    SAMPLES = 0
    MODEL = 1
    TRAINING = 2


class FinetuneDialog(QDialog):
    """Layers, samples, a model, its training. It may be closed while a training runs.

    Signals:
        models_changed: There is a new model.
        use_wanted: A model is to be used; its id.
        cards_wanted: The models there are should be asked for, so that one can be chosen.
    """

    models_changed = pyqtSignal()
    use_wanted = pyqtSignal(str)
    cards_wanted = pyqtSignal()

    def __init__(
        self, session: Session, settings: Settings, parent: Optional[QWidget] = None
    ) -> None:
        super().__init__(parent)
        uic.loadUi(str(ROOT / "plugin" / "finetune" / "dialog.ui"), self, FORMS)
        self.setObjectName("SegmentByTextFinetuneDialog")
        self.setWindowIcon(icon("teach"))
        self.session = session
        self._settings = settings
        self._cards: list[Card] = []
        self._report: Optional[dict[str, Any]] = None
        self._measured = ("", "")
        self.message_frame = MessageFrame(self)
        self.samples_page = SamplesPage(settings, self)
        self.model_page = ModelPage(self)
        self.progress_page = ProgressPage(self)
        for page in (self.samples_page, self.model_page, self.progress_page):
            self.pages.addWidget(page)
        self.another.setMinimumWidth(self.another.sizeHint().width() + PADDING)
        self._connect()
        self._turn_to(Page.SAMPLES)

    @property
    def page(self) -> Page:
        """The page that is shown."""
        return Page(self.pages.currentIndex())

    @property
    def trainable(self) -> bool:
        """Whether there are samples that wait for a training."""
        told = self._report
        return told is not None and self.session.samples is not None and report.can_train(told)

    def present(self, start: str = "") -> None:
        """Shows the dialog, at the training that runs if there is one.

        Args:
            start: Id of a model that is to be taught further.
        """
        if self.session.activity.concerns_job:
            self._turn_to(Page.TRAINING)
        elif start:
            self.model_page.start_from(start)
            if self.page is Page.TRAINING:
                self._turn_to(Page.SAMPLES)
        self.refresh()
        if not self._cards:
            self.cards_wanted.emit()
        self.show()
        self.raise_()
        self.activateWindow()

    def refresh(self) -> None:
        """Looks again which jobs and corrections there are."""
        working = self.session.job if self.session.activity.concerns_job else None
        found = [each for each in jobs.jobs(self._settings) if each.unfinished]
        self.samples_page.show_jobs([each for each in found if each.folder != working])
        self.samples_page.show_corrections()

    def show_models(self, cards: list[Card]) -> None:
        """Takes the models there are."""
        self._cards = cards
        self.model_page.show_models(cards)
        job = self.progress_page.job
        if job is not None:
            self._show_job(job)

    def _connect(self) -> None:
        session = self.session
        session.changed.connect(self._update)
        session.progressed.connect(self._progress)
        session.told.connect(self.message_frame.tell)
        session.sampled.connect(self._sampled)
        session.measured.connect(self.model_page.show_presets)
        session.began.connect(self._began)
        session.refused.connect(self._refused)
        session.ended.connect(self._ended)
        self.samples_page.look_wanted.connect(self._look)
        self.samples_page.job_wanted.connect(self._open_job)
        self.samples_page.told.connect(self.message_frame.tell)
        self.samples_page.changed.connect(self._outdate)
        self.model_page.start_chosen.connect(self._measure)
        self.model_page.told.connect(self.message_frame.tell)
        progress = self.progress_page
        progress.pause_wanted.connect(session.pause)
        progress.go_on_wanted.connect(self._go_on)
        progress.best_wanted.connect(self._keep_best)
        progress.delete_wanted.connect(self._delete)
        progress.use_wanted.connect(self.use_wanted)
        self.cancel.clicked.connect(session.cancel)
        self.back.clicked.connect(lambda: self._turn_to(Page.SAMPLES))
        self.next.clicked.connect(self._next)
        self.train.clicked.connect(self._train)
        self.another.clicked.connect(self._another)
        self.closeButton.clicked.connect(self.reject)

    def _look(self, layers: list[dict[str, Any]], settings: dict[str, Any]) -> None:
        self.message_frame.clear()
        card = next((each for each in self._cards if each["id"] == self.model_page.base), None)
        if card is not None:
            settings = {**settings, "finest": card["finest"]}
        self._report = None
        self._measured = ("", "")
        self.session.look(layers, settings)
        self.samples_page.show_nothing()

    def _outdate(self) -> None:
        """The samples that are shown are no longer those of what is chosen."""
        if self.trainable:
            self.message_frame.tell(
                self.tr("These samples were made before your last change. Look again to use it."),
                Qgis.MessageLevel.Info,
            )

    def _sampled(self, told: dict[str, Any]) -> None:
        self._report = told
        self.samples_page.show_report(told)
        self._update()

    def _next(self) -> None:
        self.message_frame.clear()
        self._turn_to(Page.MODEL)
        self._measure()
        self.model_page.title.setFocus()

    def _measure(self) -> None:
        """Measures the presets from this start, unless that was done with these samples."""
        start = (self.model_page.base, self.model_page.further)
        if self.page is Page.MODEL and start[0] and start != self._measured:
            self._measured = start
            self.session.measure(*start)

    def _train(self) -> None:
        self.message_frame.clear()
        try:
            settings = self.model_page.settings()
        except Refusal as cause:
            self.message_frame.tell(str(cause), Qgis.MessageLevel.Warning)
            return
        self.session.train(settings)

    def _began(self, job: Job) -> None:
        self._show_job(job)
        self.samples_page.show_nothing()
        self._turn_to(Page.TRAINING)

    def _go_on(self, job: Job, changes: dict[str, Any]) -> None:
        self.message_frame.clear()
        self.session.go_on(job, changes)

    def _keep_best(self, job: Job) -> None:
        self.message_frame.clear()
        self.session.keep_best(job)

    def _delete(self, job: Job) -> None:
        try:
            self.session.delete(job)
        except Refusal as cause:
            self.message_frame.tell(str(cause), Qgis.MessageLevel.Warning)
            return
        self._another()

    def _another(self) -> None:
        self.message_frame.clear()
        self.refresh()
        self._turn_to(Page.SAMPLES)

    def _open_job(self, job: Job) -> None:
        self.message_frame.clear()
        self._show_job(job)
        self._turn_to(Page.TRAINING)

    def _show_job(self, job: Job) -> None:
        activity = self.session.activity if self.session.job == job.folder else Activity.IDLE
        card = next((each for each in self._cards if each["id"] == job.id), None)
        self.progress_page.show_job(job, activity, card)

    def _refused(self) -> None:
        """A training never began: its samples wait for another attempt."""
        if self._report is not None:
            self.samples_page.show_report(self._report)
        self._turn_to(Page.MODEL)

    def _ended(self, job: Job) -> None:
        """A job goes on no more: shows what became of it."""
        self._show_job(job)
        if not job.unfinished:
            self.models_changed.emit()
        self.refresh()
        self._update()

    def _progress(self, done: int, total: int, text: str) -> None:
        activity = self.session.activity
        if activity.concerns_job:
            self.progress_page.progress(done, total, text)
            return
        if activity is Activity.MEASURING:
            self.model_page.show_measuring(
                self.tr("Measuring on your samples how long this takes. You need not wait for it.")
            )
        self.progress.setMaximum(total)
        self.progress.setValue(done)
        self.stage.setText(text)

    def _turn_to(self, page: Page) -> None:
        self.pages.setCurrentIndex(page)
        self._update()

    def _update(self) -> None:
        """Shows what is possible now."""
        page, activity = self.page, self.session.activity
        working = activity.concerns_job
        self.working.setVisible(
            page is not Page.TRAINING and activity in (Activity.SAMPLING, Activity.MEASURING)
        )
        if activity is not Activity.MEASURING:
            self.model_page.show_measuring("")
        self.samples_page.look.setEnabled(not working and activity is not Activity.SAMPLING)
        self.back.setVisible(page is Page.MODEL)
        self.next.setVisible(page is Page.SAMPLES)
        self.next.setEnabled(self.trainable and not working)
        self.train.setVisible(page is Page.MODEL)
        self.train.setEnabled(self.trainable and not working)
        self.another.setVisible(page is Page.TRAINING and not working)
        self.next.setDefault(page is Page.SAMPLES and self.trainable)
        self.samples_page.look.setDefault(page is Page.SAMPLES and not self.trainable)
        self.train.setDefault(page is Page.MODEL)
        self._say_page(page)
        job = self.progress_page.job
        if working and job is not None and job.folder == self.session.job:
            self._show_job(job)

    def _say_page(self, page: Page) -> None:
        names = (self.tr("Samples"), self.tr("Model"), self.tr("Training"))
        shown = [
            f"<b>{number + 1}. {escape(name)}</b>"
            if number == page
            else f"<span>{number + 1}. {escape(name)}</span>"
            for number, name in enumerate(names)
        ]
        self.steps.setText("&nbsp;&nbsp;&rsaquo;&nbsp;&nbsp;".join(shown))
        self.steps.setAccessibleName(self.tr("Step {} of 3: {}").format(page + 1, names[page]))
