"""Every real and every hostile file gives pictures or a clear error, and never a crash."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
RASTERS = REPOSITORY.parent / "shared" / "data" / "rasters"
MEMORY = 2**30
SECONDS = 30

READ = """
import json, resource, sys, time
from engine.errors import EngineError
from engine.raster.source import Source, open_source
from engine.raster.windows import plan_windows

def peak_memory():
    # A new process inherits ru_maxrss from the one that started it; Linux's own count starts anew.
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

for path in sys.stdin.read().splitlines():
    print(json.dumps({"path": path}), flush=True)
    started = time.monotonic()
    try:
        with open_source(Source(path)) as raster:
            rows = plan_windows(raster.grid, 512, 64)
            for row, col in ((0, 0), (len(rows) // 2, len(rows[0]) // 2), (-1, -1)):
                window = rows[row][col]
                view = raster.read(window)
                assert view.pixels.shape == (3, window.height, window.width)
                assert view.valid.shape == (window.height, window.width)
                assert not view.pixels[:, ~view.valid].any()
        outcome = "read"
    except EngineError as error:
        outcome = str(error)
    except Exception as error:
        outcome = f"CRASH {error!r}"
    peak = peak_memory()
    seconds = time.monotonic() - started
    facts = {"path": path, "outcome": outcome, "seconds": seconds, "peak": peak}
    print(json.dumps(facts), flush=True)
"""


def outcomes(folder):
    """What became of each file, read one after the other in a process of its own."""
    paths = sorted(
        p for p in (RASTERS / folder).rglob("*") if p.suffix.lower() in (".tif", ".tiff")
    )
    done = subprocess.run(
        [sys.executable, "-c", READ],
        cwd=REPOSITORY,
        input="\n".join(map(str, paths)),
        capture_output=True,
        text=True,
        timeout=100,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"the process died at {lines[-1]['path']}: {done.stderr[-500:]}"
    finished = {line["path"]: line for line in lines if "outcome" in line}
    assert len(finished) == len(paths)
    return finished


@pytest.fixture(scope="module", params=["real", "hostile"])
def files(request):
    if not RASTERS.is_dir():
        pytest.skip("the shared rasters are not here")
    pytest.importorskip("resource", reason="needs the peak memory of a process")
    return request.param, outcomes(request.param)


def test_no_error_but_the_engines_own(files):
    _, finished = files
    assert [f for f in finished.values() if f["outcome"].startswith("CRASH")] == []


def test_errors_name_the_file_and_say_more(files):
    _, finished = files
    refused = {path: f["outcome"] for path, f in finished.items() if f["outcome"] != "read"}
    assert all(path in text and len(text) > len(path) + 20 for path, text in refused.items())


def test_memory_and_time_stay_bounded(files):
    _, finished = files
    peak = max(f["peak"] for f in finished.values()) * (1 if sys.platform == "darwin" else 1024)
    assert peak < MEMORY
    assert max(f["seconds"] for f in finished.values()) < SECONDS


def test_all_real_rasters_are_read_but_those_without_a_certain_place(files):
    folder, finished = files
    if folder != "real":
        pytest.skip("hostile files may be refused")
    refused = {Path(path).name for path, f in finished.items() if f["outcome"] != "read"}
    placed_by_points = {"cog_gcps.tif", "cog_gcps_ovr.tif", "cint16.tif", "test_rpcs.tif"}
    assert refused == {"corrupt.tif", *placed_by_points}
