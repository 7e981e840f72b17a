"""What all algorithms share that ask the engine."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingParameterDefinition,
    QgsRasterBlockFeedback,
)
from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtGui import QIcon

from ...engine.service.client import EngineFailure
from ..engine.process import SILENT, Engine, EngineMissing
from ..engine.written import written
from ..map.extents import Refusal
from ..paths import icon
from ..text.verbatim import inert

DEVICES = ["auto", "cpu", "cuda"]


class EngineAlgorithm(QgsProcessingAlgorithm):
    """An algorithm whose work the engine does."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine

    def createInstance(self) -> EngineAlgorithm:
        """A fresh one for every run."""
        return type(self)(self._engine)

    def tr(self, text: str) -> str:
        """`text` in QGIS's language."""
        return QCoreApplication.translate(type(self).__name__, text)

    def icon(self) -> QIcon:
        """The plugin's icon."""
        return icon()

    def ask(self, method: str, params: dict[str, Any], feedback: QgsProcessingFeedback) -> Any:
        """Asks the engine and waits; what has to be a file is written first.

        Returns:
            The answer; None where the run was cancelled.

        Raises:
            QgsProcessingException: The engine, or a layer, has refused.
        """
        stop = QgsRasterBlockFeedback()
        feedback.canceled.connect(stop.cancel, Qt.ConnectionType.DirectConnection)
        said = [""]

        def progress(done: int, total: int, text: str) -> None:
            if text != said[-1]:
                said.append(text)
                feedback.setProgressText(inert(text))
            if total:
                feedback.setProgress(100 * done / total)

        def tell(news: dict[str, Any]) -> None:
            if news["stage"] == SILENT:
                feedback.pushWarning(news["message"])
            else:
                progress(news["done"], news["total"], news["message"])

        try:
            with written(params, stop, progress) as ready:
                if feedback.isCanceled():
                    return None
                return self._engine.ask(method, ready, tell, feedback.isCanceled)
        except (EngineFailure, EngineMissing, Refusal) as cause:
            if feedback.isCanceled():
                return None
            raise QgsProcessingException(str(cause)) from cause


def advanced(parameter: QgsProcessingParameterDefinition) -> QgsProcessingParameterDefinition:
    """The parameter, to be shown only to those who look for it."""
    flag = QgsProcessingParameterDefinition.Flag.FlagAdvanced
    parameter.setFlags(parameter.flags() | flag)
    return parameter
