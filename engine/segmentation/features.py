"""The cache of image features: a second expression on the same view does not encode again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import torch

DEFAULT_BYTES = 128 * 2**20


class FeatureCache:
    """Features by view. What earlier requests used goes first, the longest unused before the rest.

    What one request used stays as long as it runs: where its views do not all fit, the first of
    them are still there for the next expression, instead of each being forgotten just before it is
    asked for again.

    Attributes:
        limit: Bytes of tensors kept at most.
        encoded: Views encoded so far, for the tests and the curious.
    """

    def __init__(self, limit: int = DEFAULT_BYTES) -> None:
        self.limit = limit
        self.encoded = 0
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._used: set[Hashable] = set()
        self._bytes = 0

    def next_request(self) -> None:
        """Says that another request begins."""
        self._used.clear()

    def get(
        self, keys: Sequence[Hashable], encode: Callable[[list[int]], Sequence[Any]]
    ) -> list[Any]:
        """The features under some keys.

        Args:
            keys: One a view, all different.
            encode: Gives the features of the views of some indices, which are not kept.
        """
        found = {key: self._kept[key][0] for key in keys if key in self._kept}
        missing = [index for index, key in enumerate(keys) if key not in found]
        for key in found:
            self._kept.move_to_end(key)
        self._used.update(found)
        if missing:
            for index, features in zip(missing, encode(missing), strict=True):
                found[keys[index]] = features
                self._keep(keys[index], features)
        return [found[key] for key in keys]

    def _keep(self, key: Hashable, features: Any) -> None:
        self.encoded += 1
        size = tensor_bytes(features)
        if size > self.limit:
            return
        while self._bytes + size > self.limit:
            oldest = next(iter(self._kept), None)
            if oldest is None or oldest in self._used:
                return
            self._bytes -= self._kept.pop(oldest)[1]
        self._kept[key] = (features, size)
        self._used.add(key)
        self._bytes += size

    def clear(self) -> None:
        """Forgets everything."""
        self._kept.clear()
        self._used.clear()
        self._bytes = 0


def tensor_bytes(value: Any) -> int:
    """Bytes of all tensors inside a tensor, a tuple or a dataclass."""
    if isinstance(value, torch.Tensor):
        return value.numel() * value.element_size()
    if isinstance(value, tuple | list):
        return sum(tensor_bytes(part) for part in value)
    if is_dataclass(value):
        return sum(tensor_bytes(getattr(value, field.name)) for field in fields(value))
    return 0
