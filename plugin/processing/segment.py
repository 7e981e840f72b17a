"""`segmentbytext:segment`: the dock's request for the toolbox, models, batch and qgis_process."""

from __future__ import annotations

import tempfile
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureSink,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBand,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsProcessingUtils,
    QgsVectorLayer,
)

from ..engine.process import Engine
from ..map.extents import Place, Refusal
from ..map.layers import Source, source_of
from ..map.shape import Outlines, shape
from ..results.appearance import style
from ..settings import DEFAULT_MODEL
from .algorithm import DEVICES, EngineAlgorithm, advanced
from .destination import (
    clash,
    folder_problem,
    make_folder,
    named,
    names_of,
    path_of,
    put_raster,
    raster_problem,
)
from .raster_format import ground_of

RASTERS = {"MASK": "mask", "PROBABILITY": "probability"}
KEY = "fid"
"""The key of the engine's GeoPackage; every destination makes its own."""


class Segment(EngineAlgorithm):
    """Raster layer and expression in; polygons, mask and probability out."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._source: Source = {}
        self._crs = QgsCoordinateReferenceSystem()
        self._results: dict[str, Any] = {}

    def name(self) -> str:
        """The second half of the algorithm's id."""
        return "segment"

    def displayName(self) -> str:
        """What the toolbox shows."""
        return self.tr("Segment by text")

    def group(self) -> str:
        """The toolbox's group."""
        return self.tr("Segmentation")

    def groupId(self) -> str:
        """The group's id."""
        return "segmentation"

    def tags(self) -> list[str]:
        """What else the algorithm is found by."""
        words = self.tr("language,expression,object detection,deep learning,SAM,CLIP,extract,mask")
        return words.split(",")

    def shortDescription(self) -> str:
        """One sentence."""
        return self.tr("Finds what a text describes in an image, as polygons and mask.")

    def shortHelpString(self) -> str:
        """What the dialog says beside the parameters."""
        return self.tr(
            "Finds what a text describes, for example “the large white storage tank at the lower "
            "left”, in an aerial or satellite image.\n\n"
            "The model runs on this computer, in a Python apart from QGIS; install it from the "
            "Segment by Text panel.\n\n"
            "Threshold: pixels at least this probable are selected. The probability output holds "
            "round(254 · probability), 255 where there is no data, so other thresholds need no "
            "second run.\n\n"
            "Ground resolution: what the model sees; by itself the raster's own, or the one the "
            "model was trained at where the raster is finer; of a raster without a CRS, how many "
            "metres a pixel has.\n\n"
            "Outlines: exact, along the pixels; smooth, in straight lines; right angles, for "
            "buildings.\n\n"
            "Every polygon has expression, score (mean probability), area in square metres, model, "
            "SHA-256 of the weights, source and resolution."
        )

    def initAlgorithm(self, configuration: Any = None) -> None:
        """Declares parameters and outputs."""
        kinds = QgsProcessingParameterNumber.Type
        required = [
            QgsProcessingParameterRasterLayer("INPUT", self.tr("Raster layer")),
            QgsProcessingParameterString("EXPRESSION", self.tr("What to find")),
            QgsProcessingParameterExtent("EXTENT", self.tr("Extent"), optional=True),
            QgsProcessingParameterString("MODEL", self.tr("Model"), DEFAULT_MODEL),
            QgsProcessingParameterNumber(
                "THRESHOLD", self.tr("Threshold (probability)"), kinds.Double, 0.5, False, 0.001, 1
            ),
        ]
        further = [
            QgsProcessingParameterNumber(
                "RESOLUTION",
                self.tr("Ground resolution in metres per pixel"),
                kinds.Double,
                None,
                True,
                0.001,
            ),
            QgsProcessingParameterBand(
                "BANDS", self.tr("Bands (one or three)"), None, "INPUT", True, True
            ),
            QgsProcessingParameterBoolean(
                "WARP", self.tr("Warp where only control points or RPC place the raster"), False
            ),
            QgsProcessingParameterNumber(
                "SMALLEST",
                self.tr("Smallest polygon in square metres (pixels without a CRS)"),
                kinds.Double,
                0,
                False,
                0,
            ),
            QgsProcessingParameterEnum(
                "OUTLINES",
                self.tr("Outlines of polygons"),
                [outlines.value for outlines in Outlines],
                False,
                Outlines.EXACT.value,
                True,
                usesStaticStrings=True,
            ),
            QgsProcessingParameterEnum(
                "DEVICE", self.tr("Device"), DEVICES, False, "auto", True, usesStaticStrings=True
            ),
        ]
        outputs = [
            QgsProcessingParameterFeatureSink(
                "POLYGONS",
                self.tr("Polygons"),
                QgsProcessing.SourceType.TypeVectorPolygon,
                optional=True,
            ),
            QgsProcessingParameterRasterDestination(
                "MASK", self.tr("Mask"), optional=True, createByDefault=False
            ),
            QgsProcessingParameterRasterDestination(
                "PROBABILITY", self.tr("Probability"), optional=True, createByDefault=False
            ),
        ]
        for parameter in [*required, *map(advanced, further), *outputs]:
            self.addParameter(parameter)
        self.addOutput(QgsProcessingOutputNumber("COUNT", self.tr("Number of objects")))

    def checkParameterValues(
        self, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> tuple[bool, str]:
        """Refuses what the engine would only refuse after its start."""
        if not self.parameterAsString(parameters, "EXPRESSION", context).strip():
            return False, self.tr("Type what to find, for example: white storage tank.")
        bands = self.parameterAsInts(parameters, "BANDS", context)
        if len(bands) not in (0, 1, 3):
            return False, self.tr("Choose one or three bands, not {}.").format(len(bands))
        if not any(parameters.get(name) for name in ("POLYGONS", *RASTERS)):
            return False, self.tr("Choose at least one output: polygons, mask or probability.")
        acceptable, problem = super().checkParameterValues(parameters, context)
        problem = problem or self._misplaced(parameters, context)
        return acceptable and not problem, problem

    def prepareAlgorithm(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> bool:
        """Reads what belongs to the layers, in the thread they belong to."""
        layer = self.parameterAsRasterLayer(parameters, "INPUT", context)
        # A model does not ask `checkParameterValues`.
        problem = self._misplaced(parameters, context)
        if problem:
            raise QgsProcessingException(problem)
        place = None
        if parameters.get("EXTENT"):
            geometry = self.parameterAsExtentGeometry(parameters, "EXTENT", context)
            place = Place(geometry, self.parameterAsExtentCrs(parameters, "EXTENT", context))
        bands = self.parameterAsInts(parameters, "BANDS", context) or None
        resolution = self.parameterAsDouble(parameters, "RESOLUTION", context) or None
        try:
            warp = self.parameterAsBool(parameters, "WARP", context)
            self._source = source_of(layer, place, bands, resolution, warp)
        except Refusal as cause:
            raise QgsProcessingException(str(cause)) from cause
        self._crs = layer.crs()
        return True

    def processAlgorithm(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> dict[str, Any]:
        """Asks the engine, in a background thread, and hands its files over."""
        wanted = [name.lower() for name in ("POLYGONS", "MASK") if parameters.get(name)]
        with tempfile.TemporaryDirectory(prefix="segment_by_text_") as out:
            params = {
                "source": self._source,
                "expression": self.parameterAsString(parameters, "EXPRESSION", context).strip(),
                "model": self.parameterAsString(parameters, "MODEL", context) or DEFAULT_MODEL,
                "out": out,
                "threshold": self.parameterAsDouble(parameters, "THRESHOLD", context),
                "outputs": wanted,
                "shape": shape(
                    self.parameterAsDouble(parameters, "SMALLEST", context),
                    Outlines(
                        self.parameterAsEnumString(parameters, "OUTLINES", context) or "exact"
                    ),
                ),
                "device": self.parameterAsEnumString(parameters, "DEVICE", context) or "auto",
            }
            result = self.ask("segment", params, feedback)
            if result is None or feedback.isCanceled():
                return {}
            for warning in result["warnings"]:
                feedback.pushWarning(warning)
            if result["count"] is not None:
                feedback.pushInfo(self.tr("Objects found: {}").format(result["count"]))
            self._results = {"COUNT": result["count"]}
            if parameters.get("POLYGONS"):
                self._results["POLYGONS"] = self._hand_over(parameters, context, result["polygons"])
            for name, key in RASTERS.items():
                if parameters.get(name):
                    path = self.parameterAsOutputLayer(parameters, name, context)
                    try:
                        put_raster(result[key], path)
                    except Refusal as cause:
                        raise QgsProcessingException(str(cause)) from cause
                    self._results[name] = path
        return self._results

    def postProcessAlgorithm(
        self, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Styles the layers that will be put on the map."""
        for name, role in (("POLYGONS", "polygons"), *RASTERS.items()):
            destination = self._results.get(name)
            if destination and context.willLoadLayerOnCompletion(destination):
                layer = QgsProcessingUtils.mapLayerFromString(destination, context)
                style(layer, role)
                if self._crs.isValid() and layer.crs() != self._crs:
                    layer.setCrs(self._crs)
        return self._results

    def _misplaced(self, parameters: dict[str, Any], context: QgsProcessingContext) -> str:
        """What is wrong with where the outputs are to go; empty where all is well."""
        layer = self.parameterAsRasterLayer(parameters, "INPUT", context)
        source = "" if layer is None else layer.source()
        ground = ground_of(source.split("|")[0])
        places = {name: named(parameters.get(name), context) for name in RASTERS}
        # Polygons may go into a database as well.
        places["POLYGONS"] = path_of(parameters.get("POLYGONS"), context)
        wanted = {name: path for name, path in places.items() if path}
        problem = clash(wanted.values(), names_of(source))
        for name, path in wanted.items():
            if name in RASTERS:
                problem = problem or raster_problem(path, ground)
            elif not path.startswith("/vsi"):
                problem = problem or folder_problem(path)
        return problem

    def _hand_over(
        self, parameters: dict[str, Any], context: QgsProcessingContext, path: str
    ) -> str:
        """Copies the polygons to wherever the analyst wants them, in whatever format."""
        polygons = QgsVectorLayer(path, "polygons", "ogr")
        if not polygons.isValid():
            raise QgsProcessingException(self.tr("The result {} cannot be opened.").format(path))
        fields = polygons.fields()
        fields.remove(fields.lookupField(KEY))
        crs = self._crs if self._crs.isValid() else polygons.crs()
        make_folder(path_of(parameters["POLYGONS"], context))
        sink, destination = self.parameterAsSink(
            parameters, "POLYGONS", context, fields, polygons.wkbType(), crs
        )
        if sink is None:
            raise QgsProcessingException(self.invalidSinkError(parameters, "POLYGONS"))
        for polygon in polygons.getFeatures():
            feature = QgsFeature(fields)
            feature.setGeometry(polygon.geometry())
            feature.setAttributes([polygon[field.name()] for field in fields])
            if not sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
                raise QgsProcessingException(self.writeFeatureError(sink, parameters, "POLYGONS"))
        del sink
        return destination
