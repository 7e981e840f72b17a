"""Source + expression + model -> Result: the one way through the house."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from engine import __version__
from engine.errors import Cancelled, InputError, OutOfMemory, RasterError
from engine.files.boundary import make_folder
from engine.files.outputs import FILES, UNFINISHED
from engine.language.expression import clean, speaks_of_places
from engine.models.card import ModelCard
from engine.progress import Progress
from engine.raster.grid import Grid
from engine.raster.origin import Origin
from engine.raster.source import Source, open_source
from engine.raster.stored import encode, highest, open_stored
from engine.raster.window import Window
from engine.raster.windows import plan_windows
from engine.raster.writer import ProbabilityWriter, write_mask
from engine.segmentation.blend import Band
from engine.segmentation.features import FeatureCache
from engine.segmentation.inference import Inference, WindowTooLarge
from engine.segmentation.outputs import OUTPUTS, Outputs, check_places, together
from engine.segmentation.remarks import of_nothing, of_source
from engine.segmentation.result import Result
from engine.segmentation.threads import Behind
from engine.segmentation.unfinished import UnfinishedRows, alone, unfinished
from engine.systems.segmenter import Segmenter
from engine.vector.polygons import write_polygons
from engine.vector.shape import EXACT, Shape

SMALLEST_WINDOW = 128
"""Side in pixels of the smallest windows that are tried where the memory is short."""

Report = Callable[[Progress], None]
Asked = Callable[[], bool]


def segment(
    source: Source,
    expression: str,
    model: Segmenter,
    out: Path,
    *,
    threshold: float = 0.5,
    outputs: Sequence[str] = OUTPUTS,
    shape: Shape = EXACT,
    progress: Report | None = None,
    cancelled: Asked | None = None,
    features: FeatureCache | None = None,
    one_view: bool = False,
    origin: Origin | None = None,
) -> Result:
    """Segments what an expression means.

    Args:
        source: Raster, extent, bands, resolution.
        expression: What to segment, in the analyst's words.
        model: A loaded model.
        out: Folder for `probability.tif`, `mask.tif` and `polygons.gpkg`; made if it is not there.
        threshold: Least probability of the mask and the polygons, 0 to 1.
        outputs: Which of "mask" and "polygons"; the probabilities are always kept.
        shape: Which objects become polygons, and how they are drawn.
        progress: Told how far it is.
        cancelled: Asked between two steps.
        features: Where features of views are kept for the next expression.
        one_view: Look at the whole extent at once, whatever its size, as data sets are measured.
        origin: What `check_source` has found before; it is looked for here where it is None.

    Raises:
        EngineError: One of its kinds, with a message for the analyst.
    """
    expression = clean(expression)
    check_options(threshold, outputs)
    known = model.card.check(expression)
    warnings = [known.message] if known.unknown else []
    origin = origin or check_source(source, out, outputs)
    _stop_if(cancelled)  # while the model was loaded; nothing is made then
    with open_source(source, model.card.finest) as raster:
        make_folder(out)
        kept = features or FeatureCache(limit=0)
        for number, plan in enumerate(plans(raster.grid, model.card, one_view)):
            inference = Inference(source, origin, raster, expression, model, kept, plan)
            if number:
                warnings.append(_smaller_windows(inference))
            try:
                return _run(
                    inference, out, threshold, outputs, shape, progress, cancelled, warnings
                )
            except WindowTooLarge:
                continue
    raise OutOfMemory(
        f"{model.card.title} needs more memory than the device '{model.device.type}' has left. "
        "Close other programs, choose the device 'cpu', or choose a smaller model."
    )


def _run(
    inference: Inference,
    out: Path,
    threshold: float,
    outputs: Sequence[str],
    shape: Shape,
    progress: Report | None,
    cancelled: Asked | None,
    warnings: Sequence[str],
) -> Result:
    """Looks at all windows and writes what was found; goes on where an earlier run was ended."""
    raster, model = inference.raster, inference.model
    facts = {
        "expression": inference.expression,
        "model": model.card.id,
        "weights_sha256": model.weights_sha256,
        "source": inference.source.label,
        "resolution": "" if raster.resolution is None else repr(raster.resolution),
        "stretch": raster.description,
        "windows": str(inference.windows),
        "device": model.device.type,
    }
    started = time.perf_counter()
    batch = inference.batch
    stamp, plan = inference.origin.stamp, repr(inference.plan[0])
    request = json.dumps([__version__, facts, inference.source.to_dict(), stamp, plan])
    with (
        # Outermost: what is finished is kept until the files have their names.
        unfinished(out / UNFINISHED, request, raster.grid.width) as rows,
        together(out, ("probability", *outputs)) as written,
        _unchanged(inference, rows),
    ):
        files = written.files
        with ProbabilityWriter(files["probability"], raster.grid, facts) as writer:
            for row, stored in rows.stored():
                writer.append(row, stored)
            _look(inference, rows, writer, progress, cancelled)
        _stop_if(cancelled)
        result = _outputs(
            files["probability"],
            files,
            threshold,
            shape,
            progress,
            cancelled,
            [*warnings, *_view_warnings(inference, batch)],
            {"windows": round(time.perf_counter() - started, 3)},
        )
    return replace(_placed(result, out, written), probability=out / FILES["probability"])


def _look(
    inference: Inference,
    rows: UnfinishedRows,
    writer: ProbabilityWriter,
    progress: Report | None,
    cancelled: Asked | None,
) -> None:
    """Looks at the windows of the rows that are not finished, and keeps and writes these."""

    def keep(band: Band) -> None:
        stored = encode(band.probability, band.valid)
        writer.append(band.row, stored)
        rows.append(band.row, stored)

    total = inference.windows
    _stop_if(cancelled)
    _tell(progress, 0, total, "windows", f"{total} windows to look at")
    with Behind() as behind:
        for step in inference.steps(rows.finished):
            if step.band is not None:
                behind.do(keep, step.band)
            _tell(progress, step.done, total, "windows", f"Window {step.done} of {total}")
            _stop_if(cancelled)


def rethreshold(
    probability: Path,
    out: Path,
    threshold: float,
    *,
    outputs: Sequence[str] = OUTPUTS,
    shape: Shape = EXACT,
    progress: Report | None = None,
    cancelled: Asked | None = None,
) -> Result:
    """Mask and polygons anew from stored probabilities; no model runs.

    Args:
        probability: A `probability.tif` of `segment`.
        out: Folder for `mask.tif` and `polygons.gpkg`; made if it is not there.
        threshold: Least probability, 0 to 1.
        outputs: Which of "mask" and "polygons".
        shape: Which objects become polygons, and how they are drawn.
        progress: Told how far it is.
        cancelled: Asked between two steps.

    Raises:
        EngineError: One of its kinds, with a message for the analyst.
    """
    check_options(threshold, outputs)
    origin = Origin.of(probability)
    check_places(out, outputs, origin.files)
    with alone(make_folder(out) / UNFINISHED), together(out, outputs) as written:
        files = written.files
        result = _outputs(Path(probability), files, threshold, shape, progress, cancelled, [], {})
        origin.check_unchanged()
    return _placed(result, out, written)


@contextmanager
def _unchanged(inference: Inference, rows: UnfinishedRows) -> Iterator[None]:
    """Nothing comes of a run whose source has changed meanwhile, and no later run goes on from it.

    Raises:
        RasterError: Names the file.
    """
    origin = inference.origin
    try:
        yield
        origin.check_unchanged()
    except RasterError:
        origin.check_unchanged()  # it says more than that something cannot be read
        raise
    finally:
        if origin.changed:
            rows.forget()
            inference.features.clear()


def _placed(result: Result, folder: Path, written: Outputs) -> Result:
    """The result with its mask and polygons in the folder, and what was kept there."""
    mask, polygons = (path and folder / path.name for path in (result.mask, result.polygons))
    warnings = (*result.warnings, *written.warnings)
    return replace(result, mask=mask, polygons=polygons, warnings=warnings)


def _outputs(
    probability: Path,
    files: dict[str, Path],
    threshold: float,
    shape: Shape,
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
            shape,
            progress=lambda done, total: _tell(
                progress, done, total, "polygons", "Outlining objects"
            ),
            cancelled=cancelled,
        )
        count, area = summary.count, summary.area_m2
        seconds["polygons"] = round(time.perf_counter() - started, 3)
    if count == 0 or (count is None and mask and (highest(probability) or 0) < threshold):
        warnings.append(of_nothing(probability, threshold, shape))
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
        shape=shape,
        windows=int(facts.get("windows") or 0),
        device=facts.get("device", ""),
        seconds=seconds,
        warnings=tuple(warnings),
    )


def plans(grid: Grid, card: ModelCard, one_view: bool = False) -> Iterator[list[list[Window]]]:
    """The views of an extent, then the same in ever smaller windows, should the memory be short.

    The views are the extent itself while the card allows, else rows of overlapping windows. An
    expression speaks of one view, so "at the lower left" means the extent's lower left as long as
    the extent is one view.
    """
    longest = max(grid.width, grid.height)
    whole = one_view or longest <= card.view
    size = longest if whole else card.window
    yield plan_windows(grid, size, 0 if whole else card.overlap)
    while (size := size // 2) >= SMALLEST_WINDOW:
        yield plan_windows(grid, size, size * card.overlap // card.window)


def check_source(source: Source, out: Path, outputs: Collection[str] = OUTPUTS) -> Origin:
    """Where the source comes from, which is not where the results go.

    Raises:
        OutputError: A result would take the place of a file that the source stands on.
        RasterError: The source is a pipe or a device.
    """
    origin = Origin.of(source.path)
    check_places(out, ("probability", *outputs), origin.files)
    return origin


def check_options(threshold: float, outputs: Sequence[str]) -> None:
    """Raises InputError for a threshold or outputs that make no sense."""
    if not 0 < threshold <= 1:
        raise InputError(f"The threshold {threshold} is not above 0 and at most 1.")
    unknown = [name for name in outputs if name not in OUTPUTS]
    if unknown:
        raise InputError(f"There is no output '{unknown[0]}'. Choose from {', '.join(OUTPUTS)}.")


def _view_warnings(inference: Inference, batch: int) -> list[str]:
    """What the analyst should know of how the raster was looked at.

    Args:
        inference: What looked.
        batch: How many windows it wanted to look at together.
    """
    warnings = []
    card, raster = inference.model.card, inference.raster
    if inference.windows > 1 and speaks_of_places(inference.expression):
        warnings.append(
            f"The extent was looked at in {inference.windows} windows of "
            f"{inference.plan[0][0].width} pixels, and words of place, order and size hold within "
            "each window. For one frame, choose a smaller extent or a coarser resolution."
        )
    if raster.resolution is not None and raster.resolution > 2 * card.coarsest:
        warnings.append(
            f"At {raster.resolution:.3g} m a pixel the raster is coarser than what {card.title} "
            f"was trained on ({card.finest:g} to {card.coarsest:g} m)."
        )
    warnings += of_source(raster, inference.source.label)
    if inference.batch < batch:
        warnings.append(
            f"The memory was enough for {inference.batch} windows at a time, not for {batch}."
        )
    return warnings


def _smaller_windows(inference: Inference) -> str:
    window = inference.plan[0][0]
    return (
        f"The memory was enough for windows of {window.width} x {window.height} pixels only: words "
        "of place, order and size hold within each of them."
    )


def _stop_if(cancelled: Asked | None) -> None:
    if cancelled is not None and cancelled():
        raise Cancelled("Cancelled.")


def _tell(progress: Report | None, done: int, total: int, stage: str, message: str) -> None:
    if progress is not None:
        progress(Progress(done, total, stage, message))
