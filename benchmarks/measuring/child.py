"""A function in a fresh process: `python -m benchmarks.measuring.child MODULE FUNCTION ARGUMENTS`.

Nothing that one measurement leaves behind (memory, threads, warm allocators) reaches another.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.compute.allocator import ARENAS, MMAP_THRESHOLD, TOP_PAD, TRIM_THRESHOLD

ROOT = Path(__file__).resolve().parents[2]
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
ENGINE_SETTINGS = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "MALLOC_TRIM_THRESHOLD_": str(TRIM_THRESHOLD[1]),
    "MALLOC_TOP_PAD_": str(TOP_PAD[1]),
    "MALLOC_MMAP_THRESHOLD_": str(MMAP_THRESHOLD[1]),
    "MALLOC_ARENA_MAX": str(ARENAS[1]),
}
"""Threads that wait sleep and freed memory is kept, as the engine has it for itself."""


class ChildFailed(Exception):
    """The process ended without an answer; the message has its last words."""


def call(
    python: Path,
    cores: Sequence[int],
    module: str,
    function: str,
    tuned: bool = True,
    **arguments: Any,
) -> Any:
    """What a function of a module gives, called in a process of its own.

    Args:
        python: The interpreter of its environment.
        cores: The only cores it may use; its libraries get as many threads.
        module: The module's name.
        function: The function's name; it takes and gives what JSON can hold.
        tuned: Whether it runs with the engine's settings of its process.
        **arguments: Its arguments.

    Raises:
        ChildFailed: It did not answer.
    """
    threads = dict.fromkeys(THREAD_VARIABLES, str(len(cores)))
    environment = {**os.environ, **threads, **(ENGINE_SETTINGS if tuned else {})}
    command = [python, "-m", "benchmarks.measuring.child", module, function, json.dumps(arguments)]
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )
    if ended.returncode != 0:
        words = ended.stderr.strip()[-2000:]
        raise ChildFailed(f"{module}.{function} ended with {ended.returncode}. {words}")
    # Libraries print to standard output as well; the answer is the last line.
    return json.loads(ended.stdout.splitlines()[-1])


def main() -> None:
    """Calls the function and prints its answer."""
    module, function, arguments = sys.argv[1:]
    answer = getattr(importlib.import_module(module), function)(**json.loads(arguments))
    print(f"\n{json.dumps(answer)}", flush=True)


if __name__ == "__main__":
    main()
