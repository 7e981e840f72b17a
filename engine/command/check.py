"""`python -m engine check`: finds what is wrong with a data set."""

from __future__ import annotations

import argparse
import sys

from tqdm import tqdm

from engine.command.options import Commands, add_dataset


def add(commands: Commands) -> None:
    """The arguments."""
    part = commands.add_parser("check", help="find what is wrong with a data set")
    add_dataset(part)
    part.set_defaults(command=check)


def check(options: argparse.Namespace) -> None:
    """Goes through a data set and reports what is wrong with it."""
    from engine.data.audit import audit
    from engine.data.formats.datasets import Dataset

    samples = Dataset(options.dataset, options.root, options.images).samples()
    found = audit(tqdm(samples, unit="sample", disable=None))
    print(found.markdown())
    if found.errors:
        sys.exit(1)
