"""The plugin's algorithms in the Processing toolbox."""

from __future__ import annotations

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QIcon

from ..engine.process import Engine
from ..paths import icon
from .evaluate import Evaluate
from .finetune import Finetune
from .segment import Segment


class Provider(QgsProcessingProvider):
    """`segmentbytext`: the algorithms that ask the engine."""

    def __init__(self, engine: Engine, training_engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self._training_engine = training_engine

    def id(self) -> str:
        """The first half of the algorithms' ids."""
        return "segmentbytext"

    def name(self) -> str:
        """What the toolbox shows."""
        return QCoreApplication.translate("Processing", "Segment by Text")

    def icon(self) -> QIcon:
        """The plugin's icon."""
        return icon()

    def defaultRasterFileExtension(self) -> str:
        """The format of temporary rasters: not all that an analyst may prefer can hold them."""
        return "tif"

    def loadAlgorithms(self) -> None:
        """Registers the algorithms."""
        self.addAlgorithm(Segment(self._engine))
        self.addAlgorithm(Finetune(self._training_engine))
        self.addAlgorithm(Evaluate(self._training_engine))
