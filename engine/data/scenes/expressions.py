"""Referring expressions from labelled objects: only unambiguous ones, in varied words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.data.scenes.phrases import (
    ADJECTIVE_SIDES,
    ALL,
    BARE,
    CENTRED,
    COLUMNS,
    COMPASS,
    COUNTED,
    EXTREME,
    EXTREMES,
    HYPHENATED,
    IN_ZONE,
    LARGEST,
    NEARBY,
    NUMBERS,
    ON_SIDE,
    ORDINALS,
    PLACED,
    PLACES,
    RANKED,
    RELATIONS,
    REQUESTS,
    ROWS,
    SIDE_WORDS,
    SIDES,
    SIZED,
    SMALLEST,
    UNIQUE,
)
from engine.language.categories import Category, plural

# How clearly an object must stand out before an expression may single it out.
POSITION_MARGIN = 0.06
AREA_RATIO = 1.35
NEAREST_RATIO = 1.4


@dataclass(frozen=True)
class VisibleObject:
    """An object in a view.

    Attributes:
        number: Its number in the scene's instance map.
        category: Index of its category.
        x: Centre, 0 at the left and 1 at the right edge.
        y: Centre, 0 at the top and 1 at the bottom edge.
        area: Visible share of the view.
        whole: Whether enough of it is visible to be counted and singled out.
    """

    number: int
    category: int
    x: float
    y: float
    area: float
    whole: bool = True


@dataclass(frozen=True)
class Expression:
    """A sentence and the objects it means.

    Attributes:
        text: The sentence.
        kind: What singles the objects out: unique, all, position, extreme, size, ordinal,
            relation, count, region, absent.
        numbers: The objects meant; empty where nothing is.
        category: Index of the category it names.
    """

    text: str
    kind: str
    numbers: tuple[int, ...]
    category: int


class ExpressionGenerator:
    """Draws expressions for views. The same generator state gives the same sentences."""

    def __init__(self, categories: Sequence[Category], rng: np.random.Generator) -> None:
        self.categories = categories
        self.rng = rng

    def draw(
        self, objects: Sequence[VisibleObject], unlabelled: frozenset[int] = frozenset()
    ) -> list[Expression]:
        """Unambiguous expressions of every kind that these objects allow, in random order.

        Args:
            objects: What is visible.
            unlabelled: Categories about which nothing may be said.
        """
        found: list[Expression] = []
        for category in range(len(self.categories)):
            if category in unlabelled:
                continue
            members = [o for o in objects if o.category == category]
            if not members:
                found.append(self._expression("absent", category, (), self._bare(category)))
                continue
            found.append(self._all(category, members))
            if all(o.whole for o in members):
                found += self._singles(category, members, objects)
        self.rng.shuffle(found)
        return found

    def _singles(
        self, category: int, members: list[VisibleObject], objects: Sequence[VisibleObject]
    ) -> list[Expression]:
        found = self._relations(category, members, objects)
        if len(members) == 1:
            phrase = self._pick(UNIQUE).format(name=self._name(category))
            found.append(self._expression("unique", category, members, phrase))
            found += self._position(category, members)
            return found
        found += self._position(category, members) + self._regions(category, members)
        found += self._extremes(category, members) + self._sizes(category, members)
        found += self._ordinals(category, members) + self._count(category, members)
        return found

    def _expression(
        self, kind: str, category: int, members: Sequence[VisibleObject], phrase: str
    ) -> Expression:
        return Expression(self._dress(phrase), kind, tuple(o.number for o in members), category)

    def _dress(self, phrase: str) -> str:
        """The phrase, sometimes inside a request or with a needless place."""
        draw = self.rng.random()
        if draw < 0.1:
            phrase = f"{self._pick(REQUESTS)} {phrase}"
        elif draw < 0.2 and not any(word in phrase for word in PLACED):
            phrase = f"{phrase} {self._pick(PLACES)}"
        return self._punctuated(re.sub(r"\ba (?=[aeiou])", "an ", phrase))

    def _punctuated(self, phrase: str) -> str:
        """Sometimes a hyphen between two words of place, or a full stop."""
        draw = self.rng.random()
        if draw < 0.1:
            phrase = re.sub(HYPHENATED, r"\1-\2", phrase)
        return f"{phrase}." if draw > 0.95 else phrase

    def _pick(self, words: Sequence[str]) -> str:
        return words[int(self.rng.integers(len(words)))]

    def _name(self, category: int) -> str:
        known = self.categories[category]
        return known.name if self.rng.random() < 0.5 else self._pick(known.singulars)

    def _bare(self, category: int) -> str:
        """A phrase for a category that may be there or not."""
        name = self._name(category)
        return self._pick(BARE).format(name=name, names=plural(name))

    def _all(self, category: int, members: list[VisibleObject]) -> Expression:
        name = self._name(category)
        phrase = self._pick(ALL).format(name=name, names=plural(name))
        return self._expression("all", category, members, phrase)

    def _position(self, category: int, members: list[VisibleObject]) -> list[Expression]:
        """Objects alone in one of nine zones or on one side, clear of its borders."""
        found = []
        for target in members:
            others = [o for o in members if o is not target]
            column, row = _zone(target.x), _zone(target.y)
            if (
                column is not None
                and row is not None
                and not any(_touches(o, column, row) for o in others)
            ):
                phrase = self._in_zone(self._name(category), column, row)
                found.append(self._expression("position", category, [target], phrase))
            for axis, (value, rest) in enumerate(
                ((target.x, [o.x for o in others]), (target.y, [o.y for o in others]))
            ):
                far = 0 if value < 0.4 and all(v > 0.5 + POSITION_MARGIN for v in rest) else None
                far = 1 if value > 0.6 and all(v < 0.5 - POSITION_MARGIN for v in rest) else far
                if far is not None:
                    phrase = self._on_side(self._name(category), self._pick(SIDE_WORDS[axis][far]))
                    found.append(self._expression("position", category, [target], phrase))
        return self._some(found, 2)

    def _some(self, found: list[Expression], most: int) -> list[Expression]:
        if len(found) <= most:
            return found
        return [found[i] for i in self.rng.choice(len(found), most, replace=False)]

    def _on_side(self, name: str, side: str) -> str:
        phrases = [*ON_SIDE]
        if " " not in side:
            adjective = "the {side} {name}" if side in ADJECTIVE_SIDES else "the {side}ern {name}"
            phrases += ["the {name} in the {side} half of the image", adjective]
        return self._pick(phrases).format(name=name, side=side)

    def _in_zone(self, name: str, column: int, row: int) -> str:
        if (column, row) == (1, 1):
            return self._pick(CENTRED).format(name=name)
        zone = f"{self._pick(ROWS[row])} {self._pick(COLUMNS[column])}"
        if row == 1:
            zone = self._pick(
                (zone, f"{COLUMNS[column][0]} middle", f"center {COLUMNS[column][0]}")
            )
        if column == 1:
            zone = self._pick(
                (f"{ROWS[row][1]} middle", f"{ROWS[row][1]} center", f"middle {ROWS[row][1]}")
            )
        if (column, row) in COMPASS and self.rng.random() < 0.1:
            zone = COMPASS[column, row]
        return self._pick(IN_ZONE).format(name=name, zone=zone)

    def _regions(self, category: int, members: list[VisibleObject]) -> list[Expression]:
        """All objects on one side, where none is near the middle line."""
        found = []
        for axis, words in enumerate(SIDE_WORDS):
            values = np.array([(o.x, o.y)[axis] for o in members])
            if np.any(np.abs(values - 0.5) < POSITION_MARGIN):
                continue
            for side, zone in ((values < 0.5, words[0]), (values > 0.5, words[1])):
                chosen = [o for o, inside in zip(members, side, strict=True) if inside]
                if 2 <= len(chosen) < len(members):
                    name = plural(self._name(category))
                    phrases = (
                        f"the {name} on the {self._pick(zone)}",
                        f"all {name} on the {self._pick(zone)}",
                        f"the {name} in the {zone[0]} half",
                    )
                    found.append(self._expression("region", category, chosen, self._pick(phrases)))
        return found

    def _extremes(self, category: int, members: list[VisibleObject]) -> list[Expression]:
        found = []
        for axis, sign, words, side in EXTREMES:
            values = np.array([(o.x, o.y)[axis] for o in members]) * sign
            order = np.argsort(-values)
            if values[order[0]] - values[order[1]] > POSITION_MARGIN:
                phrase = self._pick(EXTREME).format(
                    word=self._pick(words), name=self._name(category), side=side
                )
                found.append(self._expression("extreme", category, [members[order[0]]], phrase))
        return found

    def _sizes(self, category: int, members: list[VisibleObject]) -> list[Expression]:
        order = sorted(members, key=lambda o: o.area)
        name = self._name(category)
        found = []
        if order[-1].area > AREA_RATIO * order[-2].area:
            phrase = self._pick(SIZED).format(word=self._pick(LARGEST), name=name)
            found.append(self._expression("size", category, [order[-1]], phrase))
        if order[1].area > AREA_RATIO * order[0].area:
            phrase = self._pick(SIZED).format(word=self._pick(SMALLEST), name=name)
            found.append(self._expression("size", category, [order[0]], phrase))
        return found

    def _ordinals(self, category: int, members: list[VisibleObject]) -> list[Expression]:
        axis, sign, side = SIDES[int(self.rng.integers(len(SIDES)))]
        order = sorted(members, key=lambda o: -sign * (o.x, o.y)[axis])
        values = [(o.x, o.y)[axis] for o in order]
        gaps = np.abs(np.diff(values))
        last = min(len(order), len(ORDINALS), 4)
        if len(order) < 3 or np.any(gaps[:last] < POSITION_MARGIN / 2):
            return []
        rank = int(self.rng.integers(1, last))
        phrase = self._pick(RANKED).format(
            rank=ORDINALS[rank], name=self._name(category), side=side
        )
        return [self._expression("ordinal", category, [order[rank]], phrase)]

    def _count(self, category: int, members: list[VisibleObject]) -> list[Expression]:
        if len(members) >= len(NUMBERS):
            return []
        names = plural(self._name(category))
        phrases = [*COUNTED, "both {names}"] if len(members) == 2 else COUNTED
        phrase = self._pick(phrases).format(number=NUMBERS[len(members)], names=names)
        return [self._expression("count", category, members, phrase)]

    def _relations(
        self, category: int, members: list[VisibleObject], objects: Sequence[VisibleObject]
    ) -> list[Expression]:
        """One object beside the only object of another category."""
        others = {o.category for o in objects} - {category}
        anchors = [[o for o in objects if o.category == other] for other in sorted(others)]
        found = []
        for anchor in (group[0] for group in anchors if len(group) == 1 and group[0].whole):
            for axis, sign, words in RELATIONS:
                offsets = [sign * ((o.x, o.y)[axis] - (anchor.x, anchor.y)[axis]) for o in members]
                inside = [
                    o
                    for o, offset in zip(members, offsets, strict=True)
                    if offset > POSITION_MARGIN
                ]
                unclear = any(abs(offset) <= POSITION_MARGIN for offset in offsets)
                if len(inside) == 1 and not unclear:
                    name, beside = self._name(category), self._pick(words)
                    phrase = f"the {name} {beside} the {self._name(anchor.category)}"
                    found.append(self._expression("relation", category, inside, phrase))
            distances = np.hypot(
                [o.x - anchor.x for o in members], [o.y - anchor.y for o in members]
            )
            order = np.argsort(distances)
            if len(members) > 1 and distances[order[1]] > NEAREST_RATIO * distances[order[0]]:
                beside = self._pick(NEARBY)
                phrase = f"the {self._name(category)} {beside} the {self._name(anchor.category)}"
                found.append(self._expression("relation", category, [members[order[0]]], phrase))
        return self._some(found, 2)


def _zone(value: float) -> int | None:
    """0, 1 or 2 for the first, middle and last third; None too near a border."""
    if min(abs(value - 1 / 3), abs(value - 2 / 3)) < POSITION_MARGIN / 2:
        return None
    return min(int(value * 3), 2)


def _touches(o: VisibleObject, column: int, row: int) -> bool:
    """Whether an object could be said to be in a zone, one step wider than the zone."""
    slack = POSITION_MARGIN
    return (
        column / 3 - slack <= o.x <= (column + 1) / 3 + slack
        and row / 3 - slack <= o.y <= (row + 1) / 3 + slack
    )
