"""Reading ahead and writing behind change when things are done, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.segmentation.threads import Behind, ahead


class Broken(Exception):
    pass


def breaking(at: int) -> Callable[[int], int]:
    def make(item: int) -> int:
        if item == at:
            raise Broken
        return item * item

    return make


@given(st.lists(st.integers(), max_size=20), st.integers(0, 5))
def test_everything_comes_in_its_order(items: list[int], depth: int) -> None:
    assert list(ahead(lambda item: item * item, items, depth)) == [item * item for item in items]


@given(st.integers(0, 9), st.integers(0, 5))
def test_an_error_comes_where_its_item_is_due(at: int, depth: int) -> None:
    made = []
    with pytest.raises(Broken):
        made += ahead(breaking(at), range(10), depth)  # += takes what comes before the error
    with closing(ahead(breaking(at), range(10), depth)) as coming:
        assert [next(coming) for _ in range(at)] == [item * item for item in range(at)]


def test_depth_items_are_made_before_they_are_asked_for_and_no_more() -> None:
    made: list[int] = []
    enough = threading.Event()

    def make(item: int) -> int:
        made.append(item)
        if len(made) == 4:
            enough.set()
        return item

    with closing(ahead(make, range(100), depth=3)) as coming:
        assert next(coming) == 0
        assert enough.wait(60)
    assert made == [0, 1, 2, 3]


def test_what_is_done_behind_is_done_in_order_and_before_the_end() -> None:
    done: list[int] = []
    with Behind() as behind:
        for number in range(50):
            behind.do(done.append, number)
    assert done == list(range(50))


def test_an_error_behind_ends_the_work_after_it() -> None:
    done: list[int] = []

    def work(number: int) -> None:
        if number == 2:
            raise Broken
        done.append(number)

    def all_of(numbers: range) -> None:
        with Behind() as behind:
            for number in numbers:
                behind.do(work, number)

    with pytest.raises(Broken):
        all_of(range(5))
    assert done == [0, 1]
    with pytest.raises(Broken):
        all_of(range(2, 3))


def test_an_error_in_front_waits_for_what_is_running() -> None:
    done: list[int] = []
    release = threading.Event()

    def work(number: int) -> None:
        release.wait(60)
        done.append(number)

    with suppress(Broken), Behind() as behind:
        behind.do(work, 1)
        release.set()
        raise Broken
    assert done == [1]
