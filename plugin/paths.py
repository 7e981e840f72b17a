"""The plugin's own name and folders."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtGui import QIcon

PLUGIN = "segment_by_text"
ROOT = Path(__file__).resolve().parent.parent
RESOURCES = ROOT / "resources"


def icon() -> QIcon:
    """The plugin's icon."""
    return QIcon(str(RESOURCES / "icons" / "segment_by_text.svg"))
