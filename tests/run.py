"""Runs the tests, part by part, and sums all of them up: `python3 tests/run.py [PART ...]`.

A part that fails does not keep the others from running. Standard library only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
REPORTS = ROOT / "build" / "tests"

ENGINE = [".venv/bin/python", "-m", "pytest"]
QGIS = [".venv-qgis/bin/python", "-m", "pytest"]
WINDOW = ["xvfb-run", "--auto-servernum", "--server-args=-screen 0 1600x1000x24"]
IN_PARALLEL = ["--numprocesses=auto", "--maxprocesses=8"]

NOTHING_CHOSEN = 5
"""What pytest ends with where its options leave no test."""

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
"""As many processes as there are cores compute with one thread each."""


@dataclass(frozen=True)
class Part:
    """Some of the tests.

    Attributes:
        command: pytest with its options.
        paths: Where they lie.
        variables: Of the process, besides this one's.
        beside: Whether it runs beside the other parts, because it leaves a core idle; what it says
            comes after theirs.
    """

    command: list[str]
    paths: list[str]
    variables: dict[str, str] = field(default_factory=dict)
    beside: bool = False


PARTS = {
    "engine": Part(
        [*ENGINE, *IN_PARALLEL],
        [
            "tests/engine",
            "tests/benchmarks",
            *sorted(str(path.relative_to(ROOT)) for path in TESTS.glob("test_*.py")),
        ],
        ONE_THREAD,
    ),
    "plugin": Part([*QGIS, *IN_PARALLEL], ["tests/plugin"], {"QT_QPA_PLATFORM": "offscreen"}),
    "window": Part([*WINDOW, *QGIS], ["tests/e2e"], beside=True),
}


@dataclass(frozen=True)
class Outcome:
    """What became of a part: how many tests, and which failed."""

    code: int
    seconds: float
    passed: int = 0
    skipped: int = 0
    failed: tuple[str, ...] = ()

    @property
    def fine(self) -> bool:
        """Whether nothing failed."""
        return self.code == 0 and not self.failed


def run(name: str, part: Part, options: list[str], output: TextIO) -> Outcome:
    """Runs a part; what it says goes to `output` as it comes."""
    report = REPORTS / f"{name}.xml"
    command = [*part.command, f"--junitxml={report}", *options, *part.paths]
    print(f"\n==== {name}: {' '.join(command)}", file=output, flush=True)
    started = time.monotonic()
    variables = {**os.environ, **part.variables}
    try:
        code = subprocess.call(
            command, cwd=ROOT, env=variables, stdout=output, stderr=subprocess.STDOUT
        )
    except OSError as cause:
        print(f"{command[0]} cannot be started: {cause}", file=output, flush=True)
        code = 127
    if options and code == NOTHING_CHOSEN:
        code = 0
    return outcome(code, time.monotonic() - started, report)


def outcome(code: int, seconds: float, report: Path) -> Outcome:
    """Reads pytest's report. Where there is none, pytest did not come to its end."""
    try:
        cases = list(ElementTree.parse(report).iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return Outcome(code or 1, seconds)
    failed = {name(case): None for case in cases if is_a(case, "failure", "error")}
    skipped = sum(is_a(case, "skipped") for case in cases)
    return Outcome(code, seconds, len(cases) - len(failed) - skipped, skipped, tuple(failed))


def is_a(case: ElementTree.Element, *kinds: str) -> bool:
    """Whether a test ended so."""
    return any(case.find(kind) is not None for kind in kinds)


def name(case: ElementTree.Element) -> str:
    """A test as pytest takes it again."""
    return f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}"


def summary(outcomes: dict[str, Outcome]) -> str:
    """All parts in a table, every test that failed, and the sum."""
    lines = ["", "==== all tests"]
    for part, each in outcomes.items():
        counts = f"{each.passed:5} passed {len(each.failed):4} failed {each.skipped:4} skipped"
        end = "ok" if each.fine else f"FAILED: pytest ended with {each.code}"
        lines.append(f"{part:8} {counts} {each.seconds:6.0f} s  {end}")
    every = outcomes.values()
    lines += [f"  {test}" for each in every for test in each.failed]
    passed, skipped = sum(each.passed for each in every), sum(each.skipped for each in every)
    # A part that did not come to its end counts as one that failed.
    failed = sum(len(each.failed) or not each.fine for each in every)
    return "\n".join([*lines, f"{passed} passed, {failed} failed, {skipped} skipped"])


def run_all(parts: dict[str, Part], options: list[str]) -> int:
    """Runs parts and sums them up; 0, or 1 if any of them failed or there was no test at all."""
    shutil.rmtree(REPORTS, ignore_errors=True)
    REPORTS.mkdir(parents=True)
    logs = {name: REPORTS / f"{name}.log" for name, part in parts.items() if part.beside}
    if len(logs) == len(parts):
        logs = {}
    outcomes = {}
    with ThreadPoolExecutor() as pool, ExitStack() as open_logs:
        coming = {
            name: pool.submit(
                run, name, parts[name], options, open_logs.enter_context(log.open("w"))
            )
            for name, log in logs.items()
        }
        for name, part in parts.items():
            if name not in coming:
                outcomes[name] = run(name, part, options, sys.stdout)
        for name, running in coming.items():
            outcomes[name] = running.result()
            print(logs[name].read_text("utf-8", "replace"), flush=True)
    print(summary(outcomes), flush=True)
    found = any(each.passed for each in outcomes.values())
    return 0 if found and all(each.fine for each in outcomes.values()) else 1


def main() -> None:
    """Runs what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    known = ", ".join(PARTS)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {known}; all if none")
    parser.add_argument("--slow", action="store_true", help="the slow tests instead")
    chosen = parser.parse_args()
    unknown = sorted(set(chosen.parts) - set(PARTS))
    if unknown:
        parser.error(f"there is no part {', '.join(unknown)}; there are {known}")
    parts = {name: part for name, part in PARTS.items() if name in chosen.parts or not chosen.parts}
    try:
        sys.exit(run_all(parts, ["-m", "slow"] if chosen.slow else []))
    except KeyboardInterrupt:
        sys.exit(f"Interrupted. What had run says so in {REPORTS}.")


if __name__ == "__main__":
    main()
