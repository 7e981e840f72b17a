"""The command line: `python -m engine segment | evaluate | train | models | serve`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from engine import __version__
from engine.errors import EngineError
from engine.result import Progress


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a command and ends the process: 0, or 1 with a message when something is wrong."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], None] = options.command
    try:
        command(options)
    except EngineError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("Cancelled.")


def segment(options: argparse.Namespace) -> None:
    """Segments a raster."""
    from engine import segment as way
    from engine import zoo
    from engine.expression import clean
    from engine.raster.source import Source, open_source

    source = Source(
        options.source,
        extent=tuple(options.extent) if options.extent else None,
        bands=tuple(options.bands) if options.bands else None,
        resolution=options.resolution,
        area=options.area,
    )
    clean(options.expression)
    way.check_options(options.threshold, way.OUTPUTS)
    # A source that cannot be read is known at once, a model takes seconds.
    with open_source(source):
        model = zoo.load(options.model, options.device)
    with _Bar() as bar:
        result = way.segment(
            source,
            options.expression,
            model,
            options.out,
            threshold=options.threshold,
            progress=bar.show,
        )
    for warning in result.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    for path in (result.probability, result.mask, result.polygons):
        print(path)
    if options.json:
        print(json.dumps(result.to_dict()))


def evaluate(options: argparse.Namespace) -> None:
    """Measures a model on referring samples."""
    from engine import zoo
    from engine.data import jsonl
    from engine.evaluation.evaluate import evaluate as measure

    model = zoo.load(options.model, options.device)
    samples = jsonl.read(options.annotations, options.images, options.split)
    everything, kinds = measure(
        tqdm(samples, unit="sample", disable=None), model, options.threshold
    )
    summary: dict[str, Any] = everything.summary()
    for name, value in summary.items():
        print(f"{name:8} {value}" if name == "n" else f"{name:8} {100 * value:.2f}")
    if options.json:
        by_kind = {kind: metrics.summary() for kind, metrics in sorted(kinds.items()) if kind}
        report = {
            "model": options.model,
            "weights_sha256": model.weights_sha256,
            **summary,
            "kinds": by_kind,
        }
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def train(options: argparse.Namespace) -> None:
    """Trains as a TOML file says."""
    from engine import device
    from engine.training.config import read
    from engine.training.run import run

    config = read(options.config)
    print(run(config, device.choose(options.device).type))


def models(options: argparse.Namespace) -> None:
    """Lists the models, or fetches the weights of one."""
    from engine import zoo

    if options.fetch:
        from engine import hub

        print(hub.fetch(zoo.card(options.fetch), lambda step: print(step.message)))
        return
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

    part = commands.add_parser("segment", help="segment a raster by a referring expression")
    part.add_argument("source", help="raster file, or any name GDAL can open")
    part.add_argument(
        "expression", help="what to segment, such as 'the storage tank at the lower left'"
    )
    part.add_argument("--model", default="rsrefseg2-compact")
    part.add_argument("--out", type=Path, required=True, help="folder for the results")
    part.add_argument("--extent", type=float, nargs=4, metavar=("XMIN", "YMIN", "XMAX", "YMAX"))
    part.add_argument("--area", help="WKT of a polygon in the raster's CRS")
    part.add_argument("--bands", type=int, nargs="+", help="one or three band numbers, from 1")
    part.add_argument("--resolution", type=float, help="metres a pixel")
    part.add_argument("--threshold", type=float, default=0.5)
    _add_device(part)
    part.add_argument(
        "--json", action="store_true", help="print one summary object as the last line"
    )
    part.set_defaults(command=segment)

    part = commands.add_parser("evaluate", help="measure a model on referring samples")
    part.add_argument("--model", default="rsrefseg2-compact")
    part.add_argument("--dataset", choices=["jsonl"], default="jsonl")
    part.add_argument("--annotations", type=Path, required=True)
    part.add_argument("--images", type=Path, required=True)
    part.add_argument("--split")
    part.add_argument("--threshold", type=float, default=0.5)
    _add_device(part)
    part.add_argument("--json", type=Path, help="write the numbers to this file")
    part.set_defaults(command=evaluate)

    part = commands.add_parser("train", help="train a model as a TOML file says")
    part.add_argument("config", type=Path)
    _add_device(part)
    part.set_defaults(command=train)

    part = commands.add_parser("models", help="list the models, or fetch one")
    part.add_argument("--fetch", metavar="ID", help="fetch the weights of this model")
    part.add_argument("--json", action="store_true")
    part.set_defaults(command=models)

    commands.add_parser("serve", help="answer requests on standard input (used by the plugin)")
    return parser


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])


class _Bar:
    """Progress on a terminal."""

    def __enter__(self) -> _Bar:
        self._bar = tqdm(total=1, unit="step", disable=None, leave=False)
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, progress: Progress) -> None:
        """Draws it."""
        self._bar.total = max(progress.total, 1)
        self._bar.n = progress.done
        self._bar.set_description(progress.message, refresh=True)
