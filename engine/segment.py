"""Source + expression + model -> Result: the one way through the house."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from engine.errors import Cancelled, InputError, OutOfMemory, OutputError
from engine.expression import clean, speaks_of_places
from engine.features import FeatureCache
from engine.raster.atomic import replacing
from engine.raster.blend import Band, RowBlender
from engine.raster.grid import Grid
from engine.raster.polygons import write_polygons
from engine.raster.raster import Raster
from engine.raster.source import Source, open_source
from engine.raster.stored import open_stored
from engine.raster.windows import Window, plan_windows
from engine.raster.writer import ProbabilityWriter, write_mask
from engine.result import Progress, Result
from engine.systems import Segmenter
from engine.zoo import ModelCard

OUTPUTS = ("mask", "polygons")
FILES = {"probability": "probability.tif", "mask": "mask.tif", "polygons": "polygons.gpkg"}
Report = Callable[[Progress], None]
Asked = Callable[[], bool]

__all__ = ["Progress", "Result", "rethreshold", "segment"]


def segment(
    source: Source,
    expression: str,
    model: Segmenter,
    out: Path,
    *,
    threshold: float = 0.5,
    outputs: Sequence[str] = OUTPUTS,
    progress: Report | None = None,
    cancelled: Asked | None = None,
    features: FeatureCache | None = None,
    one_view: bool = False,
) -> Result:
    """Segments what an expression means.

    Args:
        source: Raster, extent, bands, resolution.
        expression: What to segment, in the analyst's words.
        model: A loaded model.
        out: Folder for `probability.tif`, `mask.tif` and `polygons.gpkg`; made if it is not there.
        threshold: Least probability of the mask and the polygons, 0 to 1.
        outputs: Which of "mask" and "polygons"; the probabilities are always kept.
        progress: Told how far it is.
        cancelled: Asked between two steps.
        features: Where features of views are kept for the next expression.
        one_view: Look at the whole extent at once, whatever its size, as data sets are measured.

    Raises:
        EngineError: One of its kinds, with a message for the analyst.
    """
    expression = clean(expression)
    check_options(threshold, outputs)
    known = model.card.check(expression)
    with open_source(source, model.card.finest) as raster:
        rows = plan_views(raster.grid, model.card, one_view)
        windows = sum(map(len, rows))
        facts = {
            "expression": expression,
            "model": model.card.id,
            "weights_sha256": model.weights_sha256,
            "source": source.path,
            "resolution": "" if raster.resolution is None else repr(raster.resolution),
            "stretch": raster.description,
            "windows": str(windows),
            "device": model.device.type,
        }
        warnings = [known.message] if known.unknown else []
        warnings += _view_warnings(expression, raster, model, windows)
        with _together(make_folder(out), ("probability", *outputs)) as files:
            started = time.perf_counter()
            with ProbabilityWriter(files["probability"], raster.grid, facts) as writer:
                place = (source, _stamp(source.path))
                looked = _Windows(raster, expression, model, features or FeatureCache(), place)
                blender = RowBlender(rows)
                for number, window in enumerate(window for row in rows for window in row):
                    _stop_if(cancelled)
                    _tell(progress, number, windows, "windows", f"Window {number + 1} of {windows}")
                    band = looked.blend(blender, window)
                    if band is not None:
                        writer.write(band.row, band.probability, band.valid)
                _stop_if(cancelled)
            _tell(progress, windows, windows, "windows", "All windows done")
            if looked.empty == windows:
                warnings.append(
                    "The extent holds no valid pixels: everything in it is nodata or transparent."
                )
            seconds = {"windows": round(time.perf_counter() - started, 3)}
            result = _outputs(
                files["probability"], files, threshold, progress, cancelled, warnings, seconds
            )
    return replace(_placed(result, out), probability=out / FILES["probability"])


def rethreshold(
    probability: Path,
    out: Path,
    threshold: float,
    *,
    outputs: Sequence[str] = OUTPUTS,
    progress: Report | None = None,
    cancelled: Asked | None = None,
) -> Result:
    """Mask and polygons anew from stored probabilities; no model runs.

    Args:
        probability: A `probability.tif` of `segment`.
        out: Folder for `mask.tif` and `polygons.gpkg`; made if it is not there.
        threshold: Least probability, 0 to 1.
        outputs: Which of "mask" and "polygons".
        progress: Told how far it is.
        cancelled: Asked between two steps.

    Raises:
        EngineError: One of its kinds, with a message for the analyst.
    """
    check_options(threshold, outputs)
    with _together(make_folder(out), outputs) as files:
        result = _outputs(Path(probability), files, threshold, progress, cancelled, [], {})
    return _placed(result, out)


@contextmanager
def _together(folder: Path, outputs: Collection[str]) -> Iterator[dict[str, Path]]:
    """Where to write each output: all become the folder's files together, or vanish together."""
    with ExitStack() as stack:
        yield {
            output: stack.enter_context(replacing(folder / name))
            for output, name in FILES.items()
            if output in outputs
        }


def _placed(result: Result, folder: Path) -> Result:
    """The result with its mask and polygons in the folder."""
    mask, polygons = (path and folder / path.name for path in (result.mask, result.polygons))
    return replace(result, mask=mask, polygons=polygons)


def _outputs(
    probability: Path,
    files: dict[str, Path],
    threshold: float,
    progress: Report | None,
    cancelled: Asked | None,
    warnings: list[str],
    seconds: dict[str, float],
) -> Result:
    """Mask and polygons of stored probabilities; the facts stored with them complete the result."""
    mask, polygons = (files.get(output) for output in OUTPUTS)
    with open_stored(probability) as stored:
        facts = stored.tags
    resolution = float(facts["resolution"]) if facts.get("resolution") else None
    count = area = None
    if mask is not None:
        started = time.perf_counter()
        _tell(progress, 0, 1, "mask", "Writing the mask")
        write_mask(probability, mask, threshold, cancelled)
        seconds["mask"] = round(time.perf_counter() - started, 3)
    if polygons is not None:
        started = time.perf_counter()
        summary = write_polygons(
            probability,
            polygons,
            threshold,
            {**facts, "resolution": resolution},
            progress=lambda done, total: _tell(
                progress, done, total, "polygons", "Outlining objects"
            ),
            cancelled=cancelled,
        )
        count, area = summary.count, summary.area_m2
        seconds["polygons"] = round(time.perf_counter() - started, 3)
        if count == 0:
            warnings.append(
                f"Nothing reaches the threshold of {threshold:g}. Lower it, or use other words."
            )
    return Result(
        probability=probability,
        mask=mask,
        polygons=polygons,
        count=count,
        area_m2=area,
        expression=facts.get("expression", ""),
        model=facts.get("model", ""),
        weights_sha256=facts.get("weights_sha256", ""),
        source=facts.get("source", ""),
        resolution=resolution,
        stretch=facts.get("stretch", ""),
        threshold=threshold,
        windows=int(facts.get("windows") or 0),
        device=facts.get("device", ""),
        seconds=seconds,
        warnings=tuple(warnings),
    )


class _Windows:
    """Looks at windows: read, encode (or remember), decode, blend."""

    def __init__(
        self,
        raster: Raster,
        expression: str,
        model: Segmenter,
        features: FeatureCache,
        place: tuple[object, ...],
    ) -> None:
        self.raster = raster
        self.expression = expression
        self.model = model
        self.features = features
        self.place = place
        self.empty = 0

    def blend(self, blender: RowBlender, window: Window) -> Band | None:
        """Adds what the model says about a window; gives rows that are finished."""
        view = self.raster.read(window)
        if not view.valid.any():
            self.empty += 1
            return blender.skip(window)
        key = (*self.place, self.model.card.id, self.model.weights_sha256, window)
        with _memory(self.model):
            features = self.features.get(
                key,
                lambda: self.model.encode(torch.from_numpy(view.pixels), self.raster.resolution),
            )
            logits = self.model.decode(features, self.expression)
        probability: NDArray[np.float32] = logits.sigmoid().numpy()
        return blender.add(window, probability, view.valid)


@contextmanager
def _memory(model: Segmenter) -> Iterator[None]:
    """Running out of memory as an error the analyst can act on."""
    try:
        yield
    except (torch.cuda.OutOfMemoryError, MemoryError) as cause:
        raise OutOfMemory(
            f"{model.card.title} needs more memory than the device '{model.device.type}' has left. "
            "Close other programs, choose the device 'cpu', or choose a smaller model."
        ) from cause


def plan_views(grid: Grid, card: ModelCard, one_view: bool = False) -> list[list[Window]]:
    """The views of an extent: itself while the card allows, else rows of overlapping windows.

    An expression speaks of one view, so "at the lower left" means the extent's lower left as long
    as the extent is one view.
    """
    longest = max(grid.width, grid.height)
    if one_view or longest <= card.view:
        return plan_windows(grid, longest, 0)
    return plan_windows(grid, card.window, card.overlap)


def check_options(threshold: float, outputs: Sequence[str]) -> None:
    """Raises InputError for a threshold or outputs that make no sense."""
    if not 0 < threshold <= 1:
        raise InputError(f"The threshold {threshold} is not above 0 and at most 1.")
    unknown = [name for name in outputs if name not in OUTPUTS]
    if unknown:
        raise InputError(f"There is no output '{unknown[0]}'. Choose from {', '.join(OUTPUTS)}.")


def make_folder(folder: Path) -> Path:
    """The folder, made if it is not there; raises OutputError if it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise OutputError(
            f"The folder {folder} cannot be made: {cause.strerror}. Choose another one."
        ) from cause
    return folder


def _view_warnings(expression: str, raster: Raster, model: Segmenter, windows: int) -> list[str]:
    warnings = []
    card = model.card
    if windows > 1 and speaks_of_places(expression):
        warnings.append(
            f"The extent was looked at in {windows} windows of {card.window} pixels, and words of "
            "place, order and size hold within each window. For one frame, choose a smaller extent "
            "or a coarser resolution."
        )
    if raster.resolution is not None and raster.resolution > 2 * card.coarsest:
        warnings.append(
            f"At {raster.resolution:.3g} m a pixel the raster is coarser than what {card.title} "
            f"was trained on ({card.finest:g} to {card.coarsest:g} m)."
        )
    return warnings


def _stamp(path: str) -> tuple[int, int] | None:
    """Size and time of a file, so that features of an older version are not used."""
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _stop_if(cancelled: Asked | None) -> None:
    if cancelled is not None and cancelled():
        raise Cancelled("Cancelled.")


def _tell(progress: Report | None, done: int, total: int, stage: str, message: str) -> None:
    if progress is not None:
        progress(Progress(done, total, stage, message))
