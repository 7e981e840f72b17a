"""How the learning rate moves: a ramp, then a fall."""

from __future__ import annotations

import math
from collections.abc import Callable

from engine.training.config import OptimiserConfig


def learning_rate(config: OptimiserConfig) -> Callable[[int], float]:
    """Share of the peak learning rate at a step.

    It rises linearly over the warm-up and falls to `config.floor` at the last step: along half a
    cosine, or as `(1 - progress) ** power` (polynomial); or at once, at `config.drop` (step).
    """
    falls: dict[str, Callable[[float], float]] = {
        "cosine": lambda progress: 0.5 * (1 + math.cos(math.pi * progress)),
        "polynomial": lambda progress: (1 - progress) ** config.power,
        "step": lambda progress: float(progress < config.drop),
    }
    fall = falls[config.schedule]

    def share(step: int) -> float:
        if step < config.warmup:
            return (step + 1) / config.warmup
        progress = (step - config.warmup) / max(1, config.steps - config.warmup)
        return config.floor + (1 - config.floor) * fall(min(1.0, progress))

    return share
