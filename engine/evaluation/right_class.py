"""Right class in images that hold two: does a mask lie on what was named, or on something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pycocotools import mask as coco_mask

from engine.data.formats.jsonl import encode_mask
from engine.data.sample import ReferringSample
from engine.evaluation.comparison import Comparison

CATEGORY_KINDS = ("unique", "all")
"""Kinds of sentences that mean everything of a category in the image."""


@dataclass(frozen=True)
class _Named:
    category: str
    prediction: dict[str, Any]
    truth: dict[str, Any]


class RightClass:
    """Counts image by image; the samples of an image must follow each other.

    A sample counts where it means a whole category and its image has such samples of another
    category as well. It is right where its prediction shares more pixels with its own truth than
    with the truth of each sample of another category, so an empty one is wrong.

    Attributes:
        n: Samples that counted in the images seen whole.
        right: How many of them were right.
    """

    def __init__(self) -> None:
        self.n = 0
        self.right = 0
        self._image: Path | None = None
        self._named: list[_Named] = []

    def add(self, comparison: Comparison) -> None:
        """Takes the next sample."""
        if comparison.sample.image != self._image:
            self._judge()
            self._image = comparison.sample.image
        if comparison.overlap.truth and names_a_category(comparison.sample):
            masks = encode_mask(comparison.prediction), encode_mask(comparison.truth)
            self._named.append(_Named(comparison.sample.category, *masks))

    def accuracy(self) -> float | None:
        """Share of samples that were right, the last image's among them; None of no samples."""
        self._judge()
        return self.right / self.n if self.n else None

    def _judge(self) -> None:
        for one in self._named:
            others = [other for other in self._named if other.category != one.category]
            if others:
                self.n += 1
                self.right += _lies_on_its_own(one, others)
        self._named = []


def names_a_category(sample: ReferringSample) -> bool:
    """Whether a sample means all of its category: by its kind, or as the bare word."""
    if not sample.category:
        return False
    bare = sample.category.replace("_", " ").casefold()
    return sample.kind in CATEGORY_KINDS or sample.expression.strip().casefold() == bare


def _lies_on_its_own(one: _Named, others: Sequence[_Named]) -> bool:
    own = _shared(one.prediction, one.truth)
    return all(own > _shared(one.prediction, other.truth) for other in others)


def _shared(one: dict[str, Any], other: dict[str, Any]) -> int:
    return int(coco_mask.area(coco_mask.merge([one, other], intersect=True)))
