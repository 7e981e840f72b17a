"""Segments many rasters, each into a folder of its own, and reports on all of them."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tqdm import tqdm

from engine import __version__
from engine.batch import cluster, report
from engine.batch import run as batch
from engine.batch import sources as source_list
from engine.batch.lazy_model import LazyModel
from engine.batch.run import Job, Outcome
from engine.command.request import shape_of, source_of
from engine.command.terminal import ProgressBar, in_two_steps
from engine.errors import RasterError
from engine.files import apart
from engine.files.atomic import check_apart
from engine.files.boundary import make_folder
from engine.raster.origin import Origin
from engine.segmentation.outputs import places

WITHIN = "it lies where the results go"


def segment_many(
    options: argparse.Namespace, sources: Sequence[str], results: Sequence[str]
) -> None:
    """Segments rasters, each into a folder of its own, and reports on all of them.

    Args:
        options: What the command line says.
        sources: The rasters.
        results: What patterns found in the folder of the results, and is no source.
    """
    out = options.out.absolute()
    jobs = [
        batch.Job(
            source=source_of(options, path),
            expression=options.expression,
            model=options.model,
            device=options.device,
            threshold=options.threshold,
            shape=shape_of(options),
            folder=out / batch.folder_name(path),
            again=options.again,
            seen=Path(path).exists(),
        )
        for path in map(source_list.absolute, sources)
    ]
    _check_apart(options, jobs, out)
    make_folder(out)
    left = [Outcome(path, batch.LEFT_OUT, "", warnings=(WITHIN,)) for path in results]
    for outcome in left:
        _tell_of(outcome)
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
            _report(options, [*every, *left], started, out)
    if stopped:
        raise KeyboardInterrupt
    if any(outcome.state == batch.FAILED for outcome in ended.values()):
        sys.exit(1)


def _check_apart(options: argparse.Namespace, jobs: Sequence[Job], out: Path) -> None:
    """Refuses results and reports that would take the place of a source of any job, or of a list.

    Raises:
        OutputError: Names both.
    """
    written = [out / report.JSON, out / report.PAGE]
    for job in jobs:
        written += [job.folder / batch.RECORD, *places(job.folder)]
    if not any(map(os.path.exists, written)):
        return  # so the sources need not be looked into
    lists = [word.removeprefix(source_list.LIST) for word in options.sources]
    check_apart(written, [*lists, *(f for job in jobs for f in _files(job.source.path, out))])


def _files(source: str, out: Path) -> Sequence[str]:
    """What a source stands on, without looking into more of them than needed.

    Nothing, where its own job will leave it out, or say that it cannot be read.
    """
    files = apart.mentioned(source)
    if any(map(apart.is_virtual, files)):
        with suppress(RasterError):
            return Origin.of(source).files
    ours = any(Path(os.path.realpath(file)).is_relative_to(os.path.realpath(out)) for file in files)
    return () if ours and batch.is_result(source) else files


def _report(
    options: argparse.Namespace, outcomes: Sequence[Outcome], started: datetime, out: Path
) -> None:
    """Writes what became of all sources, and says where and how many."""
    facts = {
        "expression": options.expression,
        "model": options.model,
        "threshold": options.threshold,
        "shape": asdict(shape_of(options)),
        "scheduler": options.scheduler,
        "command": f"python -m engine {shlex.join(options.arguments)}",
        "engine": __version__,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round((datetime.now(UTC) - started).total_seconds(), 3),
    }
    found = report.report(outcomes, facts)
    paths, warnings = report.write(found, out)
    for warning in warnings:
        _tell(f"warning: {warning}")
    for path in paths:
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
    if outcome.state == batch.LEFT_OUT:
        _tell(f"left out: {outcome.source}: {' '.join(outcome.warnings)}")
    if outcome.state == batch.DONE:
        for warning in outcome.warnings:
            _tell(f"warning: {outcome.source}: {warning}")


def _tell(line: str) -> None:
    """A line on standard error, above the bars."""
    tqdm.write(line, file=sys.stderr)


def _tell_of_the_end() -> None:
    _tell("Ending after what is under way. Press Ctrl-C again to end now.")
