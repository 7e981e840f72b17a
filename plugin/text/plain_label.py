"""A label for text of any kind and length."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtCore import QCoreApplication, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QKeySequence, QPainter, QPaintEvent, QTextDocument, QTextOption
from qgis.PyQt.QtWidgets import QAction, QApplication, QLabel, QWidget

translate = QCoreApplication.translate

LETTERS = 40
"""About so many are in a line where there is room."""


class PlainLabel(QLabel):
    """Shows plain text in as many lines as it needs, and breaks words that are too long for one.

    A QLabel breaks lines between words only: a path, or one long word, makes it wider than the
    panel, and pushes out of sight what stands beside and below it.

    Its context menu copies the text; so does Ctrl+C where it takes the focus.
    """

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)  # what makes a label's height depend on its width
        copy = QAction(translate("PlainLabel", "Copy"), self)
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(lambda: QApplication.clipboard().setText(self.text()))
        self.addAction(copy)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def heightForWidth(self, width: int) -> int:
        """The height of all lines at a width."""
        margins = self.contentsMargins()
        document = QTextDocument()
        document.setDocumentMargin(0)
        document.setDefaultFont(self.font())
        document.setDefaultTextOption(self._wrapping())
        document.setPlainText(self.text())
        document.setTextWidth(max(1, width - margins.left() - margins.right()))
        return round(document.size().height() + 0.5) + margins.top() + margins.bottom()

    def sizeHint(self) -> QSize:
        """The text in one line, if it is not too long."""
        metrics = self.fontMetrics()
        longest = max(map(metrics.horizontalAdvance, self.text().split("\n")))
        width = min(longest + 1, LETTERS * metrics.averageCharWidth())
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """As narrow as a few letters, and a line high."""
        metrics = self.fontMetrics()
        return QSize(4 * metrics.averageCharWidth(), metrics.height())

    def paintEvent(self, event: Optional[QPaintEvent]) -> None:
        """Draws the text, and a frame around it while the keys are here."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(QRectF(self.contentsRect()), self.text(), self._wrapping())
        if self.hasFocus():
            painter.setPen(Qt.PenStyle.DotLine)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _wrapping(self) -> QTextOption:
        option = QTextOption(self.alignment())
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        return option
