"""Reads rasters and writes over them in a process of their own, which dies at 30 s or 1 GB."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
SECONDS = 30
MEMORY = 2**30
WRITTEN_PIXELS = 2**26

PROGRAM = """
import glob, json, os, resource, signal, sys
import numpy as np
from engine.errors import EngineError
from engine.raster.source import Source, open_source
from engine.raster.windows import plan_windows
from engine.raster.writer import ProbabilityWriter

SECONDS, MEMORY, WRITTEN_PIXELS = map(int, sys.argv[1:4])
# What a process has mapped for itself, whether or not it has touched it: more than it ever holds.
resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))

def work(path, out):
    with open_source(Source(path)) as raster:
        rows = plan_windows(raster.grid, 512, 64)
        for row, col in ((0, 0), (len(rows) // 2, len(rows[0]) // 2), (-1, -1)):
            window = rows[row][col]
            view = raster.read(window)
            assert view.pixels.shape == (3, window.height, window.width)
            assert view.valid.shape == (window.height, window.width)
            assert not view.pixels[:, ~view.valid].any()
        height, width = raster.grid.height, raster.grid.width
        if out and height * width <= WRITTEN_PIXELS:
            with ProbabilityWriter(out, raster.grid) as writer:
                for row in range(0, height, 256):
                    ones = np.ones((min(256, height - row), width), np.float32)
                    writer.write(row, ones, ones > 0)

def still_open(*files):
    fds = glob.glob("/proc/self/fd/*")
    return sorted({os.path.realpath(fd) for fd in fds} & {os.path.realpath(f) for f in files if f})

for line in sys.stdin.read().splitlines():
    path, out = json.loads(line)
    print(json.dumps({"path": path}), flush=True)
    signal.alarm(SECONDS)  # nothing catches it: the process dies where it hangs
    try:
        work(path, out)
        outcome = "read"
    except EngineError as error:
        outcome = str(error)
    except Exception as error:
        outcome = f"CRASH {error!r}"
    signal.alarm(0)
    leaked = still_open(path, out)
    print(json.dumps({"path": path, "outcome": outcome, "leaked": leaked}), flush=True)
"""


def outcomes(paths: Iterable[Path | str], out: Path | None = None) -> dict[str, str]:
    """What became of each raster: "read", or the message of the error of ours.

    Args:
        paths: what to read, one after the other in one process.
        out: a folder for probability rasters over those that are not large, named by number.
    """
    paths = [str(path) for path in paths]
    given = [json.dumps([path, out and str(out / f"{n}.tif")]) for n, path in enumerate(paths)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(SECONDS), str(MEMORY), str(WRITTEN_PIXELS)],
        cwd=REPOSITORY,
        input="\n".join(given),
        capture_output=True,
        text=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    at = lines[-1]["path"] if lines else "the start"
    assert done.returncode == 0, f"died of {done.returncode} at {at}: {done.stderr[-500:]}"
    finished = {line["path"]: line for line in lines if "outcome" in line}
    assert set(finished) == set(paths)
    wrong = [f for f in finished.values() if f["outcome"].startswith("CRASH") or f["leaked"]]
    assert not wrong, "\n".join(map(str, wrong))
    return {path: line["outcome"] for path, line in finished.items()}
