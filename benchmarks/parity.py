"""Runs every case of a golden folder: `python benchmarks/parity.py FOLDER [--case NAME]`.

Prints, per case, the worst error as a share of its tolerance; exits with 1 if one exceeds it.
"""

from __future__ import annotations

import argparse
import pkgutil
import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import golden
from benchmarks.golden.case import Case, Runner, cases


def runners(system: str) -> dict[str, Runner]:
    """What runs each kind of a system's cases: `benchmarks/golden/<system>.py`, if it is there."""
    names = {module.name for module in pkgutil.iter_modules(golden.__path__)}
    if system not in names:
        return {}
    kinds: dict[str, Runner] = import_module(f"{golden.__name__}.{system}").KINDS
    return kinds


def error_share(case: Case) -> tuple[str, float]:
    """The worst output of a case and its error as a share of the tolerance."""
    return case.worst(runners(case.system)[case.kind](case))


def main(arguments: list[str] | None = None) -> int:
    """Runs the cases; 0 if all are within their tolerances."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder with manifest.json and cases/")
    parser.add_argument("--case", help="run this case only")
    options = parser.parse_args(arguments)
    failed = 0
    for case in cases(options.folder):
        if options.case not in (None, case.name):
            continue
        if case.kind not in runners(case.system):
            print(f"{case.name:40} NOT RUN: no runner for {case.system} / {case.kind}")
            failed += 1
            continue
        output, share = error_share(case)
        failed += share > 1
        verdict = "ok" if share <= 1 else "EXCEEDED"
        print(f"{case.name:40} {share:8.3f} of tolerance ({output}) {verdict}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
