"""The command line: `python -m engine`, segment, evaluate, samples, check, train, models, serve."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tqdm import tqdm

from engine import __version__
from engine.errors import EngineError
from engine.evaluation.protocols import PROTOCOLS


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a command and ends the process: 0, or 1 with a message when something is wrong."""
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(given, argparse.Namespace(arguments=given))
    command: Callable[[argparse.Namespace], None] = options.command
    try:
        command(options)
    except EngineError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("Cancelled.")


def segment(options: argparse.Namespace) -> None:
    """Segments a raster, or many."""
    from engine.batch.command import segment

    segment(options)


def _band(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def evaluate(options: argparse.Namespace) -> None:
    """Measures a model on referring samples."""
    from engine.data.datasets import Dataset
    from engine.evaluation import protocols, report
    from engine.evaluation.measured import Files, measure

    numbers = measure(
        options.model,
        Dataset(options.dataset, options.root, options.images),
        options.split,
        Files(options.json, options.markdown, options.contact_sheet),
        threshold=options.threshold,
        protocol=protocols.choose(options.protocol, options.size),
        device=options.device,
        command=f"python -m engine {shlex.join(options.arguments)}",
        watched=lambda samples: tqdm(samples, unit="sample", disable=None),
    )
    print(report.lines(numbers))


def samples(options: argparse.Namespace) -> None:
    """Makes training samples from rasters and polygons."""
    from engine.data.analyst.build import LabelledLayer, SampleSettings, build
    from engine.progress_bar import ProgressBar
    from engine.raster.source import Source

    bands = tuple(options.bands) if options.bands else None
    layers = [
        LabelledLayer(
            Source(raster, bands=bands),
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


def check(options: argparse.Namespace) -> None:
    """Goes through a data set and reports what is wrong with it."""
    from engine.data.audit import audit
    from engine.data.datasets import Dataset

    samples = Dataset(options.dataset, options.root, options.images).samples()
    found = audit(tqdm(samples, unit="sample", disable=None))
    print(found.markdown())
    if found.errors:
        sys.exit(1)


def train(options: argparse.Namespace) -> None:
    """Trains as a TOML file says."""
    from engine import device
    from engine.batch.interruption import in_two_steps
    from engine.progress_bar import ProgressBar
    from engine.training.config import read
    from engine.training.run import run

    config = read(options.config)

    def tell() -> None:
        print("Finishing the step. Press Ctrl-C again to stop at once.", file=sys.stderr)

    with in_two_steps(tell) as pressed, ProgressBar() as bar:
        print(run(config, device.choose(options.device).type, bar.show, pressed))


def models(options: argparse.Namespace) -> None:
    """Lists the models; fetches the weights of one; exports, imports or deletes one's own."""
    from engine import exchange, zoo

    if options.fetch:
        from engine import hub

        print(hub.fetch(zoo.card(options.fetch), lambda step: print(step.message)))
        return
    if options.export:
        model, file = options.export
        print(exchange.export(model, Path(file)))
        return
    if options.load:
        print(exchange.load(options.load).id)
        return
    if options.delete:
        exchange.delete(options.delete)
        return
    for entry in zoo.damaged():
        print(f"warning: {entry.id}: {entry.reason}", file=sys.stderr)
    cards = zoo.cards()
    if options.json:
        print(json.dumps([card.to_dict() for card in cards]))
        return
    for card in cards:
        categories = card.categories
        known = "any words" if categories is None else ", ".join(c.name for c in categories)
        print(f"{card.id:20} {'not installed' if card.missing else 'ready'}")
        print(f"  {card.about}\n  Knows: {known}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m engine", description="Segment rasters by text."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    part = commands.add_parser("segment", help="segment rasters by a referring expression")
    part.add_argument(
        "sources",
        nargs="+",
        metavar="source",
        help="raster files, patterns, or any names GDAL can open; @FILE reads them from a text "
        "file, one a line, and @- from standard input",
    )
    part.add_argument(
        "expression", help="what to segment, such as 'the storage tank at the lower left'"
    )
    part.add_argument("--model", default="rsrefseg2-compact")
    part.add_argument(
        "--out",
        type=Path,
        required=True,
        help="folder for the results; many sources have a folder each in it, and a report",
    )
    part.add_argument("--extent", type=float, nargs=4, metavar=("XMIN", "YMIN", "XMAX", "YMAX"))
    part.add_argument("--area", help="WKT of a polygon in the raster's CRS")
    part.add_argument(
        "--bands", type=_band, nargs="+", help="one or three bands: numbers, from 1, or names"
    )
    part.add_argument(
        "--warp", action="store_true", help="accept a raster placed by control points or RPC only"
    )
    part.add_argument("--resolution", type=float, help="metres a pixel")
    part.add_argument("--threshold", type=float, default=0.5)
    part.add_argument(
        "--minimum-area",
        type=float,
        default=0.0,
        metavar="AREA",
        help="leave out smaller polygons: square metres, or square pixels without a CRS",
    )
    part.add_argument(
        "--simplify",
        type=float,
        default=0.0,
        metavar="PIXELS",
        help="how far outlines may move for fewer corners; 1.5 turns stairs into straight lines",
    )
    part.add_argument(
        "--right-angles", action="store_true", help="draw buildings with right angles"
    )
    _add_device(part)
    part.add_argument(
        "--json", action="store_true", help="print one summary object as the last line"
    )
    part.add_argument(
        "--again", action="store_true", help="of many sources, segment also those done before"
    )
    part.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="work on the Dask cluster of this scheduler, such as tcp://10.0.0.1:8786",
    )
    part.set_defaults(command=segment)

    part = commands.add_parser("evaluate", help="measure a model on referring samples")
    part.add_argument("--model", default="rsrefseg2-compact")
    _add_dataset(part)
    part.add_argument("--split", help="only this split")
    part.add_argument("--threshold", type=float, default=0.5)
    part.add_argument(
        "--protocol", choices=tuple(PROTOCOLS), default="ours", help="whose way to count"
    )
    part.add_argument(
        "--size",
        type=int,
        help=f"pixels a side that lavt compares at (default: {PROTOCOLS['lavt'].side})",
    )
    _add_device(part)
    part.add_argument("--json", type=Path, help="write every number to this file")
    part.add_argument("--markdown", type=Path, help="write the tables to this file")
    part.add_argument(
        "--contact-sheet", type=Path, help="draw the best and the worst cases into this PNG"
    )
    part.set_defaults(command=evaluate)

    part = commands.add_parser("samples", help="make training samples from rasters and polygons")
    part.add_argument("--raster", nargs="+", required=True, help="one or more rasters")
    part.add_argument("--polygons", type=Path, required=True, help="their polygons, in any CRS")
    part.add_argument("--layer", default="", help="layer of that file, if it has several")
    meant = part.add_mutually_exclusive_group(required=True)
    meant.add_argument("--field", help="the column that says what each polygon is")
    meant.add_argument("--expression", help="what all polygons are")
    part.add_argument("--out", type=Path, required=True, help="new folder for the samples")
    part.add_argument("--bands", type=_band, nargs="+", help="one or three numbers or names")
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

    part = commands.add_parser("check", help="find what is wrong with a data set")
    _add_dataset(part)
    part.set_defaults(command=check)

    part = commands.add_parser("train", help="train a model as a TOML file says")
    part.add_argument("config", type=Path)
    _add_device(part)
    part.set_defaults(command=train)

    part = commands.add_parser("models", help="list, fetch, export, import or delete models")
    what = part.add_mutually_exclusive_group()
    what.add_argument("--fetch", metavar="ID", help="fetch the weights of this model")
    what.add_argument(
        "--export", nargs=2, metavar=("ID", "FILE.zip"), help="write a model of your own to a file"
    )
    what.add_argument(
        "--import", dest="load", type=Path, metavar="FILE.zip", help="take a model from such a file"
    )
    what.add_argument("--delete", metavar="ID", help="delete a model of your own")
    part.add_argument("--json", action="store_true")
    part.set_defaults(command=models)

    commands.add_parser("serve", help="answer requests on standard input (used by the plugin)")
    return parser


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])


def _add_dataset(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dataset", default="jsonl", help="jsonl (default), refsegrs, rrsis-d or risbench"
    )
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--root", type=Path, metavar="FOLDER", help="the data set as published")
    place.add_argument("--annotations", dest="root", type=Path, metavar="FILE", help="of jsonl")
    parser.add_argument(
        "--images", type=Path, metavar="FOLDER", help="of jsonl; the file's if left out"
    )
