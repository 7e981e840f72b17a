"""What can be asked of the engine: one method a request."""

from __future__ import annotations

import errno
import logging
import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator

from engine.errors import Cancelled, EngineError, InputError
from engine.progress import Progress
from engine.service.protocol import Message
from engine.service.worker import Method, Request

if TYPE_CHECKING:
    from engine.raster.source import Source
    from engine.segmentation.features import FeatureCache
    from engine.systems.segmenter import Segmenter

log = logging.getLogger(__name__)

LIBRARIES = ("torch", "sam2", "transformers", "rasterio")
OUTPUTS = ("mask", "polygons")

IMPOSSIBLE = (errno.ENAMETOOLONG, errno.EINVAL)
"""What systems say of a name that no file can have."""


@dataclass(frozen=True)
class Loaded:
    """A model in memory, and what it has seen."""

    device: str
    segmenter: Segmenter
    features: FeatureCache


def whole(path: Path) -> Path:
    """The path, if it is no relative one: this process works in a folder nobody thinks of.

    Raises:
        InputError: It is relative, or nothing could be called so here.
    """
    if not path.is_absolute():
        raise InputError(f"{path} is a relative path. Give the whole path, from the disk on.")
    try:
        path.lstat()
        possible = True
    except OSError as cause:
        possible = cause.errno not in IMPOSSIBLE
    except ValueError:  # it holds what no name has
        possible = False
    if not possible:
        raise InputError(
            f"{path} is no path of this computer: a name in it is too long, or holds what no name "
            "may. Choose another one."
        )
    return path


Whole = Annotated[Path, AfterValidator(whole)]


def named(source: Source) -> Source:
    """The source, if it is no file by a relative path.

    Raises:
        InputError: It is.
    """
    # A name of GDAL's own begins with a driver, a scheme, a virtual file system, or as XML does.
    if not re.match(r"[/\\<]|[\w+.-]+:", source.path):
        whole(Path(source.path))
    return source


class Methods:
    """The methods of the engine. The model used last stays loaded for the next request."""

    def __init__(self) -> None:
        self._loaded: Loaded | None = None

    def table(self) -> dict[str, Method]:
        """The methods by name."""
        return {
            "initialize": self.initialize,
            "models": self.models,
            "check": self.check,
            "segment": self.segment,
            "rethreshold": self.rethreshold,
            "samples": self.samples,
            "export_model": self.export_model,
            "import_model": self.import_model,
            "delete_model": self.delete_model,
            "presets": self.presets,
            "finetune": self.finetune,
            "finish_finetuning": self.finish_finetuning,
            "evaluate": self.evaluate,
        }

    def initialize(self, request: Request) -> Message:
        """The device, its memory and the versions of the libraries.

        Raises:
            EngineError: PyTorch cannot be imported, or cannot compute on the device.
        """
        try:
            import torch

            from engine.compute import device

            found = device.describe()
            torch.ones(8, device=str(found["device"])).sum().item()
        except (ImportError, OSError, RuntimeError) as cause:
            raise EngineError(
                f"PyTorch does not work in the engine's Python: {cause}. Install the engine again."
            ) from cause
        libraries = {name: version(name) for name in LIBRARIES}
        return {**found, "python": platform.python_version(), "libraries": libraries}

    def models(self, request: Request, damaged: bool = False) -> list[Message]:
        """The cards of the models that exist; where asked for, the user's `damaged` ones as well.

        Such a one has an id, by which it is deleted, a title and the reason that it is damaged.
        """
        from engine.models import exchange, zoo
        from engine.systems.description import describe, describe_damaged

        exchange.sweep()
        wrong = zoo.damaged()
        for entry in wrong:
            log.warning("%s", entry.reason)
        told = [describe(card) for card in zoo.cards()]
        return [*told, *map(describe_damaged, wrong)] if damaged else told

    def check(self, request: Request, expression: str, model: str) -> Message:
        """What of the expression the model knows."""
        from engine.models import zoo

        return zoo.card(model).check(expression).to_dict()

    def segment(
        self,
        request: Request,
        source: dict[str, Any],
        expression: str,
        model: str,
        out: Whole,
        threshold: float = 0.5,
        outputs: tuple[str, ...] = OUTPUTS,
        shape: dict[str, Any] | None = None,
        device: str = "auto",
    ) -> Message:
        """Segments the source by the expression and writes the outputs into the folder `out`."""
        from engine.raster.source import Source
        from engine.segmentation.segment import check_source, segment
        from engine.vector.shape import Shape

        raster = named(Source.from_dict(source))
        origin = check_source(raster, out, outputs)
        request.progress(Progress(0, 0, "model", f"Loading the model {model}"))
        loaded = self._load(model, device)
        result = segment(
            raster,
            expression,
            loaded.segmenter,
            out,
            threshold=threshold,
            outputs=outputs,
            shape=Shape.from_dict(shape or {}),
            progress=request.progress,
            cancelled=request.cancelled,
            features=loaded.features,
            origin=origin,
        )
        return result.to_dict()

    def rethreshold(
        self,
        request: Request,
        probability: Whole,
        out: Whole,
        threshold: float,
        outputs: tuple[str, ...] = OUTPUTS,
        shape: dict[str, Any] | None = None,
    ) -> Message:
        """Writes mask and polygons again from stored probabilities, without a model."""
        from engine.segmentation.segment import rethreshold
        from engine.vector.shape import Shape

        result = rethreshold(
            probability,
            out,
            threshold,
            outputs=outputs,
            shape=Shape.from_dict(shape or {}),
            progress=request.progress,
            cancelled=request.cancelled,
        )
        return result.to_dict()

    def samples(
        self,
        request: Request,
        layers: list[dict[str, Any]],
        out: Whole,
        settings: dict[str, Any] | None = None,
    ) -> Message:
        """Makes training samples from rasters and polygons, in the new folder `out`."""
        from engine.data.analyst.build import LabelledLayer, SampleSettings, build

        labelled = [LabelledLayer.from_dict(layer) for layer in layers]
        for layer in labelled:
            named(layer.raster)
            whole(layer.polygons)
        report = build(
            labelled,
            SampleSettings.from_dict(settings or {}),
            out,
            progress=request.progress,
            cancelled=request.cancelled,
        )
        return report.to_dict()

    def export_model(self, request: Request, model: str, path: Whole) -> Message:
        """Writes one of the user's own models into the file `path`."""
        from engine.models import exchange

        return {"path": str(exchange.export(model, path, request))}

    def import_model(self, request: Request, path: Whole) -> Message:
        """Takes a model out of such a file; gives its card."""
        from engine.models import exchange
        from engine.systems.description import describe

        return describe(exchange.load(path, request))

    def delete_model(self, request: Request, model: str) -> Message:
        """Deletes one of the user's own models."""
        from engine.models import exchange

        if self._loaded is not None and self._loaded.segmenter.card.id == model:
            self._loaded = None  # an open file cannot be deleted everywhere
        exchange.delete(model)
        return {}

    def presets(
        self, request: Request, samples: Whole, base: str, start: str = "", device: str = "auto"
    ) -> list[Message]:
        """What each preset of fine-tuning would take here; measured by a few real steps."""
        from engine.finetuning.finetune import presets

        self._loaded = None  # its memory is not to be counted
        plans = presets(samples, base, start, device, request.progress, request.cancelled)
        return [plan.to_dict() for plan in plans]

    def finetune(
        self,
        request: Request,
        job: Whole,
        settings: dict[str, Any] | None = None,
        device: str = "auto",
    ) -> Message:
        """Teaches a model in the folder `job`, or goes on there; cancelled, it pauses."""
        from engine.finetuning.finetune import finetune
        from engine.systems.description import describe

        self._loaded = None
        return describe(finetune(job, settings, device, request.progress, request.cancelled))

    def finish_finetuning(self, request: Request, job: Whole, device: str = "auto") -> Message:
        """Makes the model of the best that a job has learned so far."""
        from engine.finetuning.finetune import finish_finetuning
        from engine.systems.description import describe

        self._loaded = None
        return describe(finish_finetuning(job, device, request.progress, request.cancelled))

    def evaluate(
        self,
        request: Request,
        model: str,
        annotations: Whole,
        out: Whole,
        images: Whole | None = None,
        split: str | None = "val",
        limit: int | None = None,
        device: str = "auto",
    ) -> Message:
        """Measures a model on samples; the tables and a contact sheet go into the folder `out`."""
        from engine.data.formats.datasets import Dataset
        from engine.data.sample import ReferringSample
        from engine.evaluation.measured import Files, measure

        def watched(samples: list[ReferringSample]) -> Iterator[ReferringSample]:
            for number, sample in enumerate(samples):
                if request.cancelled():
                    raise Cancelled("Cancelled.")
                message = f"Sample {number + 1} of {len(samples)}"
                request.progress(Progress(number, len(samples), "evaluation", message))
                yield sample

        self._loaded = None
        names = ("report.json", "report.md", "cases.png")
        files = Files(*(out / name for name in names))
        dataset = Dataset("jsonl", annotations, images)
        report = measure(model, dataset, split, files, device=device, limit=limit, watched=watched)
        return {**report, "files": {name: str(out / name) for name in names}}

    def _load(self, model: str, device: str) -> Loaded:
        from engine.models import zoo
        from engine.segmentation.features import FeatureCache
        from engine.systems import loading

        # A model of the user's own may have been replaced by another of its name.
        wanted = (zoo.card(model), device)
        if self._loaded is None or (self._loaded.segmenter.card, self._loaded.device) != wanted:
            # The old model goes first: two of them may not fit into the device's memory.
            self._loaded = None
            self._loaded = Loaded(device, loading.load(model, device), FeatureCache())
        return self._loaded
