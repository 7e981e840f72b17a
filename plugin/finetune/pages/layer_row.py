"""A raster, the polygons drawn on it, and what they are: the fields of one labelled layer."""

from __future__ import annotations

from enum import Enum
from typing import Any, Optional

from qgis.core import QgsApplication, QgsMapLayer, QgsMapLayerProxyModel, QgsVectorLayer
from qgis.gui import QgsMapLayerComboBox
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...map.extents import Refusal
from ...map.labelled import labelled_layer

NAMES = ("expression", "sentence", "label", "name", "class", "category", "type", "kind")
"""Columns that are likely to say what a polygon is, the likeliest first."""


class Meaning(Enum):
    """Where it stands what the polygons are."""

    FIELD = "field"
    ONE_NAME = "one name"


class LayerRow(QFrame):
    """The fields of one labelled layer.

    Signals:
        removed: The analyst does not want it any more.
        changed: Something else is chosen.

    Args:
        first: Whether it is the first row, whose labels have keys.
        parent: Its parent.
    """

    removed = pyqtSignal()
    changed = pyqtSignal()

    def __init__(self, first: bool, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.raster = QgsMapLayerComboBox()
        self.raster.setFilters(QgsMapLayerProxyModel.Filter.RasterLayer)
        self.raster.setAccessibleName(self.tr("Raster layer"))
        self.polygons = QgsMapLayerComboBox()
        self.polygons.setFilters(QgsMapLayerProxyModel.Filter.PolygonLayer)
        self.polygons.setAccessibleName(self.tr("Polygon layer"))
        self.meaning = QComboBox()
        self.meaning.setAccessibleName(self.tr("Column that says what the polygons are"))
        self.name = QLineEdit()
        self.name.setAccessibleName(self.tr("One name for all polygons"))
        self.name.setPlaceholderText(self.tr("for example: fish pond"))
        self.remove = QToolButton()
        self.remove.setIcon(QgsApplication.getThemeIcon("/symbologyRemove.svg"))
        self.remove.setAutoRaise(True)
        self.remove.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.remove.setToolTip(self.tr("Leave this layer out"))
        self.remove.setAccessibleName(self.tr("Leave this layer out"))
        for combo in (self.raster, self.polygons, self.meaning):
            combo.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            combo.setMinimumContentsLength(8)
        self._arrange(first)
        self.remove.clicked.connect(self.removed)
        self.raster.layerChanged.connect(self.changed)
        self.polygons.layerChanged.connect(self._show_columns)
        self.meaning.currentIndexChanged.connect(self._show_name)
        self.name.textChanged.connect(self.changed)
        self._show_columns(self.polygons.currentLayer())

    @property
    def fields(self) -> list[QWidget]:
        """The fields in the order of the keyboard."""
        return [self.raster, self.polygons, self.meaning, self.name, self.remove]

    def labelled(self, only_selected: bool, resolution: Optional[float]) -> dict[str, Any]:
        """The parameters of the engine's LabelledLayer; tasks write what has to be a file.

        Args:
            only_selected: Whether only selected polygons are meant.
            resolution: Metres a pixel to fetch a raster without a file at.

        Raises:
            Refusal: Something is not chosen, not available or empty.
        """
        kind, column = self.meaning.currentData() or (Meaning.ONE_NAME, "")
        expression = " ".join(self.name.text().split()) if kind is Meaning.ONE_NAME else ""
        polygons = self.polygons.currentLayer()
        if polygons is not None and kind is Meaning.ONE_NAME and not expression:
            self.name.setFocus()
            raise Refusal(
                self.tr("Type what the polygons of “{}” are, for example: fish pond.").format(
                    polygons.name()
                )
            )
        return labelled_layer(
            self.raster.currentLayer(), polygons, column, expression, only_selected, resolution
        )

    def _arrange(self, first: bool) -> None:
        fields = QFormLayout()
        fields.setContentsMargins(0, 0, 0, 0)
        fields.setVerticalSpacing(6)
        fields.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        meaning = QVBoxLayout()
        meaning.setSpacing(6)
        meaning.addWidget(self.meaning)
        meaning.addWidget(self.name)
        texts = (
            (self.tr("&Raster layer"), self.raster),
            (self.tr("&Polygon layer"), self.polygons),
            (self.tr("What they &are"), self.meaning),
        )
        for text, field in texts:
            label = QLabel(text if first else text.replace("&", ""))
            label.setBuddy(field)
            fields.addRow(label, meaning if field is self.meaning else field)
        side = QVBoxLayout()
        side.addWidget(self.remove)
        side.addStretch(1)
        columns = QHBoxLayout(self)
        columns.setContentsMargins(8, 8, 8, 8)
        columns.setSpacing(4)
        columns.addLayout(fields, 1)
        columns.addLayout(side)

    def _show_columns(self, layer: Optional[QgsMapLayer]) -> None:
        self.meaning.blockSignals(True)
        self.meaning.clear()
        if isinstance(layer, QgsVectorLayer):
            fields = layer.fields()
            for index, field in enumerate(fields):
                title = self.tr("Column: {}").format(field.displayName())
                self.meaning.addItem(
                    fields.iconForField(index), title, (Meaning.FIELD, field.name())
                )
            if self.meaning.count():
                self.meaning.insertSeparator(self.meaning.count())
        self.meaning.addItem(self.tr("One name for all"), (Meaning.ONE_NAME, ""))
        self.meaning.setCurrentIndex(self._likely(layer))
        self.meaning.blockSignals(False)
        self._show_name()

    def _likely(self, layer: Optional[QgsMapLayer]) -> int:
        """The column that most likely says what the polygons are; else one name for all."""
        fields = layer.fields() if isinstance(layer, QgsVectorLayer) else []
        named = {field.name().lower(): index for index, field in reversed(list(enumerate(fields)))}
        for name in NAMES:
            if name in named:
                return named[name]
        texts = (index for index, field in enumerate(fields) if not field.isNumeric())
        return next(texts, self.meaning.count() - 1)

    def _show_name(self) -> None:
        kind, _ = self.meaning.currentData() or (Meaning.ONE_NAME, "")
        self.name.setVisible(kind is Meaning.ONE_NAME)
        self.changed.emit()
