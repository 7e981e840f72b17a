"""RefSegRS (Yuan et al., 2024): aerial images of 512 x 512 pixels, one sentence and mask each."""

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
        "road",
        "vehicle",
        "car",
        "van",
        "building",
        "truck",
        "trailer",
        "bus",
        "road marking",
        "bikeway",
        "sidewalk",
        "tree",
        "low vegetation",
        "impervious surface",
    )
)
# Masks hold 0 and 255 with intermediate values along edges.
BACKGROUND = 50


def read(root: Path, split: str | None = None) -> Iterator[ReferringSample]:
    """The samples in the order of their lists.

    Args:
        root: The folder with `images`, `masks` and `output_phrase_<split>.txt`.
        split: train, val or test; all by default.

    Raises:
        InputError: The lists cannot be read.
    """
    for phrase in phrase_list.read(root, split):
        file_name = f"{phrase.name.removesuffix('.tif')}.tif"
        mask = root / "masks" / file_name
        yield ReferringSample(
            image=root / "images" / file_name,
            expression=phrase.sentence,
            split=phrase.split,
            where=phrase.where,
            load=partial(mask_image.read, mask, BACKGROUND, phrase.where),
            category=only_named(phrase.sentence, CATEGORIES),
        )
