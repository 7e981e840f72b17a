"""RISBench (Dong et al., 2024): 512 x 512 pixels at 0.1 to 30 m, one sentence and mask a line."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from engine.data.formats import mask_image, phrase_list
from engine.data.sample import ReferringSample
from engine.language.categories import Category, only_named

CATEGORIES = tuple(
    Category(name)
    for name in (
        "expressway service area",
        "expressway toll station",
        "ground track field",
        "basketball court",
        "container crane",
        "roundabout",
        "windmill",
        "overpass",
        "stadium",
        "bridge",
        "soccer ball field",
        "baseball diamond",
        "train station",
        "golf field",
        "airport",
        "harbor",
        "dam",
        "ship",
        "helipad",
        "vehicle",
        "chimney",
        "airplane",
        "helicopter",
        "tennis court",
        "storage tank",
        "swimming pool",
    )
)


def read(root: Path, split: str | None = None) -> Iterator[ReferringSample]:
    """The samples in the order of their lists.

    Args:
        root: The folder with `img_rgb`, `mask` and `output_phrase_<split>.txt`.
        split: train, val or test; all by default.

    Raises:
        InputError: The lists cannot be read.
    """
    for phrase in phrase_list.read(root, split):
        mask = root / "mask" / phrase.name
        yield ReferringSample(
            image=root / "img_rgb" / phrase.name,
            expression=phrase.sentence,
            split=phrase.split,
            where=phrase.where,
            load=partial(mask_image.read, mask, 0, phrase.where),
            category=only_named(phrase.sentence, CATEGORIES),
        )
