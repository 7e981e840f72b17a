"""The words for what a model knows: names, synonyms and plurals."""

from __future__ import annotations

import re
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
        text = expression.lower().replace("-", " ").replace("_", " ")
        return any(
            re.search(rf"\b({re.escape(word)}|{re.escape(plural(word))})\b", text)
            for word in self.singulars
        )


def plural(noun: str) -> str:
    """The plural of an English noun phrase."""
    if noun.endswith("aircraft"):
        return noun
    if noun.endswith(("s", "sh", "ch", "x")):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
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
