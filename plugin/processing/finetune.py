"""`segmentbytext:finetune`: a model of one's own from a raster and polygons, without the dialog."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Optional

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputFile,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ..engine.process import Engine
from ..finetune import jobs
from ..finetune.jobs import DamagedJob, Job
from ..map.extents import Refusal
from ..settings import DEFAULT_MODEL, Settings
from . import labelled
from .algorithm import DEVICES, EngineAlgorithm, advanced

PRESETS = ["quick", "balanced", "thorough"]
CARD = "card.toml"


class Finetune(EngineAlgorithm):
    """Raster and polygons in; a model in the list out."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._layer: dict[str, Any] = {}

    def name(self) -> str:
        """The second half of the algorithm's id."""
        return "finetune"

    def displayName(self) -> str:
        """What the toolbox shows."""
        return self.tr("Teach new words")

    def group(self) -> str:
        """The toolbox's group."""
        return self.tr("Models")

    def groupId(self) -> str:
        """The group's id."""
        return "models"

    def tags(self) -> list[str]:
        """What else the algorithm is found by."""
        return self.tr("fine-tuning,training,learning,adapter,LoRA,model,vocabulary").split(",")

    def shortDescription(self) -> str:
        """One sentence."""
        return self.tr("Teaches a model new words from a raster and polygons drawn on it.")

    def shortHelpString(self) -> str:
        """What the dialog says beside the parameters."""
        return self.tr(
            "Teaches a model new words, or your own meaning of words, from a raster and polygons "
            "with a column of names or sentences, or one name for all. What comes of it stands in "
            "the list of models and is used as any other; the model it starts from stays as it "
            "is.\n\n"
            "A training that was cancelled or interrupted goes on where it was when it is run "
            "again under the same id, with the samples and the settings it began with.\n\n"
            "Everything is drawn: wherever the raster shows such a thing, it is drawn. Then the "
            "model also learns where there is none.\n\n"
            "Teach new words… in the menu Raster > Segment by Text does the same, shows the "
            "samples first and the curves while it works."
        )

    def initAlgorithm(self, configuration: Any = None) -> None:
        """Declares parameters and outputs."""
        kinds = QgsProcessingParameterNumber.Type
        required = [
            *labelled.parameters(optional=False),
            QgsProcessingParameterString("TITLE", self.tr("Name of the model")),
            QgsProcessingParameterString("BASE", self.tr("Model to start from"), DEFAULT_MODEL),
            QgsProcessingParameterEnum(
                "PRESET",
                self.tr("How thoroughly"),
                PRESETS,
                False,
                "balanced",
                usesStaticStrings=True,
            ),
        ]
        further = [
            QgsProcessingParameterString(
                "ID", self.tr("Id of the model (made of its name if empty)"), optional=True
            ),
            QgsProcessingParameterBoolean("COMPLETE", self.tr("Everything is drawn"), True),
            QgsProcessingParameterBoolean(
                "VARIANTS", self.tr("Add sentences on place, order and size"), False
            ),
            QgsProcessingParameterNumber(
                "RESOLUTION",
                self.tr("Ground resolution in metres per pixel"),
                kinds.Double,
                None,
                True,
                0.001,
            ),
            QgsProcessingParameterNumber(
                "STEPS", self.tr("Steps, instead of the preset's"), kinds.Integer, None, True, 1
            ),
            QgsProcessingParameterEnum(
                "DEVICE", self.tr("Device"), DEVICES, False, "auto", True, usesStaticStrings=True
            ),
        ]
        for parameter in [*required, *map(advanced, further)]:
            self.addParameter(parameter)
        self.addOutput(QgsProcessingOutputString("MODEL", self.tr("Id of the model")))
        self.addOutput(QgsProcessingOutputFile("CARD", self.tr("Card of the model")))
        self.addOutput(
            QgsProcessingOutputNumber("MIOU", self.tr("Mean IoU on ground that is held out"))
        )

    def checkParameterValues(
        self, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> tuple[bool, str]:
        """Refuses what the engine would only refuse after its start."""
        if not self._id(parameters, context):
            return False, self.tr("Give the model a name of letters or an id, for example: ponds.")
        problem = labelled.given(self, parameters, context)
        return (False, problem) if problem else super().checkParameterValues(parameters, context)

    def prepareAlgorithm(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> bool:
        """Reads what belongs to the layers, in the thread they belong to."""
        resolution = self.parameterAsDouble(parameters, "RESOLUTION", context) or None
        self._layer = labelled.layer(self, parameters, context, resolution)
        return True

    def processAlgorithm(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> dict[str, Any]:
        """Makes samples and trains, or goes on with what was interrupted."""
        model = self._id(parameters, context)
        folder = jobs.jobs_folder(Settings()) / model
        interrupted = _job(folder)
        if interrupted is not None and interrupted.unfinished:
            feedback.pushWarning(
                self.tr(
                    "Going on at step {:,} of {:,}, with the samples and settings it began with."
                ).format(interrupted.step, interrupted.steps)
            )
            card = self._train(folder, None, parameters, context, feedback)
        else:
            card = self._begin(model, parameters, context, feedback)
        if card is None:
            return {}
        metrics = card["metrics"]
        outcome = {"MODEL": card["id"], "CARD": str(Path(card["folder"]) / CARD)}
        return {**outcome, "MIOU": metrics["mIoU after"]} if "mIoU after" in metrics else outcome

    def _begin(
        self,
        model: str,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> Optional[dict[str, Any]]:
        """A new training; None where it was cancelled."""
        cards = self.ask("models", {}, feedback)
        if cards is None:
            return None
        start = self._start(cards, self.parameterAsString(parameters, "BASE", context))
        try:
            folder = jobs.new_folder(model, Settings())
        except Refusal as cause:
            raise QgsProcessingException(str(cause)) from cause
        try:
            samples = {
                "layers": [self._layer],
                "out": str(folder / jobs.SAMPLES),
                "settings": {
                    "resolution": self.parameterAsDouble(parameters, "RESOLUTION", context) or None,
                    "finest": start["finest"],
                    "complete": self.parameterAsBool(parameters, "COMPLETE", context),
                    "variants": self.parameterAsBool(parameters, "VARIANTS", context),
                },
            }
            report = self.ask("samples", samples, feedback)
            if report is None:
                return None
            for warning in report["warnings"]:
                feedback.pushWarning(warning)
            base = start["base"]
            settings = {
                "id": model,
                "title": self.parameterAsString(parameters, "TITLE", context).strip() or model,
                "about": "",
                "licence": "",
                "base": base["id"] if base else start["id"],
                "start": start["id"] if base else "",
                "preset": self.parameterAsEnumString(parameters, "PRESET", context),
            }
            steps = self.parameterAsInt(parameters, "STEPS", context)
            return self._train(
                folder,
                {**settings, "steps": steps} if steps else settings,
                parameters,
                context,
                feedback,
            )
        finally:
            if not (folder / jobs.JOB).exists():
                shutil.rmtree(folder, ignore_errors=True)  # it never began

    def _train(
        self,
        folder: Path,
        settings: Optional[dict[str, Any]],
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> Optional[dict[str, Any]]:
        device = self.parameterAsEnumString(parameters, "DEVICE", context) or "auto"
        params = {"job": str(folder), "settings": settings, "device": device}
        return self.ask("finetune", params, feedback)

    def _start(self, cards: list[dict[str, Any]], wanted: str) -> dict[str, Any]:
        """The card of the model to start from.

        Raises:
            QgsProcessingException: There is none, or it cannot be taught.
        """
        known = {card["id"]: card for card in cards if card["teachable"] and card["installed"]}
        if wanted not in known:
            raise QgsProcessingException(
                self.tr("“{}” is no model that can be taught. These can: {}.").format(
                    wanted, ", ".join(known)
                )
            )
        return known[wanted]

    def _id(self, parameters: dict[str, Any], context: QgsProcessingContext) -> str:
        chosen = self.parameterAsString(parameters, "ID", context).strip()
        return chosen or jobs.model_id(self.parameterAsString(parameters, "TITLE", context))


def _job(folder: Path) -> Optional[Job]:
    try:
        return jobs.read(folder)
    except DamagedJob:
        return None
