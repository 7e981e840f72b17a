"""Training and validation images: no place on both sides, every category on each."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Set

BLOCK = 4


def split(images: Mapping[str, Set[int]], share: float) -> tuple[list[str], list[str]]:
    """Splits images in blocks of neighbouring names, which may show one place.

    Blocks are held out one by one, always one that shows the category of which the least is held
    out so far, until there are enough. Which of those is a matter of their names alone.

    Args:
        images: The categories of every image, by its name.
        share: How much is held out, 0 to 1.

    Returns:
        The names for training and for validation, each sorted.
    """
    names = sorted(images)
    blocks = [names[i : i + BLOCK] for i in range(0, len(names), BLOCK)]
    rest = sorted(blocks, key=lambda block: hashlib.sha256(block[0].encode()).digest())
    total: dict[int, int] = {}
    for categories in images.values():
        for category in categories:
            total[category] = total.get(category, 0) + 1
    held = dict.fromkeys(sorted(total), 0)
    validation: list[str] = []
    for _ in range(round(len(blocks) * share)):
        wanted = sorted(held, key=lambda category: held[category] / total[category])
        chosen = next(
            (block for c in wanted for block in rest if any(c in images[name] for name in block)),
            rest[0],
        )
        rest.remove(chosen)
        validation += chosen
        for name in chosen:
            for category in images[name]:
                held[category] += 1
    return sorted(name for block in rest for name in block), sorted(validation)
