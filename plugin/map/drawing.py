"""What is drawn in a polygon layer -> a GeoPackage that the engine reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFeatureRequest,
    QgsFeatureSink,
    QgsFeedback,
    QgsFields,
    QgsGeometry,
    QgsMapLayer,
    QgsRectangle,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsVectorLayerFeatureSource,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import NULL, QCoreApplication

from .extents import Place, Refusal

translate = QCoreApplication.translate

FILE = "polygons.gpkg"
LAYER = "polygons"
KEY, EXPRESSION = "fid", "expression"
SCHEMA = f"MultiPolygon?field={KEY}:int8&field={EXPRESSION}:string"
CHUNK = 1000
"""Features between two looks at whether it was cancelled."""

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Drawing:
    """The polygons of a layer as they are now, edits that are not saved among them.

    Made in the thread that the layer belongs to, written in any. The engine reads files only, and
    a layer may be in memory, filtered, joined or half edited.

    Attributes:
        name: The layer's.
        source: A copy of how its features are read.
        crs: The layer's.
        count: How many features there are.
        bounds: Where they lie, in the CRS.
        fields: Of the copy.
        field: The column of expressions; none if empty.
        chosen: The ids of the features that are meant; all of them if None.
    """

    name: str
    source: Any
    crs: QgsCoordinateReferenceSystem
    count: int
    bounds: QgsRectangle
    fields: QgsFields
    field: str = ""
    chosen: Optional[tuple[int, ...]] = None

    @property
    def place(self) -> Place:
        """The rectangle that holds it."""
        return Place(QgsGeometry.fromRect(self.bounds), self.crs)

    @contextmanager
    def exported(self, feedback: QgsFeedback, progress: Progress) -> Iterator[str]:
        """Writes the file, gives its path, and removes it.

        Args:
            feedback: Stops it when it is cancelled, from any thread.
            progress: Told how far it is.

        Raises:
            Refusal: It cannot be written, or it was cancelled.
        """
        with TemporaryDirectory(prefix="segment_by_text_") as folder:
            path = Path(folder, FILE)
            self.write(path, feedback, progress)
            yield str(path)

    def write(
        self,
        path: Path,
        feedback: Optional[QgsFeedback] = None,
        progress: Optional[Progress] = None,
    ) -> None:
        """Writes a GeoPackage with the layer `polygons`: geometries and `expression`.

        Features keep their ids, for what is said of them later.

        Raises:
            Refusal: It cannot be written, or it was cancelled.
        """
        options = QgsVectorFileWriter.SaveVectorOptions()
        options.driverName = "GPKG"
        options.layerName = LAYER
        options.layerOptions = [f"FID={KEY}"]
        writer = QgsVectorFileWriter.create(
            str(path),
            self.fields,
            QgsWkbTypes.Type.MultiPolygon,
            self.crs,
            QgsCoordinateTransformContext(),
            options,
        )
        self._check(writer)
        for number, drawn in enumerate(self._features()):
            if number % CHUNK == 0:
                if feedback is not None and feedback.isCanceled():
                    raise Refusal(translate("Drawing", "Cancelled."))
                if progress is not None:
                    text = translate("Drawing", "Reading “{}”").format(self.name)
                    progress(number, max(number, self.count), text)
            feature = QgsFeature(self.fields)
            feature.setAttributes([drawn.id() if drawn.id() >= 0 else NULL, self._text(drawn)])
            feature.setGeometry(_plain(drawn.geometry()))
            writer.addFeature(feature, QgsFeatureSink.Flag.FastInsert)
            self._check(writer)
        if not writer.flushBuffer():
            self._check(writer)
        del writer

    def _features(self) -> Iterator[QgsFeature]:
        """All that are meant; what was drawn since the last save has no id yet and comes last."""
        request = QgsFeatureRequest()
        if self.chosen is not None:
            request.setFilterFids(list(self.chosen))
        new = []
        for feature in self.source.getFeatures(request):
            if feature.id() < 0:
                new.append(feature)
            else:
                yield feature
        yield from new

    def _text(self, feature: QgsFeature) -> Any:
        value = feature[self.field] if self.field else NULL
        if value is None or value == NULL:
            return NULL
        whole = isinstance(value, float) and value.is_integer()
        return str(int(value) if whole else value)

    def _check(self, writer: QgsVectorFileWriter) -> None:
        if writer.hasError() != QgsVectorFileWriter.WriterError.NoError:
            raise Refusal(
                translate(
                    "Drawing",
                    "The polygons of “{}” cannot be copied: {}. Check the space on the disk.",
                ).format(self.name, writer.errorMessage())
            )


def drawing_of(
    layer: Optional[QgsMapLayer], field: str = "", only_selected: bool = False
) -> Drawing:
    """What is drawn in a layer now.

    Args:
        layer: The polygon layer.
        field: The column of expressions.
        only_selected: Whether only selected features are meant.

    Raises:
        Refusal: There is no polygon layer, or nothing in it.
    """
    polygonal = QgsWkbTypes.GeometryType.PolygonGeometry
    if not isinstance(layer, QgsVectorLayer) or layer.geometryType() != polygonal:
        raise Refusal(translate("Drawing", "Choose a polygon layer."))
    if not layer.isValid():
        raise Refusal(
            translate(
                "Drawing",
                "The source of “{}” is not available. Repair the layer, or choose another.",
            ).format(layer.name())
        )
    chosen = tuple(sorted(layer.selectedFeatureIds())) if only_selected else None
    count = layer.featureCount() if chosen is None else len(chosen)
    if not count:
        text = (
            translate("Drawing", "“{}” holds no polygons. Draw some, or choose another layer.")
            if chosen is None
            else translate("Drawing", "Nothing is selected in the layer “{}”.")
        )
        raise Refusal(text.format(layer.name()))
    layer.updateExtents()
    bounds = layer.extent() if chosen is None else layer.boundingBoxOfSelected()
    return Drawing(
        layer.name(),
        QgsVectorLayerFeatureSource(layer),
        layer.crs(),
        count,
        bounds,
        own_fields(),
        field,
        chosen,
    )


def own_fields() -> QgsFields:
    """The fields of a copy. QGIS names their types in another way in every version but this one."""
    return QgsFields(QgsVectorLayer(SCHEMA, LAYER, "memory").fields())


def _plain(geometry: QgsGeometry) -> QgsGeometry:
    """Polygons of straight edges."""
    if geometry.isNull():
        return QgsGeometry()
    shape = geometry.constGet().segmentize() if geometry.constGet() else None
    plain = QgsGeometry(shape) if shape is not None else QgsGeometry(geometry)
    plain.convertToMultiType()
    return plain
