"""A batch: one expression, many sources, and what became of each."""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.compute.failure import explained
from engine.errors import ModelError, RasterError
from engine.files.atomic import replacing
from engine.files.boundary import writing
from engine.progress import Progress
from engine.raster.source import Source
from engine.vector.shape import Shape

if TYPE_CHECKING:
    from engine.batch.lazy_model import LazyModel

DONE, SKIPPED, FAILED, NOT_STARTED = "done", "skipped", "failed", "not started"
STATES = (DONE, SKIPPED, FAILED, NOT_STARTED)

LEFT_OUT = "left out"
"""The state of what is no source but a result, and is not counted as one."""

RECORD = "result.json"
"""Lies beside the outputs of a source: what was asked, and what came of it. Written last."""

FILES = ("probability", "mask", "polygons")

Values = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """One source of a batch.

    Attributes:
        source: The raster and its part.
        expression: What to segment, in the analyst's words.
        model: The model's id.
        device: Choice of device.
        threshold: Least probability of the mask and the polygons.
        shape: Which objects become polygons, and how they are drawn.
        folder: Where its outputs go; its own alone.
        again: Segment even if an earlier run did.
        seen: Whether the source was there as a file when the batch was made.
    """

    source: Source
    expression: str
    model: str
    device: str
    threshold: float
    shape: Shape
    folder: Path
    again: bool = False
    seen: bool = False

    @classmethod
    def from_dict(cls, values: Values) -> Job:
        """A job from what `to_dict` gives."""
        source, folder = Source.from_dict(values["source"]), Path(values["folder"])
        shape = Shape.from_dict(values["shape"])
        return cls(**{**values, "source": source, "shape": shape, "folder": folder})

    def to_dict(self) -> Values:
        """The job in JSON's types."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            **values,
            "source": self.source.to_dict(),
            "shape": asdict(self.shape),
            "folder": str(self.folder),
        }

    def request(self, weights: Mapping[str, str], stamp: Sequence[int]) -> Values:
        """All that decides about its outputs, in JSON's types."""
        return {
            "source": self.source.to_dict(),
            "stamp": list(stamp) or None,
            "expression": self.expression,
            "model": self.model,
            "weights": dict(weights),
            "threshold": self.threshold,
            "shape": asdict(self.shape),
        }


@dataclass(frozen=True)
class Outcome:
    """What became of a source.

    Attributes:
        source: Its path.
        state: "done", "skipped" (an earlier run did the same), "failed", "not started" or
            "left out" (it is itself a result).
        folder: Where its outputs lie, or would.
        polygons: How many; None where there is no result.
        area_m2: Their square metres; None where that cannot be known.
        seconds: It took.
        warnings: What the analyst should know.
        error: Why it failed.
    """

    source: str
    state: str
    folder: str
    polygons: int | None = None
    area_m2: float | None = None
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    error: str = ""

    @classmethod
    def of(cls, job: Job, state: str, **more: Any) -> Outcome:
        """The outcome of a job."""
        return cls(job.source.path, state, str(job.folder), **more)

    @classmethod
    def from_dict(cls, values: Values) -> Outcome:
        """An outcome from what `to_dict` gives."""
        return cls(**{**values, "warnings": tuple(values["warnings"])})

    def to_dict(self) -> Values:
        """The outcome in JSON's types."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**values, "warnings": list(self.warnings)}


def folder_name(source: str) -> str:
    """The name of a source's folder: readable, the same in every run, and of this source alone."""
    stem = re.sub(r"[^\w.-]+", "_", Path(source).stem)[:60].strip("._-") or "source"
    return f"{stem}-{hashlib.sha256(os.fsencode(source)).hexdigest()[:12]}"


def run(
    jobs: Iterable[Job],
    model: LazyModel,
    stopping: Callable[[], bool],
    progress: Callable[[Progress], None] | None = None,
) -> Generator[Outcome, None, None]:
    """Segments sources one after another in this process.

    Args:
        jobs: What to do.
        model: The model of all of them.
        stopping: Asked before each; the rest is left when it says so.
        progress: Told how far the current one is.

    Raises:
        ModelError: The model cannot be loaded.
    """
    for job in jobs:
        if stopping():
            return
        yield attempt(job, model, progress)


def attempt(
    job: Job, model: LazyModel, progress: Callable[[Progress], None] | None = None
) -> Outcome:
    """Segments one source, unless an earlier run did; what goes wrong with it is its outcome.

    Raises:
        ModelError: The model cannot be loaded, for this source or any other.
    """
    started = time.perf_counter()
    try:
        state, result = _result(job, model, progress)
    except ModelError:
        raise
    except Exception as cause:
        state, result = FAILED, {"error": str(explained(cause))}
    return Outcome.of(
        job,
        state,
        polygons=result.get("count"),
        area_m2=result.get("area_m2"),
        seconds=round(time.perf_counter() - started, 3),
        warnings=tuple(result.get("warnings", ())),
        error=result.get("error", ""),
    )


def _result(
    job: Job, model: LazyModel, progress: Callable[[Progress], None] | None
) -> tuple[str, Values]:
    from engine.segmentation.segment import check_source, segment

    if job.seen and not os.path.exists(job.source.path):
        raise RasterError(
            f"{job.source.path} was there when the run began, and {socket.gethostname()} does not "
            "find it. Every computer that works on it needs its folder under the same path."
        )
    if is_result(job.source.path):
        return LEFT_OUT, {"warnings": ["it is a result of this plugin"]}
    origin = check_source(job.source, job.folder)
    request = job.request(model.weights, origin.stamp)
    record = job.folder / RECORD
    earlier = None if job.again else _earlier(record, request)
    if earlier is not None:
        return SKIPPED, earlier
    with writing(record):
        # From here on it no longer tells what lies beside it.
        record.unlink(missing_ok=True)
    result = segment(
        job.source,
        job.expression,
        model.segmenter,
        job.folder,
        threshold=job.threshold,
        shape=job.shape,
        progress=progress,
        origin=origin,
    ).to_dict()
    with replacing(record) as partial, writing(record):
        text = json.dumps({"request": request, "result": result}, indent=1)
        partial.write_text(text + "\n", encoding="utf-8")
    return DONE, result


def is_result(path: str) -> bool:
    """Whether this plugin wrote it: such a thing is no picture of the ground."""
    from engine.files import seal
    from engine.raster import stored

    return stored.is_result(path) or seal.is_result(Path(path))


def _earlier(record: Path, request: Values) -> Values | None:
    """The result of an earlier run, if that was asked the same and its files are all there."""
    try:
        kept = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(kept, dict) or kept.get("request") != request:
        return None
    result: Values = kept["result"]
    files = (record.with_name(Path(result[name]).name) for name in FILES)
    return result if all(file.is_file() for file in files) else None
