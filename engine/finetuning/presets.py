"""How long and how much is taught, by a word."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Scope = Literal["prompter", "encoders", "everything"]
PresetName = Literal["quick", "balanced", "thorough"]


@dataclass(frozen=True)
class Preset:
    """A way to teach.

    Attributes:
        name: Its word.
        scope: How much moves.
        views: Views a step.
        epochs: How often every sample is seen, those that are rehearsed not counted.
        least: Fewest steps, for few samples.
        most: Most steps, for many.
        validations: How often the model is judged on the way.
        validation_views: On how many views at most; 0 for all.
        patience: Validations without a better one that end it; 0 for any.
        seconds: Its steps are as many as fit into this time; 0 for any.
    """

    name: PresetName
    scope: Scope
    views: int
    epochs: int
    least: int
    most: int
    validations: int
    validation_views: int
    patience: int
    seconds: float = 0.0

    def steps(self, samples: int, rehearsed: float) -> int:
        """Steps for a number of samples and the share of others, if there is time."""
        views = samples * self.epochs / (1 - rehearsed)
        return max(self.least, min(self.most, math.ceil(views / self.views)))


PRESETS: dict[PresetName, Preset] = {
    preset.name: preset
    for preset in (
        # Nine minutes, so that ten suffice where the machine has something else to do as well.
        Preset("quick", "prompter", 4, 3, 160, 500, 4, 40, 0, seconds=540.0),
        Preset("balanced", "encoders", 8, 7, 200, 2000, 10, 200, 4),
        Preset("thorough", "encoders", 16, 21, 400, 10_000, 20, 0, 6),
    )
}
