"""Features are kept while there is room, the longest unused forgotten first."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from engine.segmentation.features import FeatureCache, tensor_bytes

UNIT = 10


def features(size: int, key: int = 0) -> Tensor:
    return torch.full((size * UNIT,), key, dtype=torch.uint8)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 5)), max_size=40))
def test_what_is_used_most_recently_stays_within_the_limit(requests: list[tuple[int, int]]) -> None:
    """The cache encodes when, and only when, a plain model of it would."""
    limit = 4
    sizes = dict(requests)
    kept: OrderedDict[int, int] = OrderedDict()
    cache, encoded = FeatureCache(limit * UNIT), 0
    for key, _ in requests:
        cache.next_request()
        (got,) = cache.get([key], lambda _, key=key: [features(sizes[key], key)])
        assert got.tolist() == [key] * sizes[key] * UNIT
        if key in kept:
            kept.move_to_end(key)
        else:
            encoded += 1
            if sizes[key] <= limit:
                kept[key] = sizes[key]
                while sum(kept.values()) > limit:
                    kept.popitem(last=False)
        assert cache.encoded == encoded


@given(st.integers(1, 12), st.integers(1, 12))
def test_a_raster_larger_than_the_cache_finds_its_first_views_again(views: int, room: int) -> None:
    cache = FeatureCache(room * UNIT)
    cache.get(["of an earlier raster"], lambda _: [features(1)])

    def look() -> int:
        before = cache.encoded
        cache.next_request()
        for view in range(views):
            cache.get([view], lambda _: [features(1)])
        return cache.encoded - before

    assert look() == views
    assert [look() for _ in range(3)] == [max(0, views - room)] * 3


def test_what_is_kept_is_not_encoded_again() -> None:
    cache = FeatureCache()
    (first,) = cache.get(["view"], lambda _: [features(1)])
    assert cache.get(["view"], lambda _: [features(1)])[0] is first
    assert cache.encoded == 1


def test_what_is_cleared_is_encoded_anew() -> None:
    cache = FeatureCache(4 * UNIT)
    for _ in range(2):
        for key in range(4):
            cache.get([key], lambda _: [features(1)])
        cache.clear()
    assert cache.encoded == 8
    cache.get(["large"], lambda _: [features(4)])
    cache.get(["large"], lambda _: [features(4)])
    assert cache.encoded == 9


def test_nothing_is_kept_of_an_encoding_that_failed() -> None:
    cache = FeatureCache()
    failures = iter([True, False])

    def encode(_: list[int]) -> list[Tensor]:
        if next(failures):
            raise MemoryError
        return [features(1)]

    with pytest.raises(MemoryError):
        cache.get(["view"], encode)
    assert cache.encoded == 0
    assert cache.get(["view"], encode)[0].shape == (UNIT,)


@dataclass(frozen=True)
class Nested:
    one: Tensor
    more: tuple[Tensor, list[Tensor]]
    size: tuple[int, int] = (3, 4)
    name: str = "features"


def test_all_tensors_inside_count() -> None:
    half = torch.zeros(3, dtype=torch.float16)
    nested = Nested(torch.zeros(2, 5), (half, [half, torch.zeros(7, dtype=torch.int64)]))
    assert tensor_bytes(nested) == 4 * 10 + 2 * 3 * 2 + 8 * 7
    assert tensor_bytes((nested, nested)) == 2 * tensor_bytes(nested)
    assert tensor_bytes("no tensor") == 0
