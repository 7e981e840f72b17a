"""Measures: `python -m benchmarks.run [NAME ...] [--quick] [--cores N] [--folder build/bench]`.

Writes the figures beside the folder, as `build/bench.json` and `build/bench.md` (of a quick run:
`build/bench-quick.*`). What is measured alone takes its place among the figures that are there.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.measurements import (
    area_of_interest,
    bundled_model,
    cancel_latency,
    cold_start,
    constant,
    large_raster,
    oracle,
    polygons,
    second_expression,
    throughput,
)
from benchmarks.measuring import machine
from benchmarks.measuring.child import ROOT, call
from benchmarks.measuring.measurement import ENGINE_PYTHON, PEERS_PYTHON, Measure, Setting
from benchmarks.measuring.report import markdown

MEASUREMENTS: dict[str, Measure] = {
    "throughput": throughput.measure,
    "large": large_raster.measure,
    "oracle": oracle.measure,
    "constant": constant.measure,
    "area": area_of_interest.measure,
    "bundled": bundled_model.measure,
    "polygons": polygons.measure,
    "second": second_expression.measure,
    "cancel": cancel_latency.measure,
    "cold": cold_start.measure,
}


def main(arguments: list[str] | None = None) -> int:
    """Measures; 1 if a promise was not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    parser.add_argument("--quick", action="store_true", help="small sizes, few rounds")
    parser.add_argument("--cores", type=int, default=os.cpu_count(), help="how many may be used")
    parser.add_argument("--folder", type=Path, default=ROOT / "build/bench")
    options = parser.parse_args(arguments)
    unknown = set(options.names) - set(MEASUREMENTS)
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}; choose from {', '.join(MEASUREMENTS)}")
    if not PEERS_PYTHON.exists():
        parser.error("the peers are missing: run `make peers-environment`")
    cores = tuple(sorted(os.sched_getaffinity(0))[: options.cores])
    setting = Setting(options.folder, options.quick, cores)
    options.folder.mkdir(parents=True, exist_ok=True)
    figures = _gathered(setting, options.names or list(MEASUREMENTS))
    rows = [row for found in figures["measurements"].values() for row in found["rows"]]
    return 1 if any(row["met"] is False for row in rows) else 0


def _gathered(setting: Setting, names: list[str]) -> dict[str, Any]:
    """All figures, those of this run among them; written down after every measurement."""
    kind = "-quick" if setting.quick else ""
    path = setting.folder.with_name(f"{setting.folder.name}{kind}.json")
    figures = _figures(setting)
    kept = json.loads(path.read_text("utf-8"))["measurements"] if path.exists() else {}
    for name in names:
        print(f"{name} ...", flush=True)
        load, start = machine.load(), time.perf_counter()
        found = MEASUREMENTS[name](setting)
        kept[name] = {
            "date": figures["date"],
            "commit": figures["commit"],
            "cores": len(setting.cores),
            "load_before": load,
            "seconds": round(time.perf_counter() - start, 1),
            "rows": [asdict(row) for row in found.rows],
            "details": found.details,
        }
        figures["measurements"] = {each: kept[each] for each in MEASUREMENTS if each in kept}
        for row in found.rows:
            print(f"  {row.what}: {row.ours}  [{row.peer}]  target {row.target}: {row.met}")
        path.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
        path.with_suffix(".md").write_text(markdown(figures), "utf-8")
    return figures


def _figures(setting: Setting) -> dict[str, Any]:
    git = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    return {
        "date": datetime.date.today().isoformat(),
        "commit": commit,
        "quick": setting.quick,
        "cores": len(setting.cores),
        "machine": machine.facts(),
        "versions": {
            name: call(python, setting.cores, "benchmarks.measuring.machine", "versions")
            for name, python in (("engine", ENGINE_PYTHON), ("peers", PEERS_PYTHON))
        },
        "measurements": {},
    }


if __name__ == "__main__":
    sys.exit(main())
