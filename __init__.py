"""Segment by Text: what QGIS loads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qgis.gui import QgisInterface

    from .plugin.main import SegmentByTextPlugin


def classFactory(iface: QgisInterface) -> SegmentByTextPlugin:  # noqa: N802 (QGIS's name)
    """The plugin, for QGIS's plugin loader."""
    from .plugin.main import SegmentByTextPlugin

    return SegmentByTextPlugin(iface)
