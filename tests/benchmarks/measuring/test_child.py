"""A measured function runs alone, within its cores, and its costs are its own."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from benchmarks.measuring.child import ChildFailed, call
from benchmarks.measuring.cost import cost

PYTHON = Path(sys.executable)
MIB = 2**20


def spend(allocated: int, kept: int) -> dict[str, Any]:
    before = bytearray(kept * MIB)
    with cost() as spent:
        bytearray(os.urandom(MIB)) * allocated
    return {**asdict(spent), "kept": len(before), "threads": os.environ["OMP_NUM_THREADS"]}


def boast() -> list[int]:
    print("a library says something")
    return sorted(os.sched_getaffinity(0))


def fail() -> None:
    raise RuntimeError("out of luck")


def here(function: str, **arguments: Any) -> Any:
    core = min(os.sched_getaffinity(0))
    return call(PYTHON, (core,), "tests.benchmarks.measuring.test_child", function, **arguments)


def test_the_peak_is_what_the_block_itself_took() -> None:
    spent = here("spend", allocated=200, kept=1)

    assert 200 <= spent["peak_mib"] - spent["before_mib"] < 260
    assert spent["cpu_s"] > 0
    assert spent["threads"] == "1"


def test_memory_that_was_given_back_before_the_block_is_not_its_peak() -> None:
    def block() -> float:
        with cost() as spent:
            pass
        return spent.peak_mib - spent.before_mib

    bytearray(os.urandom(MIB)) * 300

    assert block() < 50


def test_the_answer_is_what_the_function_gives_within_its_core() -> None:
    assert here("boast") == [min(os.sched_getaffinity(0))]


def test_a_failure_is_told_with_its_reason() -> None:
    with pytest.raises(ChildFailed, match="out of luck"):
        here("fail")
