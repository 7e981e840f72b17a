"""`python -m engine evaluate`: measures a model on referring samples."""

from __future__ import annotations

import argparse
import shlex

from tqdm import tqdm

from engine.command.options import Commands, add_dataset, add_device, path
from engine.evaluation.protocols import PROTOCOLS


def add(commands: Commands) -> None:
    """The arguments."""
    part = commands.add_parser("evaluate", help="measure a model on referring samples")
    part.add_argument("--model", default="rsrefseg2-compact")
    add_dataset(part)
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
    add_device(part)
    part.add_argument("--json", type=path, help="write every number to this file")
    part.add_argument("--markdown", type=path, help="write the tables to this file")
    part.add_argument(
        "--contact-sheet", type=path, help="draw the best and the worst cases into this PNG"
    )
    part.set_defaults(command=evaluate)


def evaluate(options: argparse.Namespace) -> None:
    """Measures a model on referring samples."""
    from engine.data.formats.datasets import Dataset
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
