"""The plugin's own name and folders."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtGui import QIcon

PLUGIN = "segment_by_text"
ROOT = Path(__file__).resolve().parent.parent
RESOURCES = ROOT / "resources"
FORMS = __package__
"""Where Qt's forms find the widgets of our own that they name."""


def icon(name: str = PLUGIN) -> QIcon:
    """The plugin's icon, or another one of its own."""
    return QIcon(str(RESOURCES / "icons" / f"{name}.svg"))
