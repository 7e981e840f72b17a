"""The words for what a model knows: names, synonyms and plurals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Category:
    """A kind of object and the words people use for it.

    Attributes:
        name: Its first name.
        synonyms: Other names, singular.
    """

    name: str
    synonyms: tuple[str, ...] = ()

    @property
    def singulars(self) -> tuple[str, ...]:
        """All names, singular."""
        return (self.name, *self.synonyms)

    def matches(self, expression: str) -> bool:
        """Whether the expression names this category, in the singular or the plural."""
        return any(
            re.search(rf"(?<!\w){re.escape(form)}(?!\w)", _words(expression))
            for word in map(_words, self.singulars)
            for form in (word, plural(word))
        )


def only_named(expression: str, categories: Sequence[Category]) -> str:
    """The name of the one category that an expression names; empty for none or several.

    The longest words count: a "storage tank" is no "tank".
    """
    names = {
        form: category.name
        for category in categories
        for word in category.singulars
        for form in (word, plural(word))
    }
    longest_first = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    found = {names[form] for form in re.findall(rf"\b(?:{longest_first})\b", _words(expression))}
    return found.pop() if len(found) == 1 else ""


def _words(expression: str) -> str:
    return expression.lower().replace("-", " ").replace("_", " ")


def plural(noun: str) -> str:
    """The plural of an English noun phrase."""
    if noun.endswith("aircraft"):
        return noun
    if noun.endswith(("s", "sh", "ch", "x")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


VHR10 = (
    Category("airplane", ("plane", "aircraft", "aeroplane", "jet")),
    Category("ship", ("boat", "vessel")),
    Category("storage tank", ("tank", "oil tank", "fuel tank")),
    Category("baseball diamond", ("baseball field", "ball field", "baseball court")),
    Category("tennis court", ("tennis field",)),
    Category("basketball court", ("basketball field",)),
    Category(
        "ground track field", ("running track", "athletics track", "track field", "sports track")
    ),
    Category("harbor", ("harbour", "dock", "pier")),
    Category("bridge", ()),
    Category("vehicle", ("car", "automobile", "truck")),
)
