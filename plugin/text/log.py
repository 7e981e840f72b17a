"""The plugin's tab among QGIS's log messages."""

from __future__ import annotations

from qgis.core import Qgis, QgsMessageLog

from .verbatim import inert

TAB = "Segment by Text"


def log(
    text: str, level: Qgis.MessageLevel = Qgis.MessageLevel.Warning, notify: bool = True
) -> None:
    """Writes a text from anywhere there, which QGIS 3.22 shows as rich text.

    Args:
        text: What there is to be known.
        level: How grave it is.
        notify: Whether the analyst is pointed to it.
    """
    QgsMessageLog.logMessage(inert(text), TAB, level, notify)
