"""What can be asked of the engine: one method a request, as docs/architecture.md lists them."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import EngineError
from engine.protocol import Message
from engine.raster.source import Source
from engine.worker import Method, Request

if TYPE_CHECKING:
    from engine.systems import Segmenter

LIBRARIES = ("torch", "sam2", "transformers", "rasterio")
OUTPUTS = ("mask", "polygons")


class Methods:
    """The methods of the engine. The model used last stays loaded for the next request."""

    def __init__(self) -> None:
        self._loaded: tuple[str, str] | None = None
        self._model: Segmenter | None = None

    def table(self) -> dict[str, Method]:
        """The methods by name."""
        return {
            "initialize": self.initialize,
            "models": self.models,
            "check": self.check,
            "segment": self.segment,
            "rethreshold": self.rethreshold,
        }

    def initialize(self, request: Request) -> Message:
        """The device, its memory and the versions of the libraries.

        Raises:
            EngineError: PyTorch cannot be imported, or cannot compute on the device.
        """
        try:
            import torch

            from engine import device

            found = device.describe()
            torch.ones(8, device=found["device"]).sum().item()
        except (ImportError, OSError, RuntimeError) as cause:
            raise EngineError(
                f"PyTorch does not work in the engine's environment: {cause}. "
                "Build the environment again from the plugin's settings."
            ) from cause
        libraries = {name: version(name) for name in LIBRARIES}
        return {**found, "python": platform.python_version(), "libraries": libraries}

    def models(self, request: Request) -> list[Message]:
        """The cards of the models that exist."""
        from engine import zoo

        return [card.to_dict() for card in zoo.cards()]

    def check(self, request: Request, expression: str, model: str) -> Message:
        """What of the expression the model knows."""
        from engine import zoo

        return zoo.card(model).check(expression).to_dict()

    def segment(
        self,
        request: Request,
        source: Source,
        expression: str,
        model: str,
        out: Path,
        threshold: float = 0.5,
        outputs: tuple[str, ...] = OUTPUTS,
        device: str = "auto",
    ) -> Message:
        """Segments the source by the expression and writes the outputs into the folder `out`."""
        from engine.segment import Progress, segment

        request.progress(Progress(0, 0, "model", f"Loading the model {model}"))
        segmenter = self._load(model, device)
        result = segment(
            source,
            expression,
            segmenter,
            out,
            threshold=threshold,
            outputs=outputs,
            progress=request.progress,
            cancelled=request.cancelled,
        )
        return result.to_dict()

    def rethreshold(
        self,
        request: Request,
        probability: Path,
        out: Path,
        threshold: float,
        outputs: tuple[str, ...] = OUTPUTS,
    ) -> Message:
        """Writes mask and polygons again from stored probabilities, without a model."""
        from engine.segment import rethreshold

        result = rethreshold(
            probability,
            out,
            threshold,
            outputs=outputs,
            progress=request.progress,
            cancelled=request.cancelled,
        )
        return result.to_dict()

    def _load(self, model: str, device: str) -> Segmenter:
        from engine import zoo

        if self._model is None or self._loaded != (model, device):
            # The old model goes first: two of them may not fit into the device's memory.
            self._model = self._loaded = None
            self._model = zoo.load(model, device)
            self._loaded = (model, device)
        return self._model
