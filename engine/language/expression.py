"""What an analyst may type, and what a model makes of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine.errors import InputError
from engine.language.categories import Category

LONGEST = 300
MOST_NAMED = 20
"""Categories that a sentence lists."""

PLACE_WORDS = frozenset().union(
    ("left", "right", "top", "bottom", "upper", "lower", "corner"),
    ("middle", "center", "centre", "central"),
    ("north", "south", "east", "west", "northern", "southern", "eastern", "western"),
    ("leftmost", "rightmost", "topmost", "bottommost", "uppermost", "lowest", "highest"),
    ("first", "second", "third", "largest", "biggest", "smallest", "nearest", "closest"),
)


@dataclass(frozen=True)
class ExpressionCheck:
    """Whether a model knows what an expression names.

    Attributes:
        known: Names of the categories found in it.
        unknown: Whether the model has a fixed vocabulary and the expression names nothing of it.
        message: A sentence for the analyst; empty where there is nothing to say.
    """

    known: tuple[str, ...]
    unknown: bool
    message: str

    def to_dict(self) -> dict[str, Any]:
        """For the protocol."""
        return {**asdict(self), "known": list(self.known)}


def clean(expression: str) -> str:
    """The expression with single spaces.

    Raises:
        InputError: It is empty, too long, or no text.
    """
    text = " ".join(expression.split())
    if not any(character.isalnum() for character in text):
        raise InputError(
            "The expression is empty. Say what to segment, such as: the large white storage tank."
        )
    if len(text) > LONGEST:
        raise InputError(
            f"The expression has {len(text):,} characters; at most {LONGEST} are read. "
            "Name one kind of object and where it is."
        )
    return text


def check(expression: str, categories: Sequence[Category] | None) -> ExpressionCheck:
    """What a model with these categories (None: open vocabulary) knows of an expression."""
    if categories is None:
        return ExpressionCheck((), False, "")
    known = tuple(category.name for category in categories if category.matches(expression))
    if known:
        return ExpressionCheck(known, False, "")
    more = len(categories) - MOST_NAMED
    names = ", ".join(category.name for category in categories[:MOST_NAMED])
    names += f" and {more:,} more" if more > 0 else ""
    return ExpressionCheck(
        (), True, f"“{expression}” names nothing this model knows. It knows: {names}."
    )


def speaks_of_places(expression: str) -> bool:
    """Whether the expression singles out by place, order or size, which a view's frame decides."""
    return not PLACE_WORDS.isdisjoint(re.findall(r"[a-z]+", expression.lower()))
