"""Shape: what an analyst asks of polygons."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from engine.errors import InputError


@dataclass(frozen=True)
class Shape:
    """Which objects become polygons, and how they are drawn; exactly as they are by default.

    Attributes:
        minimum_area: objects whose pixels cover less are left out: ellipsoidal square metres, or
            square pixels where the place on the ground is not known.
        simplify: how many pixels an outline may move for fewer corners; about 1.5 turns the stairs
            of pixels into straight lines.
        right_angles: draw what looks like a building with right angles only.

    Raises:
        InputError: values that make no sense.
    """

    minimum_area: float = 0.0
    simplify: float = 0.0
    right_angles: bool = False

    def __post_init__(self) -> None:
        for name, unit in (("minimum_area", "square metres"), ("simplify", "pixels")):
            value = getattr(self, name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not math.isfinite(value) or value < 0:
                raise InputError(f"{name} is {value!r}, not a number of {unit} from 0.")
        if not isinstance(self.right_angles, bool):
            raise InputError(f"right_angles is {self.right_angles!r}, neither true nor false.")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Shape:
        """A shape from its attributes by name.

        Raises:
            InputError: unknown names, or values that make no sense.
        """
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise InputError(
                f"A shape has no {', '.join(unknown)}. It may have {', '.join(known)}."
            )
        return cls(**values)


EXACT = Shape()
