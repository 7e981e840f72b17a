"""How the layers of a result look: names, styles, attribute names, metadata."""

from __future__ import annotations

from math import ceil
from typing import Any

from qgis.core import (
    QgsColorRampShader,
    QgsMapLayer,
    QgsRasterLayer,
    QgsRasterShader,
    QgsSingleBandPseudoColorRenderer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QColor

from ..paths import PLUGIN, RESOURCES
from ..text.log import log
from ..text.verbatim import inert

translate = QCoreApplication.translate

CERTAIN = 254
"""The stored value of probability 1; 255 is nodata."""

SELECTED = QColor(240, 228, 66, 170)
CLEAR = QColor(240, 228, 66, 0)
NAME_LENGTH = 60

DESCRIPTION = f"{PLUGIN}/description"
"""What was written into the metadata of a layer; what says otherwise is the analyst's."""


def shortened(expression: str) -> str:
    """The expression as a name for a group or a layer: one line, not too long."""
    line = " ".join(expression.split())
    return line if len(line) <= NAME_LENGTH else line[: NAME_LENGTH - 1].rstrip() + "…"


def name_of(role: str, expression: str) -> str:
    """What the layer with this role is called."""
    names = {
        "polygons": translate("Layers", "Polygons: {}"),
        "mask": translate("Layers", "Mask: {}"),
        "probability": translate("Layers", "Probability: {}"),
    }
    return names[role].format(shortened(expression))


def style(layer: QgsMapLayer, role: str) -> None:
    """Gives `layer` the style of its role."""
    message, read = layer.loadNamedStyle(str(RESOURCES / "styles" / f"{role}.qml"))
    if not read:
        log(message)
    if isinstance(layer, QgsVectorLayer):
        name_fields(layer)


def name_fields(layer: QgsVectorLayer) -> None:
    """Gives the attributes names for reading, with their units."""
    aliases = {
        "expression": translate("Layers", "Expression"),
        "score": translate("Layers", "Score (mean probability, 0 to 1)"),
        "area_m2": translate("Layers", "Area (m²)"),
        "model": translate("Layers", "Model"),
        "weights_sha256": translate("Layers", "SHA-256 of the weights"),
        "source": translate("Layers", "Source raster"),
        "resolution": translate("Layers", "Ground resolution (m per pixel)"),
        "threshold": translate("Layers", "Threshold (probability, 0 to 1)"),
    }
    for field, alias in aliases.items():
        index = layer.fields().lookupField(field)
        if index >= 0:
            layer.setFieldAlias(index, alias)


def describe(layer: QgsMapLayer, result: dict[str, Any]) -> None:
    """Writes where the layer comes from into its metadata, unless the analyst wrote there."""
    metadata = layer.metadata()
    if metadata.abstract() != layer.customProperty(DESCRIPTION, metadata.abstract()):
        return
    origin = translate(
        "Layers", "Segmented from {} with the model {} (weights {}) at a threshold of {} %."
    ).format(
        result["source"],
        result["model"],
        result["weights_sha256"],
        round(100 * result["threshold"]),
    )
    text = inert(origin)
    if not layer.customProperty(DESCRIPTION):
        metadata.setTitle(inert(result["expression"]))
    metadata.setAbstract(text)
    layer.setMetadata(metadata)
    layer.setCustomProperty(DESCRIPTION, text)


def show_selected(layer: QgsRasterLayer, threshold: float) -> None:
    """Paints of a probability layer only what `threshold` (0 to 1) selects."""
    ramp = QgsColorRampShader(0, CERTAIN, None, QgsColorRampShader.Type.Discrete)
    lowest = ceil(threshold * CERTAIN - 1e-9)
    ramp.setColorRampItemList(
        [
            QgsColorRampShader.ColorRampItem(lowest - 0.5, CLEAR),
            QgsColorRampShader.ColorRampItem(float("inf"), SELECTED),
        ]
    )
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(ramp)
    layer.setRenderer(QgsSingleBandPseudoColorRenderer(layer.dataProvider(), 1, shader))
    layer.triggerRepaint()
