"""The names that published checkpoints give to a network's tensors, and ours."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedNames:
    """Two namings that differ in prefixes.

    Attributes:
        prefixes: Published prefix and ours; the first that a name starts with holds.
    """

    prefixes: tuple[tuple[str, str], ...]

    def ours(self, published: str) -> str:
        """Our name of a published tensor; the name itself where it has no known prefix."""
        return _renamed(published, self.prefixes)

    def published(self, ours: str) -> str:
        """The published name of one of our tensors."""
        return _renamed(ours, tuple((new, old) for old, new in self.prefixes))


def _renamed(name: str, prefixes: tuple[tuple[str, str], ...]) -> str:
    for old, new in prefixes:
        if name.startswith(old):
            return new + name[len(old) :]
    return name
