"""The models the engine has, what their cards say, and what can be done with one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from qgis.core import Qgis, QgsApplication
from qgis.gui import QgsMessageBar
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from ..dock.session import Session
from ..engine.cards import Card, damage, page
from ..engine.tasks import EngineTask
from ..text.question import confirmed
from ..text.verbatim import verbatim


class ModelsDialog(QDialog):
    """A list of the models, the damaged ones last, and the card of the one that is chosen.

    Signals:
        teach_wanted: A model is to be taught further; its id, or nothing for any.
    """

    teach_wanted = pyqtSignal(str)

    def __init__(self, session: Session, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._session = session
        self._task: Optional[EngineTask] = None
        self._wanted = ""
        self.setWindowTitle(self.tr("Models"))
        self.resize(780, 460)
        self.bar = QgsMessageBar()
        self.names = QListWidget()
        self.names.setAccessibleName(self.tr("Models"))
        self.text = QTextBrowser()
        self.text.setAccessibleName(self.tr("About the model"))
        self.text.setOpenExternalLinks(True)
        self.teach = QPushButton(self.tr("&Teach further…"))
        self.teach.setToolTip(self.tr("Teach new words to this model; it is left as it is"))
        self.take = QPushButton(self.tr("&Import…"))
        self.take.setToolTip(self.tr("Take a model out of a file that was exported"))
        self.give = QPushButton(self.tr("&Export…"))
        self.give.setToolTip(self.tr("Write this model of your own into a file"))
        self.remove = QPushButton(self.tr("&Delete…"))
        self.remove.setToolTip(self.tr("Delete this model of your own"))
        self.stage = QProgressBar()
        self.stage.setAccessibleName(self.tr("How far the exchange is"))
        self.stop = QPushButton(self.tr("&Cancel"))
        self.stop.setToolTip(self.tr("Stop; nothing half done is left"))
        self._arrange()
        self.names.currentItemChanged.connect(self._show)
        self.teach.clicked.connect(self._teach)
        self.take.clicked.connect(self._import)
        self.give.clicked.connect(self._export)
        self.remove.clicked.connect(self._delete)
        self.stop.clicked.connect(self._cancel)
        session.ready.connect(self._fill)
        self._fill()

    @property
    def card(self) -> Optional[Card]:
        """The card of the model that is chosen."""
        item = self.names.currentItem()
        return None if item is None else item.data(Qt.ItemDataRole.UserRole)

    def _arrange(self) -> None:
        actions = QHBoxLayout()
        for button in (self.teach, self.give, self.take, self.remove, self.stop):
            button.setAutoDefault(False)
        for button in (self.teach, self.give, self.take, self.remove):
            actions.addWidget(button)
        actions.addStretch(1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        actions.addWidget(buttons)
        self.names.setMaximumWidth(260)
        columns = QHBoxLayout()
        columns.addWidget(self.names)
        columns.addWidget(self.text, 1)
        busy = QHBoxLayout()
        busy.addWidget(self.stage, 1)
        busy.addWidget(self.stop)
        rows = QVBoxLayout(self)
        rows.addWidget(self.bar)
        rows.addLayout(columns, 1)
        rows.addLayout(busy)
        rows.addLayout(actions)

    def _fill(self) -> None:
        """Lists the models; the one that was chosen, or has just come, stays chosen."""
        before = self._wanted or (self.card or {}).get("id", "")
        self._wanted = ""
        cards = [*self._session.cards, *self._session.damaged]
        self.names.blockSignals(True)
        self.names.clear()
        for card in cards:
            damaged = "damaged" in card
            text = self.tr("{} (damaged)").format(card["title"]) if damaged else card["title"]
            item = QListWidgetItem(text, self.names)
            item.setData(Qt.ItemDataRole.UserRole, card)
        self.names.blockSignals(False)
        ids = [card["id"] for card in cards]
        self.names.setCurrentRow(ids.index(before) if before in ids else 0)
        self._show()

    def _show(self) -> None:
        card = self.card
        if card is None:
            self.text.setPlainText(self.tr("The engine is not running; start it from the panel."))
        elif "damaged" in card:
            self.text.setHtml(damage(card))
        else:
            self.text.setHtml(page(card))
        known = card or {}
        busy = self._task is not None
        own = bool(known.get("base"))
        self.teach.setEnabled(bool(known.get("installed") and known.get("teachable")))
        self.give.setEnabled(own and not busy)
        self.remove.setEnabled((own or "damaged" in known) and not busy)
        self.take.setEnabled(card is not None and not busy)
        self.stage.setVisible(busy)
        self.stop.setVisible(busy)

    def _teach(self) -> None:
        if self.card is not None:
            self.teach_wanted.emit(self.card["id"])
            self.accept()

    def _export(self) -> None:
        card = self.card
        if card is None:
            return
        title = self.tr("Export “{}”").format(card["title"])
        kinds = self.tr("Models (*.zip)")
        path, _ = QFileDialog.getSaveFileName(self, title, f"{card['id']}.zip", kinds)
        if path:
            file = Path(path)
            path = str(file if file.suffix else file.with_suffix(".zip"))
            done = self.tr("“{}” is written to {}.").format(card["title"], path)
            self._ask("export_model", {"model": card["id"], "path": path}, title, done)

    def _import(self) -> None:
        title = self.tr("Import a model")
        path, _ = QFileDialog.getOpenFileName(self, title, "", self.tr("Models (*.zip)"))
        if path:
            self._ask("import_model", {"path": path}, title, self.tr("The model is imported."))

    def _delete(self) -> None:
        card = self.card
        if card is None:
            return
        text = self.tr("Delete the model “{}” from this computer?").format(card["title"])
        if confirmed(self, text):
            done = self.tr("“{}” is deleted.").format(card["title"])
            self._ask("delete_model", {"model": card["id"]}, text, done)

    def _ask(self, method: str, params: dict[str, Any], description: str, done: str) -> None:
        """Asks the engine; then looks again which models there are."""
        task = EngineTask(description, self._session.engine, method, params)
        for ended in (task.answered, task.failed, task.stopped):
            ended.connect(self._ended)
        task.answered.connect(lambda answer: self._done(answer, done))
        task.failed.connect(lambda text: self._tell(text, Qgis.MessageLevel.Critical))
        task.stopped.connect(lambda: self._tell(self.tr("Cancelled."), Qgis.MessageLevel.Info))
        task.progressed.connect(self._progress)
        self._task = task
        self._progress(0, 0, description)
        self.stop.setEnabled(True)
        self._show()
        QgsApplication.taskManager().addTask(task)

    def _progress(self, done: int, total: int, text: str) -> None:
        self.stage.setRange(0, total)
        self.stage.setValue(done)
        # Apart, as "%p" and the like stand for numbers here.
        self.stage.setFormat(text.replace("%", "%\N{WORD JOINER}"))

    def _cancel(self) -> None:
        if self._task is not None:
            self.stop.setEnabled(False)
            self._task.cancel()

    def _ended(self) -> None:
        self._task = None
        self._show()

    def _done(self, answer: dict[str, Any], text: str) -> None:
        self._wanted = answer.get("id", "")
        self._tell(text, Qgis.MessageLevel.Success)
        self._session.refresh()

    def _tell(self, text: str, level: Qgis.MessageLevel) -> None:
        self.bar.clearWidgets()
        self.bar.pushMessage(verbatim(text), level)
