"""`python -m engine`: segment, evaluate, samples, check, train, models, serve."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from engine import __version__
from engine.command import check, evaluate, models, samples, segment, train
from engine.errors import EngineError


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m engine", description="Segment rasters by text."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for room in (segment, evaluate, samples, check, train, models):
        room.add(commands)
    commands.add_parser("serve", help="answer requests on standard input (used by the plugin)")
    return parser
