"""`python -m engine segment`: one raster into a folder, or many into a folder each."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tqdm import tqdm

from engine import __version__, zoo
from engine import segment as way
from engine.batch import cluster, report
from engine.batch import run as batch
from engine.batch import sources as source_list
from engine.batch.interruption import in_two_steps
from engine.batch.lazy_model import LazyModel
from engine.batch.run import Job, Outcome
from engine.errors import InputError
from engine.expression import clean
from engine.progress_bar import ProgressBar
from engine.raster.source import Source, open_source
from engine.vector.shape import Shape


def segment(options: argparse.Namespace) -> None:
    """Segments a raster, or many."""
    sources = source_list.read(options.sources)
    options.expression = clean(_expression(options.expression))
    way.check_options(options.threshold, way.OUTPUTS)
    _shape(options)
    zoo.card(options.model)
    if sources == options.sources and len(sources) == 1 and not options.scheduler:
        _segment_one(options)
    else:
        _segment_many(options, sources)


def _expression(word: str) -> str:
    """The expression, unless the last file of a shell's `*.tif` stands in its place."""
    if Path(word).suffix and Path(word).is_file():
        raise InputError(
            f"The expression is missing: the last word, {word}, is a file. "
            "Say what to segment after the sources."
        )
    return word


def _source(options: argparse.Namespace, path: str) -> Source:
    return Source(
        path,
        extent=tuple(options.extent) if options.extent else None,
        bands=tuple(options.bands) if options.bands else None,
        resolution=options.resolution,
        area=options.area,
        warp=options.warp,
    )


def _shape(options: argparse.Namespace) -> Shape:
    return Shape(options.minimum_area, options.simplify, options.right_angles)


def _segment_one(options: argparse.Namespace) -> None:
    """Segments a raster into the folder itself."""
    source = _source(options, options.sources[0])
    # A source that cannot be read is known at once, a model takes seconds.
    with open_source(source):
        model = zoo.load(options.model, options.device)
    with ProgressBar() as bar:
        result = way.segment(
            source,
            options.expression,
            model,
            options.out,
            threshold=options.threshold,
            shape=_shape(options),
            progress=bar.show,
        )
    for warning in result.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    for path in (result.probability, result.mask, result.polygons):
        print(path)
    if options.json:
        print(json.dumps(result.to_dict()))


def _segment_many(options: argparse.Namespace, sources: Sequence[str]) -> None:
    """Segments rasters, each into a folder of its own, and reports on all of them."""
    out = way.make_folder(options.out).absolute()
    jobs = [
        batch.Job(
            source=_source(options, path),
            expression=options.expression,
            model=options.model,
            device=options.device,
            threshold=options.threshold,
            shape=_shape(options),
            folder=out / batch.folder_name(path),
            again=options.again,
            seen=Path(path).exists(),
        )
        for path in map(source_list.absolute, sources)
    ]
    ended: dict[str, Outcome] = {}
    started = datetime.now(UTC)
    try:
        with (
            in_two_steps(_tell_of_the_end) as stopping,
            closing(_outcomes(options, jobs, stopping)) as outcomes,
        ):
            for outcome in outcomes:
                ended[outcome.source] = outcome
            stopped = stopping()
    finally:
        if ended:
            every = [ended.get(job.source.path, Outcome.of(job, batch.NOT_STARTED)) for job in jobs]
            _report(options, every, started, out)
    if stopped:
        raise KeyboardInterrupt
    if any(outcome.state == batch.FAILED for outcome in ended.values()):
        sys.exit(1)


def _report(
    options: argparse.Namespace, outcomes: Sequence[Outcome], started: datetime, out: Path
) -> None:
    """Writes what became of all sources, and says where and how many."""
    facts = {
        "expression": options.expression,
        "model": options.model,
        "threshold": options.threshold,
        "shape": asdict(_shape(options)),
        "scheduler": options.scheduler,
        "command": f"python -m engine {shlex.join(options.arguments)}",
        "engine": __version__,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round((datetime.now(UTC) - started).total_seconds(), 3),
    }
    found = report.report(outcomes, facts)
    for path in report.write(found, out):
        print(path)
    if options.json:
        print(json.dumps(found))
    print(report.summary(found), file=sys.stderr)


def _outcomes(
    options: argparse.Namespace, jobs: Sequence[Job], stopping: Callable[[], bool]
) -> Generator[Outcome, None, None]:
    """What becomes of each source, shown on the terminal as it comes."""
    with ExitStack() as stack:
        if options.scheduler:
            ending = cluster.run(jobs, options.scheduler, stopping, _tell)
        else:
            model = LazyModel(options.model, options.device)
            windows = stack.enter_context(ProgressBar(position=1))
            ending = batch.run(jobs, model, stopping, windows.show)
        outcomes = stack.enter_context(closing(ending))
        for outcome in tqdm(outcomes, total=len(jobs), unit="source", disable=None):
            _tell_of(outcome)
            yield outcome


def _tell_of(outcome: Outcome) -> None:
    """What the analyst should know of a source at once."""
    if outcome.state == batch.FAILED:
        where = "" if outcome.source in outcome.error else f"{outcome.source}: "
        _tell(f"failed: {where}{outcome.error}")
    if outcome.state == batch.DONE:
        for warning in outcome.warnings:
            _tell(f"warning: {outcome.source}: {warning}")


def _tell(line: str) -> None:
    """A line on standard error, above the bars."""
    tqdm.write(line, file=sys.stderr)


def _tell_of_the_end() -> None:
    _tell("Ending after what is under way. Press Ctrl-C again to end now.")
