"""RRSIS-D (Liu et al., 2024): DIOR's images, 800 x 800 pixels, sentences and RLE masks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.formats import plain_pickle
from engine.data.formats.jsonl import decode_mask
from engine.data.sample import ReferringSample
from engine.errors import InputError

CATEGORIES = (
    "Expressway-Service-area",
    "Expressway-toll-station",
    "airplane",
    "airport",
    "baseballfield",
    "basketballcourt",
    "bridge",
    "chimney",
    "dam",
    "golffield",
    "groundtrackfield",
    "harbor",
    "overpass",
    "ship",
    "stadium",
    "storagetank",
    "tenniscourt",
    "trainstation",
    "vehicle",
    "windmill",
)


def read(root: Path, split: str | None = None) -> Iterator[ReferringSample]:
    """The samples in the order of the references.

    Args:
        root: The folder with `rrsisd` and `images`.
        split: train, val or test; all by default.

    Raises:
        InputError: The references or the annotations cannot be read.
    """
    path = root / "rrsisd" / "refs(unc).p"
    refs = plain_pickle.read(path)
    if not isinstance(refs, list):
        raise InputError(f"{path} holds no list of references.")
    instances = _instances(root / "rrsisd" / "instances.json")
    images = root / "images" / "rrsisd" / "JPEGImages"
    for number, ref in enumerate(refs, 1):
        try:
            samples = _samples(ref, instances, images, f"{path}, reference {number}")
        except (KeyError, TypeError, ValueError, AttributeError) as cause:
            raise InputError(f"{path}, reference {number}: it is none ({cause!r}).") from cause
        yield from (sample for sample in samples if split in (None, sample.split))


@dataclass(frozen=True)
class _Instances:
    segmentations: dict[int, Any]
    file_names: dict[int, str]
    categories: dict[int, str]


def _instances(path: Path) -> _Instances:
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
        listed = {entry["id"]: str(entry["name"]) for entry in data.get("categories", ())}
        return _Instances(
            {entry["id"]: entry["segmentation"] for entry in data["annotations"]},
            {entry["id"]: entry["file_name"] for entry in data.get("images", ())},
            listed or dict(enumerate(CATEGORIES)),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as cause:
        raise InputError(f"{path} cannot be read as RRSIS-D's annotations: {cause!r}") from cause


def _samples(
    ref: dict[str, Any], instances: _Instances, images: Path, where: str
) -> list[ReferringSample]:
    image_id, annotation_id = ref["image_id"], ref["ann_id"]
    file_name = instances.file_names.get(image_id) or f"{image_id:05d}.jpg"
    segmentation = instances.segmentations.get(annotation_id)
    return [
        ReferringSample(
            image=images / file_name,
            expression=" ".join(str(sentence.get("raw", sentence.get("sent", ""))).split()),
            split=str(ref["split"]),
            where=where,
            load=partial(_mask, segmentation, annotation_id, where),
            category=instances.categories.get(ref.get("category_id", -1), ""),
        )
        for sentence in ref["sentences"]
    ]


def _mask(segmentation: Any, annotation_id: int, where: str) -> NDArray[np.bool_]:
    if segmentation is None:
        raise InputError(f"{where}: instances.json has no annotation {annotation_id}.")
    return decode_mask(segmentation, where)
