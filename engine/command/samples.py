"""`python -m engine samples`: makes training samples from rasters and polygons."""

from __future__ import annotations

import argparse
import sys

from engine.command.options import Commands, add_reading, path, reading


def add(commands: Commands) -> None:
    """The arguments."""
    part = commands.add_parser("samples", help="make training samples from rasters and polygons")
    part.add_argument("--raster", nargs="+", required=True, help="one or more rasters")
    part.add_argument("--polygons", type=path, required=True, help="their polygons, in any CRS")
    part.add_argument("--layer", default="", help="layer of that file, if it has several")
    meant = part.add_mutually_exclusive_group(required=True)
    meant.add_argument("--field", help="the column that says what each polygon is")
    meant.add_argument("--expression", help="what all polygons are")
    part.add_argument("--out", type=path, required=True, help="new folder for the samples")
    add_reading(part)
    part.add_argument("--resolution", type=float, help="metres a pixel, as the model wants it")
    part.add_argument("--view", type=int, default=384, help="pixels a side (default: 384)")
    part.add_argument(
        "--variants", action="store_true", help="add sentences on place, order, size and number"
    )
    part.add_argument("--negatives", type=float, default=0.2, help="share without an object (0.2)")
    part.add_argument("--validation", type=float, default=0.2, help="share held out (0.2)")
    part.add_argument("--block", type=int, default=4, help="side of held out blocks in views (4)")
    part.add_argument("--repeats", type=int, default=1, help="views of every object (1)")
    part.add_argument("--most", type=int, default=5000, help="views with objects at most (5000)")
    part.add_argument("--seed", type=int, default=0)
    part.add_argument(
        "--incomplete", action="store_true", help="not everything is labelled: no negatives"
    )
    part.set_defaults(command=samples)


def samples(options: argparse.Namespace) -> None:
    """Makes training samples from rasters and polygons."""
    from engine.command.terminal import ProgressBar
    from engine.data.analyst.build import LabelledLayer, SampleSettings, build
    from engine.raster.source import Source

    told = reading(options)
    layers = [
        LabelledLayer(
            Source(raster, **told),
            options.polygons,
            options.layer,
            options.field or "",
            options.expression or "",
        )
        for raster in options.raster
    ]
    settings = SampleSettings(
        resolution=options.resolution,
        view=options.view,
        variants=options.variants,
        negatives=options.negatives,
        validation=options.validation,
        block=options.block,
        seed=options.seed,
        complete=not options.incomplete,
        repeats=options.repeats,
        most=options.most,
    )
    with ProgressBar() as bar:
        report = build(layers, settings, options.out, progress=bar.show)
    for warning in report.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    counts = ", ".join(f"{number:,} {split}" for split, number in report.samples.items())
    print(f"{counts} samples of {report.used:,} of {report.features:,} features")
    print(report.folder)
