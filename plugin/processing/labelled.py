"""Labelled layers as parameters: a raster, polygons, and what they are."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import (
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from ..map.extents import Refusal
from ..map.labelled import labelled_layer

translate = QCoreApplication.translate


def parameters(optional: bool) -> list[QgsProcessingParameterDefinition]:
    """INPUT, POLYGONS, FIELD and EXPRESSION."""
    return [
        QgsProcessingParameterRasterLayer(
            "INPUT", translate("Labelled", "Raster layer"), optional=optional
        ),
        QgsProcessingParameterFeatureSource(
            "POLYGONS",
            translate("Labelled", "Polygons drawn on it"),
            [QgsProcessing.SourceType.TypeVectorPolygon],
            optional=optional,
        ),
        QgsProcessingParameterField(
            "FIELD",
            translate("Labelled", "Column that says what each polygon is"),
            parentLayerParameterName="POLYGONS",
            optional=True,
        ),
        QgsProcessingParameterString(
            "EXPRESSION", translate("Labelled", "Or one name for all polygons"), optional=True
        ),
    ]


def given(
    algorithm: QgsProcessingAlgorithm, values: dict[str, Any], context: QgsProcessingContext
) -> str:
    """What is wrong with the column and the name; empty where exactly one of them is given."""
    field = algorithm.parameterAsString(values, "FIELD", context)
    name = algorithm.parameterAsString(values, "EXPRESSION", context).strip()
    if bool(field) == bool(name):
        return translate(
            "Labelled",
            "Give either the column that says what each polygon is, or one name for all.",
        )
    return ""


def sources(
    algorithm: QgsProcessingAlgorithm, values: dict[str, Any], context: QgsProcessingContext
) -> list[str]:
    """What the layers that are given are read from."""
    layers = (
        algorithm.parameterAsRasterLayer(values, "INPUT", context),
        _polygons(algorithm, values, context)[0],
    )
    return [layer.source() for layer in layers if layer is not None]


def layer(
    algorithm: QgsProcessingAlgorithm,
    values: dict[str, Any],
    context: QgsProcessingContext,
    resolution: Optional[float],
) -> dict[str, Any]:
    """The parameters of the engine's LabelledLayer; for the thread that the layers belong to.

    Raises:
        QgsProcessingException: A layer is not available, or empty.
    """
    polygons, only_selected = _polygons(algorithm, values, context)
    try:
        return labelled_layer(
            algorithm.parameterAsRasterLayer(values, "INPUT", context),
            polygons,
            algorithm.parameterAsString(values, "FIELD", context),
            algorithm.parameterAsString(values, "EXPRESSION", context),
            only_selected=only_selected,
            resolution=resolution,
        )
    except Refusal as cause:
        raise QgsProcessingException(str(cause)) from cause


def _polygons(
    algorithm: QgsProcessingAlgorithm, values: dict[str, Any], context: QgsProcessingContext
) -> tuple[Optional[QgsVectorLayer], bool]:
    """The layer of polygons, and whether only those count that are selected."""
    chosen = values.get("POLYGONS")
    only_selected = False
    if isinstance(chosen, QgsProcessingFeatureSourceDefinition):
        only_selected = chosen.selectedFeaturesOnly
        chosen, _ = chosen.source.valueAsString(context.expressionContext())
    polygons = algorithm.parameterAsVectorLayer({"POLYGONS": chosen}, "POLYGONS", context)
    return polygons, only_selected
