"""`python -m engine`: the worker for `serve`, the command line for everything else."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs what the arguments ask for; only `serve` needs its standard output before any import."""
    if sys.argv[1:] == ["serve"]:
        from engine.worker import serve

        serve(_methods)
    else:
        from engine import cli

        cli.main()


def _methods() -> dict:
    from engine.methods import Methods

    return Methods().table()


if __name__ == "__main__":
    main()
