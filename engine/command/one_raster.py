"""Segments one raster into a folder."""

from __future__ import annotations

import argparse
import json
import sys

from engine.command.request import shape_of, source_of
from engine.command.terminal import ProgressBar
from engine.raster.source import open_source
from engine.segmentation.result import Result
from engine.segmentation.segment import check_source, segment
from engine.systems import loading


def segment_one(options: argparse.Namespace) -> None:
    """Segments a raster into the folder itself."""
    source = source_of(options, options.sources[0])
    origin = check_source(source, options.out)
    # A source that cannot be read is known at once, a model takes seconds.
    with open_source(source):
        model = loading.load(options.model, options.device)
    with ProgressBar() as bar:
        result = segment(
            source,
            options.expression,
            model,
            options.out,
            threshold=options.threshold,
            shape=shape_of(options),
            progress=bar.show,
            origin=origin,
        )
    for warning in result.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(_found(result), file=sys.stderr)
    for path in (result.probability, result.mask, result.polygons):
        print(path)
    if options.json:
        print(json.dumps(result.to_dict()))


def _found(result: Result) -> str:
    """How many objects were found, and how large they are together, in a line."""
    area = "" if result.area_m2 is None else f", {result.area_m2:,.0f} m² in all"
    return f"Objects found: {result.count:,}{area if result.count else ''}"
