"""`python -m engine train`: trains as a TOML file says."""

from __future__ import annotations

import argparse
import sys

from engine.command.options import Commands, add_device, path


def add(commands: Commands) -> None:
    """The arguments."""
    part = commands.add_parser("train", help="train a model as a TOML file says")
    part.add_argument("config", type=path)
    add_device(part)
    part.set_defaults(command=train)


def train(options: argparse.Namespace) -> None:
    """Trains as a TOML file says."""
    from engine.command.terminal import ProgressBar, in_two_steps
    from engine.compute import device
    from engine.training.config import read
    from engine.training.run import run

    config = read(options.config)

    def tell() -> None:
        print("Finishing the step. Press Ctrl-C again to stop at once.", file=sys.stderr)

    with in_two_steps(tell) as pressed, ProgressBar() as bar:
        print(run(config, device.choose(options.device).type, bar.show, pressed))
