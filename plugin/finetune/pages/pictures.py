"""Pictures in rows, and each of them as large as it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qgis.PyQt.QtCore import QObject, QSize, Qt
from qgis.PyQt.QtGui import QIcon, QPixmap
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListView,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QVBoxLayout,
)

GAP = 12
"""Pixels between two pictures."""

PATH = Qt.ItemDataRole.UserRole


class Pictures(QObject):
    """Drives a list of pictures; Enter or a double click shows one as it is.

    Args:
        view: The list.
        side: Of a picture in it, in pixels.
        wrapped: Whether they fill several rows; else one that is scrolled.
    """

    def __init__(self, view: QListWidget, side: int, wrapped: bool = True) -> None:
        super().__init__(view)
        self._view = view
        self._shown: tuple[Path, ...] = ()
        view.setViewMode(QListView.ViewMode.IconMode)
        view.setMovement(QListView.Movement.Static)
        view.setResizeMode(QListView.ResizeMode.Adjust)
        view.setWrapping(wrapped)
        view.setIconSize(QSize(side, side))
        view.setGridSize(QSize(side + GAP, side + GAP))
        view.setUniformItemSizes(True)
        view.itemActivated.connect(self._enlarge)
        view.setToolTip(self.tr("Double click or Enter: the picture as it is"))

    def show(self, files: Sequence[Path]) -> None:
        """Shows these instead; what cannot be read is left out."""
        if tuple(files) == self._shown:
            return
        self._shown = tuple(files)
        self._view.clear()
        for number, file in enumerate(files, 1):
            picture = QPixmap(str(file))
            if picture.isNull():
                continue
            icon = picture.scaled(
                self._view.iconSize(),
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            item = QListWidgetItem(self._view)  # a text, even an empty one, would be drawn
            item.setIcon(QIcon(icon))
            item.setData(PATH, str(file))
            text = self.tr("Picture {} of {}").format(number, len(files))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, text)

    def _enlarge(self, item: QListWidgetItem) -> None:
        dialog = QDialog(self._view.window())
        dialog.setWindowTitle(item.data(Qt.ItemDataRole.AccessibleTextRole))
        label = QLabel()
        picture = QPixmap(item.data(PATH))
        label.setPixmap(picture)
        area = QScrollArea()
        area.setWidget(label)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(dialog.reject)
        rows = QVBoxLayout(dialog)
        rows.addWidget(area)
        rows.addWidget(buttons)
        room = dialog.screen().availableSize() * 0.8
        dialog.resize((picture.size() + QSize(60, 90)).boundedTo(room))
        dialog.exec()
