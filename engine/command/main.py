"""`python -m engine`: segment, evaluate, samples, check, train, models, serve."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable, Sequence

from engine import __version__
from engine.command import check, evaluate, models, samples, segment, train
from engine.command.options import as_typed, negative_as_value
from engine.errors import EngineError


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a command and ends the process: 0, or 1 with a message when something is wrong."""
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            # Names of files come and go as they are, whatever their bytes.
            stream.reconfigure(errors="surrogateescape")
    options = parse(sys.argv[1:] if arguments is None else arguments)
    command: Callable[[argparse.Namespace], None] = options.command
    try:
        command(options)
    except EngineError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("Cancelled.")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """What arguments ask for; ends the process where they are wrong, or ask for help."""
    values = [negative_as_value(argument) for argument in arguments]
    options = parser().parse_args(values)
    typed = {name: as_typed(value) for name, value in vars(options).items()}
    return argparse.Namespace(**typed, arguments=arguments)


def parser() -> argparse.ArgumentParser:
    """Reads the arguments of all subcommands."""
    whole = argparse.ArgumentParser(prog="python -m engine", description="Segment rasters by text.")
    whole.add_argument("--version", action="version", version=__version__)
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for room in (segment, evaluate, samples, check, train, models):
        room.add(commands)
    commands.add_parser("serve", help="answer requests on standard input (used by the plugin)")
    return whole
