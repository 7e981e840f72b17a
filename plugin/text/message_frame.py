"""The place in the dock for hints, warnings and errors."""

from __future__ import annotations

from qgis.core import Qgis, QgsApplication
from qgis.PyQt.QtWidgets import QWidget

ICONS = {
    Qgis.MessageLevel.Info: "/mIconInfo.svg",
    Qgis.MessageLevel.Success: "/mIconSuccess.svg",
    Qgis.MessageLevel.Warning: "/mIconWarning.svg",
    Qgis.MessageLevel.Critical: "/mIconCritical.svg",
}


class MessageFrame:
    """Drives the message fields of the form. A screen reader is told what appears."""

    def __init__(self, form: QWidget) -> None:
        self._form = form
        self.clear()

    @property
    def text(self) -> str:
        """What is said; empty where nothing is."""
        return self._form.message.text()

    def tell(self, text: str, level: Qgis.MessageLevel) -> None:
        """Says `text` until something else is said."""
        size = self._form.message.fontMetrics().height()
        icon = QgsApplication.getThemeIcon(ICONS[level])
        self._form.messageIcon.setPixmap(icon.pixmap(size, size))
        self._form.message.setText(text)
        self._form.messages.show()
        self._form.scroll.ensureWidgetVisible(self._form.messages)
        self._form.message.setAccessibleName(text)

    def clear(self) -> None:
        """Says nothing."""
        self._form.message.clear()
        self._form.messages.hide()
