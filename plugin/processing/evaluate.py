"""`segmentbytext:evaluate`: how well a model knows its words, on samples or on drawn polygons."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Optional

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ..engine.process import Engine
from ..map.extents import Refusal
from ..settings import DEFAULT_MODEL
from . import labelled
from .algorithm import DEVICES, EngineAlgorithm, advanced
from .destination import clash, folder_problem, named, names_of, put_file

SPLITS = ["val", "test", "train", "all"]
ANNOTATIONS = "annotations.jsonl"
DEFAULT_FORMAT = ".json"
FORMATS = (DEFAULT_FORMAT, ".md", ".png")


class Evaluate(EngineAlgorithm):
    """A model and samples in; a report and the mean IoU out."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._layer: Optional[dict[str, Any]] = None

    def name(self) -> str:
        """The second half of the algorithm's id."""
        return "evaluate"

    def displayName(self) -> str:
        """What the toolbox shows."""
        return self.tr("Evaluate a model")

    def group(self) -> str:
        """The toolbox's group."""
        return self.tr("Models")

    def groupId(self) -> str:
        """The group's id."""
        return "models"

    def tags(self) -> list[str]:
        """What else the algorithm is found by."""
        return self.tr("accuracy,quality,IoU,validation,metrics,measure,test").split(",")

    def shortDescription(self) -> str:
        """One sentence."""
        return self.tr("Measures how well a model finds what was drawn.")

    def shortHelpString(self) -> str:
        """What the dialog says beside the parameters."""
        return self.tr(
            "Compares what a model finds with what was drawn: either on a raster and polygons "
            "with a column of names or sentences, or one name for all, or on samples that were "
            "made before (annotations.jsonl).\n\n"
            "The report says it for each kind of expression and each category: mean IoU, overall "
            "IoU, and how often “there is nothing” is answered rightly. Its ending chooses the "
            "format: .json, .md, or .png for a sheet of the best and worst cases.\n\n"
            "Polygons that a model has learned from say nothing about how well it works elsewhere."
        )

    def initAlgorithm(self, configuration: Any = None) -> None:
        """Declares parameters and outputs."""
        kinds = QgsProcessingParameterNumber.Type
        required = [
            QgsProcessingParameterString("MODEL", self.tr("Model"), DEFAULT_MODEL),
            *labelled.parameters(optional=True),
            QgsProcessingParameterFile(
                "ANNOTATIONS",
                self.tr("Or samples (annotations.jsonl)"),
                extension="jsonl",
                optional=True,
            ),
        ]
        further = [
            QgsProcessingParameterEnum(
                "SPLIT",
                self.tr("Which of the samples"),
                SPLITS,
                False,
                "val",
                usesStaticStrings=True,
            ),
            QgsProcessingParameterNumber(
                "RESOLUTION",
                self.tr("Ground resolution in metres per pixel"),
                kinds.Double,
                None,
                True,
                0.001,
            ),
            QgsProcessingParameterEnum(
                "DEVICE", self.tr("Device"), DEVICES, False, "auto", True, usesStaticStrings=True
            ),
        ]
        report = QgsProcessingParameterFileDestination(
            "REPORT", self.tr("Report"), "JSON (*.json);;Markdown (*.md);;PNG (*.png)"
        )
        for parameter in [*required, *map(advanced, further), report]:
            self.addParameter(parameter)
        self.addOutput(QgsProcessingOutputNumber("MIOU", self.tr("Mean IoU")))
        self.addOutput(QgsProcessingOutputNumber("COUNT", self.tr("Number of samples")))

    def checkParameterValues(
        self, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> tuple[bool, str]:
        """Refuses what the engine would only refuse after its start."""
        layers = [bool(parameters.get(name)) for name in ("INPUT", "POLYGONS")]
        annotations = bool(self.parameterAsString(parameters, "ANNOTATIONS", context))
        if (annotations and any(layers)) or (not annotations and not all(layers)):
            text = self.tr("Give either a raster layer with polygons, or samples.")
            return False, text
        problem = "" if annotations else labelled.given(self, parameters, context)
        problem = problem or self._misplaced(parameters, context)
        return (False, problem) if problem else super().checkParameterValues(parameters, context)

    def prepareAlgorithm(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> bool:
        """Reads what belongs to the layers, in the thread they belong to."""
        # A model does not ask `checkParameterValues`.
        problem = self._misplaced(parameters, context)
        if problem:
            raise QgsProcessingException(problem)
        if parameters.get("INPUT"):
            resolution = self.parameterAsDouble(parameters, "RESOLUTION", context) or None
            self._layer = labelled.layer(self, parameters, context, resolution)
        return True

    def processAlgorithm(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> dict[str, Any]:
        """Makes samples where there are none, and measures."""
        model = self.parameterAsString(parameters, "MODEL", context)
        with tempfile.TemporaryDirectory(prefix="segment_by_text_") as folder:
            split: Optional[str] = self.parameterAsEnumString(parameters, "SPLIT", context)
            annotations = self.parameterAsString(parameters, "ANNOTATIONS", context)
            if self._layer is not None:
                made = self._samples(Path(folder), model, parameters, context, feedback)
                if made is None:
                    return {}
                split, annotations = "all", str(made)
            params = {
                "model": model,
                "annotations": annotations,
                "out": str(Path(folder, "report")),
                "split": None if split == "all" else split,
                "device": self.parameterAsEnumString(parameters, "DEVICE", context) or "auto",
            }
            report = self.ask("evaluate", params, feedback)
            if report is None:
                return {}
            results = {"COUNT": report["n"]}
            if report["mIoU"] is not None:
                feedback.pushInfo(self.tr("Mean IoU: {:.3f}").format(report["mIoU"]))
                results["MIOU"] = report["mIoU"]
            path = self.parameterAsFileOutput(parameters, "REPORT", context)
            formats = {Path(name).suffix: file for name, file in report["files"].items()}
            try:
                put_file(formats[Path(path).suffix.lower() or DEFAULT_FORMAT], path)
            except Refusal as cause:
                raise QgsProcessingException(str(cause)) from cause
            return {**results, "REPORT": path}

    def _samples(
        self,
        folder: Path,
        model: str,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> Optional[Path]:
        """Samples of all that is drawn, nothing held out; None where it was cancelled."""
        cards = self.ask("models", {}, feedback)
        if cards is None:
            return None
        card = next((card for card in cards if card["id"] == model), None)
        if card is None:
            raise QgsProcessingException(self.tr("There is no model “{}”.").format(model))
        out = folder / "samples"
        settings = {
            "validation": 0.0,
            "resolution": self.parameterAsDouble(parameters, "RESOLUTION", context) or None,
            "finest": card["finest"],
        }
        params = {"layers": [self._layer], "out": str(out), "settings": settings}
        return None if self.ask("samples", params, feedback) is None else out / ANNOTATIONS

    def _misplaced(self, parameters: dict[str, Any], context: QgsProcessingContext) -> str:
        """What is wrong with where the report is to go; empty where all is well."""
        path = named(parameters.get("REPORT"), context)
        if path is None:
            return ""
        ending = Path(path).suffix.lower()
        if ending and ending not in FORMATS:
            text = self.tr("A report cannot be written as {}. Choose a name that ends in {}.")
            return text.format(ending, ", ".join(FORMATS))
        read = [self.parameterAsString(parameters, "ANNOTATIONS", context)]
        for source in labelled.sources(self, parameters, context):
            read += names_of(source)
        return clash([path], read) or folder_problem(path)
