"""`python -m engine`: the worker for `serve`, the command line for everything else."""

from __future__ import annotations

import os
import sys

from engine.compute.allocator import keep_freed_memory
from engine.variables import use_own_libraries


def main() -> None:
    """Runs what the arguments ask for; only `serve` needs its standard output before any import."""
    use_own_libraries()
    # Read when PyTorch is loaded: its threads then sleep while they wait for each other, and leave
    # the processor to those that read and write, and to QGIS.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    keep_freed_memory()
    if sys.argv[1:] == ["serve"]:
        from engine.service.worker import serve

        serve(_methods)
    else:
        from engine.command import main as cli

        cli.main()


def _methods() -> dict:
    from engine.service.methods import Methods

    return Methods().table()


if __name__ == "__main__":
    main()
