"""Weights and inputs of golden cases: pure functions of a name and shape, or of a specification."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def _generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def tensor(name: str, shape: list[int]) -> Array:
    """The weight called `name`: normal noise seeded by the name, scaled by the kind of tensor."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
    noise = np.asarray(_generator(seed).standard_normal(tuple(shape), dtype=np.float32))
    if len(shape) >= 2:
        return np.asarray(noise / np.float32(math.sqrt(math.prod(shape[1:]))))
    if name.endswith("running_var"):
        return np.asarray(1 + np.float32(0.1) * np.abs(noise), dtype=np.float32)
    if name.endswith(("weight", "gamma")):
        return np.asarray(1 + np.float32(0.1) * noise, dtype=np.float32)
    return np.asarray(np.float32(0.02) * noise)


def const(shape: list[int], value: float, dtype: str = "float32") -> Array:
    """One value everywhere."""
    return np.full(tuple(shape), value, dtype=dtype)


def image(shape: list[int], seed: int, waves: int = 4) -> Array:
    """Smooth planes in [0, 1]: each a weighted sum of slow cosines over its last two axes."""
    height, width = shape[-2:]
    generator = _generator(seed)
    y = (np.arange(height)[:, None] + 0.5) / height
    x = (np.arange(width)[None, :] + 0.5) / width
    planes = []
    for _ in range(math.prod(shape[:-2])):
        plane, total = np.zeros((height, width)), 0.0
        for _ in range(waves):
            amplitude, fy, fx, phase = generator.random(4)
            amplitude += 0.25
            angle = (8 * fy - 4) * y + (8 * fx - 4) * x + phase
            plane += amplitude * np.cos(2 * math.pi * angle)
            total += amplitude
        planes.append(0.5 + 0.5 * plane / total)
    return np.stack(planes).reshape(shape).astype(np.float32)


def normal(shape: list[int], seed: int, scale: float = 1.0) -> Array:
    """Standard normal noise times `scale`."""
    return _generator(seed).standard_normal(tuple(shape), dtype=np.float32) * np.float32(scale)


def uniform(shape: list[int], seed: int, low: float = 0.0, high: float = 1.0) -> Array:
    """Uniform noise in [low, high)."""
    return (low + (high - low) * _generator(seed).random(tuple(shape))).astype(np.float32)


def ints(shape: list[int], seed: int, low: int, high: int) -> Array:
    """Integers in [low, high)."""
    return _generator(seed).integers(low, high, size=tuple(shape), dtype=np.int64)


def blob(shape: list[int], seed: int, threshold: float = 0.5) -> Array:
    """Smooth binary masks."""
    return (image(shape, seed) > threshold).astype(np.int64)


FUNCTIONS: dict[str, Callable[..., Array]] = {
    function.__name__: function for function in (tensor, const, image, normal, uniform, ints, blob)
}


def make(specification: Mapping[str, Any]) -> Array:
    """The array a specification `{"fn": ..., arguments}` describes."""
    arguments = {key: value for key, value in specification.items() if key not in ("fn", "note")}
    if specification["fn"] == "literal":
        return np.array(arguments["value"], dtype=arguments["dtype"])
    return FUNCTIONS[specification["fn"]](**arguments)
