"""The first page: what is learned from, and what it looks like."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from qgis.core import Qgis, QgsApplication
from qgis.PyQt import uic
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QListWidgetItem, QWidget

from ...map import corrections
from ...map.corrections import Correction
from ...map.extents import Refusal
from ...paths import ROOT
from ...settings import Settings
from ...text.question import confirmed
from ...text.verbatim import verbatim
from .. import report
from ..jobs import Job, JobState
from .layer_row import LayerRow
from .pictures import Pictures

THUMBNAIL = 230
LINES = 4
"""Corrections that are seen at once."""

CORRECTION = Qt.ItemDataRole.UserRole


class SamplesPage(QWidget):
    """Chooses layers and corrections, and shows the samples that come of them.

    Signals:
        look_wanted: Samples are asked for: LabelledLayers and SampleSettings.
        job_wanted: A job is to be shown.
        changed: What was looked at is no longer what is chosen.
        told: A message for the analyst and its Qgis.MessageLevel.
    """

    look_wanted = pyqtSignal(object, object)
    job_wanted = pyqtSignal(object)
    changed = pyqtSignal()
    told = pyqtSignal(str, object)

    def __init__(self, settings: Settings, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        uic.loadUi(str(ROOT / "plugin" / "finetune" / "pages" / "samples_page.ui"), self)
        self._settings = settings
        self._pictures = Pictures(self.previews, THUMBNAIL)
        self._layer_rows: list[LayerRow] = []
        self.addRow.setIcon(QgsApplication.getThemeIcon("/symbologyAdd.svg"))
        self.removeCorrection.setIcon(QgsApplication.getThemeIcon("/mActionDeleteSelected.svg"))
        self.found.setSizes([260, 300])
        self.resolution.setClearValue(0)
        self.addRow.clicked.connect(self._add_row)
        self.look.clicked.connect(self.ask)
        self.showJob.clicked.connect(self._show_job)
        self.removeCorrection.clicked.connect(self._remove_correction)
        self.corrections.itemChanged.connect(lambda _: self.changed.emit())
        for box in (self.complete, self.variants, self.onlySelected):
            box.toggled.connect(lambda _: self.changed.emit())
        self.resolution.valueChanged.connect(lambda _: self.changed.emit())
        self._add_row()
        self.show_corrections()
        self.show_jobs([])

    @property
    def layer_rows(self) -> list[LayerRow]:
        """The labelled layers that are chosen."""
        return list(self._layer_rows)

    def ask(self) -> None:
        """Asks for samples, or says what is missing."""
        resolution = self.resolution.value() or None
        chosen = [each.labelled for each in self._chosen_corrections()]
        rows = self._layer_rows
        if chosen and len(rows) == 1 and rows[0].polygons.currentLayer() is None:
            rows = []  # corrections alone are enough
        try:
            layers = [row.labelled(self.onlySelected.isChecked(), resolution) for row in rows]
        except Refusal as cause:
            self.told.emit(str(cause), Qgis.MessageLevel.Warning)
            return
        settings = {
            "resolution": resolution,
            "complete": self.complete.isChecked(),
            "variants": self.variants.isChecked(),
        }
        self.look_wanted.emit([*layers, *chosen], settings)

    def show_report(self, told: dict[str, Any]) -> None:
        """Shows the samples that were made."""
        self.report.setHtml(report.words(told))
        folder = Path(told["folder"])
        self._pictures.show([folder / name for name in told["files"] if name.endswith(".png")])
        self.results.setCurrentWidget(self.found)

    def show_nothing(self) -> None:
        """Shows that there are no samples."""
        self._pictures.show([])
        self.results.setCurrentWidget(self.nothing)

    def show_jobs(self, found: list[Job]) -> None:
        """Offers the jobs that can go on."""
        self.jobs.clear()
        for job in found:
            state = (
                self.tr("{}: stopped by a problem") if job.state is JobState.FAILED else "{}"
            ).format(job.title)
            steps = self.tr("{}, step {:,} of {:,}").format(state, job.step, job.steps)
            self.jobs.addItem(steps, job)
        self.unfinished.setVisible(bool(found))

    def show_corrections(self) -> None:
        """Lists the corrections that are kept; those that were unticked stay so."""
        listed = [self.corrections.item(row) for row in range(self.corrections.count())]
        unticked = {
            item.data(CORRECTION).folder
            for item in listed
            if item.checkState() == Qt.CheckState.Unchecked
        }
        self.corrections.blockSignals(True)
        self.corrections.clear()
        for each in corrections.corrections(self._settings):
            item = QListWidgetItem(self._line(each), self.corrections)
            item.setData(CORRECTION, each)
            item.setToolTip(verbatim(f"{each.raster['path']}\n{each.made:%Y-%m-%d %H:%M}"))
            ticked = each.folder not in unticked
            item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
        self.corrections.blockSignals(False)
        count = self.corrections.count()
        self.corrected.setVisible(count > 0)
        if count:
            self.corrections.setCurrentRow(0)
            height = self.corrections.sizeHintForRow(0) * min(count, LINES)
            self.corrections.setFixedHeight(height + 2 * self.corrections.frameWidth() + 2)

    def _line(self, each: Correction) -> str:
        raster = Path(each.raster["path"]).name
        return self.tr("{} ({:,}), {}").format(each.expression, each.count, raster)

    def _chosen_corrections(self) -> list[Correction]:
        items = [self.corrections.item(row) for row in range(self.corrections.count())]
        return [i.data(CORRECTION) for i in items if i.checkState() == Qt.CheckState.Checked]

    def _remove_correction(self) -> None:
        item = self.corrections.currentItem()
        if item is None:
            return
        text = self.tr("Delete this correction? The layers on the map stay.")
        if not confirmed(self, text):
            return
        try:
            corrections.remove(item.data(CORRECTION))
        except Refusal as cause:
            self.told.emit(str(cause), Qgis.MessageLevel.Warning)
        self.show_corrections()
        self.changed.emit()

    def _show_job(self) -> None:
        self.job_wanted.emit(self.jobs.currentData())

    def _add_row(self) -> None:
        row = LayerRow(not self._layer_rows, self)
        before = self._layer_rows[-1].fields[-1] if self._layer_rows else self.showJob
        for field in row.fields:
            QWidget.setTabOrder(before, field)
            before = field
        QWidget.setTabOrder(before, self.addRow)
        row.removed.connect(lambda: self._remove_row(row))
        row.changed.connect(self.changed)
        self._layer_rows.append(row)
        self.rows.addWidget(row)
        self._update_rows()

    def _remove_row(self, row: LayerRow) -> None:
        self._layer_rows.remove(row)
        self.rows.removeWidget(row)
        row.deleteLater()
        self._update_rows()

    def _update_rows(self) -> None:
        for number, row in enumerate(self._layer_rows):
            row.remove.setVisible(number > 0)
        self.changed.emit()
