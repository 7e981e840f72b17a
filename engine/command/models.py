"""`python -m engine models`: what models there are, and one's own of them."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from engine.command.options import Commands, path
from engine.command.terminal import ProgressBar
from engine.progress import Progress


class WatchingBar(ProgressBar):
    """A bar that an exchange tells how far it is; Ctrl-C ends it."""

    def progress(self, progress: Progress) -> None:
        """Draws it."""
        self.show(progress)

    def cancelled(self) -> bool:
        """Never: a KeyboardInterrupt is quicker."""
        return False


def add(commands: Commands) -> None:
    """The arguments."""
    part = commands.add_parser("models", help="list, fetch, export, import or delete models")
    what = part.add_mutually_exclusive_group()
    what.add_argument("--fetch", metavar="ID", help="fetch the weights of this model")
    what.add_argument(
        "--export", nargs=2, metavar=("ID", "FILE.zip"), help="write a model of your own to a file"
    )
    what.add_argument(
        "--import", dest="load", type=path, metavar="FILE.zip", help="take a model from such a file"
    )
    what.add_argument("--delete", metavar="ID", help="delete a model of your own")
    part.add_argument("--json", action="store_true")
    part.set_defaults(command=models)


def models(options: argparse.Namespace) -> None:
    """Lists the models; fetches the weights of one; exports, imports or deletes one's own."""
    from engine.models import exchange, zoo
    from engine.systems.description import describe

    if options.fetch:
        from engine.models import hub

        print(hub.fetch(zoo.card(options.fetch), lambda step: print(step.message)))
        return
    if options.export:
        model, file = options.export
        with WatchingBar() as bar:
            written = exchange.export(model, Path(file), bar)
        print(written)
        return
    if options.load:
        with WatchingBar() as bar:
            card = exchange.load(options.load, bar)
        print(card.id)
        return
    if options.delete:
        exchange.delete(options.delete)
        return
    exchange.sweep()
    for entry in zoo.damaged():
        print(f"warning: {entry.id}: {entry.reason}", file=sys.stderr)
    cards = zoo.cards()
    if options.json:
        print(json.dumps([describe(card) for card in cards]))
        return
    for card in cards:
        categories = card.categories
        known = "any words" if categories is None else ", ".join(c.name for c in categories)
        print(f"{card.id:20} {'not installed' if card.missing else 'ready'}")
        print(f"  {card.about}\n  Knows: {known}")
