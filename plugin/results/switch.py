"""Other data for a layer; what the analyst made of the layer stays."""

from __future__ import annotations

import re

from qgis.core import (
    QgsFeature,
    QgsMapLayer,
    QgsRasterLayer,
    QgsSpatialIndex,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from ..map.extents import Refusal

translate = QCoreApplication.translate

TEXT_IN_FILTER = re.compile(r"'[^']*'")
NUMBERS_OF_ROWS = re.compile(r"\b(fid|rowid|ogc_fid|oid)\b", re.IGNORECASE)
"""What names rows of a GeoPackage by number; other polygons have the same numbers."""


def switch(layer: QgsMapLayer, path: str) -> list[str]:
    """Gives a layer the data of another file of its kind.

    QGIS itself keeps styles, labels, joins, actions, forms and themes. It lets go of the CRS, the
    filter and the values of a raster that count as nodata, and leaves the selection at the numbers
    of the rows, which belong to other objects now. Here the first three are kept, and what is
    selected is the same objects.

    Returns:
        What could not be kept, for the analyst.

    Raises:
        Refusal: The file cannot be opened; the layer has its old data.
    """
    if isinstance(layer, QgsVectorLayer):
        return _switch_polygons(layer, path)
    _switch_raster(layer, path)
    return []


def refuse_invalid(layer: QgsMapLayer, path: str) -> None:
    """Raises a `Refusal` where `layer`, opened from `path`, is not valid."""
    if not layer.isValid():
        raise Refusal(
            translate("Layers", "The result {} cannot be opened. Segment again.").format(path)
        )


def _change(layer: QgsMapLayer, path: str) -> None:
    source, crs = layer.source(), layer.crs()
    layer.setDataSource(path, layer.name(), layer.providerType())
    try:
        refuse_invalid(layer, path)
    except Refusal:
        layer.setDataSource(source, layer.name(), layer.providerType())
        raise
    finally:
        if crs.isValid() and layer.crs() != crs:
            layer.setCrs(crs)


def _switch_raster(layer: QgsRasterLayer, path: str) -> None:
    before = layer.dataProvider()
    bands = range(1, layer.bandCount() + 1)
    declared = {band: before.useSourceNoDataValue(band) for band in bands}
    more = {band: before.userNoDataValues(band) for band in bands}
    _change(layer, path)
    for band in bands:
        layer.dataProvider().setUseSourceNoDataValue(band, declared[band])
        layer.dataProvider().setUserNoDataValue(band, more[band])
    layer.triggerRepaint()


def _switch_polygons(layer: QgsVectorLayer, path: str) -> list[str]:
    subset, selected = layer.subsetString(), set(layer.selectedFeatureIds())
    before = QgsVectorLayer(layer.source(), "", layer.providerType()) if selected else None
    layer.removeSelection()
    _change(layer, path)
    lost = [*(_filter(layer, subset) if subset else []), *_joins(layer)]
    if before is not None:
        layer.selectByIds(_same(layer, before, selected))
    layer.triggerRepaint()
    return lost


def _filter(layer: QgsVectorLayer, subset: str) -> list[str]:
    """Filters as before where that means the same; else says that it does not."""
    if NUMBERS_OF_ROWS.search(TEXT_IN_FILTER.sub("", subset)):
        text = translate(
            "Layers",
            "The filter of “{}” was removed: it names objects by number, and these are others now.",
        )
    elif layer.setSubsetString(subset):
        return []
    else:
        text = translate(
            "Layers", "The filter of “{}” was removed: it does not fit the new polygons."
        )
    return [text.format(layer.name())]


def _joins(layer: QgsVectorLayer) -> list[str]:
    """Says which joins, and labels moved by hand, which are one, follow the numbers of the rows."""
    text = translate(
        "Layers", "“{}” is joined with “{}” by the numbers of its objects, which are others now."
    )
    return [
        text.format(layer.name(), join.joinLayer().name() if join.joinLayer() else "")
        for join in layer.vectorJoins()
        if NUMBERS_OF_ROWS.fullmatch(join.targetFieldName())
    ]


def _same(layer: QgsVectorLayer, before: QgsVectorLayer, selected: set[int]) -> list[int]:
    """Which features are what was selected before.

    A higher threshold leaves parts of an object, a lower one lets it grow or joins it to others: a
    feature counts where most of what it covers of the former features was selected.
    """
    index = QgsSpatialIndex(
        before.getFeatures(), flags=QgsSpatialIndex.Flag.FlagStoreFeatureGeometries
    )

    def covered(feature: QgsFeature, former: set[int]) -> float:
        shape = feature.geometry()
        shared = (shape.intersection(index.geometry(number)).area() for number in former)
        return sum(max(area, 0.0) for area in shared)

    found = []
    for feature in layer.getFeatures():
        near = set(index.intersects(feature.geometry().boundingBox()))
        if near & selected and covered(feature, near & selected) > covered(
            feature, near - selected
        ):
            found.append(feature.id())
    return found
