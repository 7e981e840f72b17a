"""The choice of where to look: map view, whole layer, a drawn rectangle, selected polygons."""

from __future__ import annotations

from enum import Enum
from typing import Optional

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsMapLayerProxyModel,
    QgsRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.gui import QgsMapCanvas, QgsMapTool, QgsMapToolExtent, QgsRubberBand
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QWidget

from ..map.extents import Place, Refusal, map_view, rectangle, selected_polygons


class Extent(Enum):
    """Where to look."""

    MAP_VIEW = "map"
    WHOLE_LAYER = "layer"
    DRAWN = "drawn"
    POLYGONS = "polygons"


class ExtentChoice(QObject):
    """Drives the extent fields of the form, and the rectangle on the map."""

    def __init__(self, form: QWidget, canvas: QgsMapCanvas) -> None:
        super().__init__(form)
        self._form = form
        self._canvas = canvas
        self._drawn: Optional[QgsRectangle] = None
        self._drawn_crs = QgsCoordinateReferenceSystem()
        self._tool = QgsMapToolExtent(canvas)
        self._tool_before: Optional[QgsMapTool] = None
        self._band = QgsRubberBand(canvas, QgsWkbTypes.GeometryType.PolygonGeometry)
        self._band.setColor(QColor(240, 228, 66, 40))
        self._band.setStrokeColor(QColor(240, 228, 66))
        self._band.setWidth(2)
        form.extent.addItem(self.tr("Map view"), Extent.MAP_VIEW)
        form.extent.addItem(self.tr("Whole layer"), Extent.WHOLE_LAYER)
        form.extent.addItem(self.tr("Drawn rectangle"), Extent.DRAWN)
        form.extent.addItem(self.tr("Selected polygons"), Extent.POLYGONS)
        form.areaLayer.setFilters(QgsMapLayerProxyModel.Filter.PolygonLayer)
        form.draw.setIcon(QgsApplication.getThemeIcon("/mActionAddPolygon.svg"))
        form.extent.currentIndexChanged.connect(self._choose)
        form.draw.toggled.connect(self._toggle)
        self._tool.extentChanged.connect(self._draw)
        self._tool.deactivated.connect(lambda: form.draw.setChecked(False))
        self._choose()

    @property
    def choice(self) -> Extent:
        """What is chosen."""
        return self._form.extent.currentData()

    def place(self) -> Optional[Place]:
        """The chosen place; None for the whole layer.

        Raises:
            Refusal: Nothing is drawn, or nothing is selected.
        """
        if self.choice is Extent.WHOLE_LAYER:
            return None
        if self.choice is Extent.MAP_VIEW:
            return map_view(self._canvas.mapSettings())
        if self.choice is Extent.POLYGONS:
            layer = self._form.areaLayer.currentLayer()
            return selected_polygons(layer if isinstance(layer, QgsVectorLayer) else None)
        if self._drawn is None:
            raise Refusal(self.tr("Draw a rectangle on the map first."))
        return rectangle(self._drawn, self._drawn_crs)

    def close(self) -> None:
        """Takes tool and rectangle off the map."""
        self._toggle(False)
        self._canvas.scene().removeItem(self._band)

    def _choose(self) -> None:
        drawn = self.choice is Extent.DRAWN
        polygons = self.choice is Extent.POLYGONS
        self._form.draw.setVisible(drawn)
        self._form.areaLayer.setVisible(polygons)
        self._band.setVisible(drawn)
        self._form.draw.setChecked(drawn and self._drawn is None)

    def _toggle(self, drawing: bool) -> None:
        if drawing:
            self._tool_before = self._canvas.mapTool()
            self._canvas.setMapTool(self._tool)
        elif self._canvas.mapTool() is self._tool:
            self._canvas.unsetMapTool(self._tool)
            if self._tool_before is not None:
                self._canvas.setMapTool(self._tool_before)

    def _draw(self, bounds: QgsRectangle) -> None:
        """Takes the rectangle the analyst drew and gives the map its former tool back."""
        if bounds.isEmpty():
            return
        self._drawn = QgsRectangle(bounds)
        self._drawn_crs = self._canvas.mapSettings().destinationCrs()
        self._band.setToGeometry(rectangle(bounds, self._drawn_crs).geometry, self._drawn_crs)
        self._tool.clearRubberBand()
        self._form.draw.setChecked(False)
