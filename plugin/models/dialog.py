"""The models the engine has, and what their cards say."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from ..cards import Card, page


class ModelsDialog(QDialog):
    """A list of the models, and the card of the one that is chosen."""

    def __init__(self, cards: list[Card], parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Models"))
        self.resize(720, 420)
        self.names = QListWidget()
        self.names.setAccessibleName(self.tr("Models"))
        self.names.setMaximumWidth(240)
        self.text = QTextBrowser()
        self.text.setAccessibleName(self.tr("About the model"))
        self.text.setOpenExternalLinks(True)
        for card in cards:
            item = QListWidgetItem(card["title"], self.names)
            item.setData(Qt.ItemDataRole.UserRole, card)
        if not cards:
            self.text.setPlainText(self.tr("The engine is not running; start it from the panel."))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        columns = QHBoxLayout()
        columns.addWidget(self.names)
        columns.addWidget(self.text, 1)
        rows = QVBoxLayout(self)
        rows.addLayout(columns, 1)
        rows.addWidget(buttons)
        self.names.currentItemChanged.connect(self._show)
        self.names.setCurrentRow(0)

    def _show(self, item: Optional[QListWidgetItem]) -> None:
        if item is not None:
            self.text.setHtml(page(item.data(Qt.ItemDataRole.UserRole)))
