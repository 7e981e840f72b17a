"""RSRefSeg's jsonl: one line a sample, with its mask as COCO RLE."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from engine.data.sample import ReferringSample
from engine.errors import InputError


def read(annotations: Path, images: Path, split: str | None = None) -> Iterator[ReferringSample]:
    """The samples of a file, in its order.

    Args:
        annotations: The jsonl file.
        images: The folder its `file_name`s are in.
        split: Only this split.

    Raises:
        InputError: A line that is no sample; it names the line. Images are not looked for.
    """
    try:
        with annotations.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    row = _row(line, f"{annotations}, line {number}")
                    if split is None or row["split"] == split:
                        yield _sample(row, images, f"{annotations}, line {number}")
    except (OSError, UnicodeDecodeError) as cause:
        raise InputError(f"{annotations} cannot be read: {cause}") from cause


def _row(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as cause:
        raise InputError(f"{where}: no JSON ({cause}).") from cause
    if not isinstance(row, dict):
        raise InputError(f"{where}: no JSON object.")
    missing = [key for key in ("split", "sent", "file_name", "segmentation") if key not in row]
    if missing:
        raise InputError(f"{where}: {', '.join(missing)} is missing.")
    return row


def _sample(row: dict[str, Any], images: Path, where: str) -> ReferringSample:
    return ReferringSample(
        image=images / str(row["file_name"]),
        expression=str(row["sent"]),
        split=row["split"],
        where=where,
        load=partial(decode_mask, row["segmentation"], where),
        kind=str(row.get("kind", "")),
        category=str(row.get("category_name", "")),
    )


def decode_mask(segmentation: Any, where: str = "segmentation") -> NDArray[np.bool_]:
    """A mask from COCO RLE, compressed text or a list of counts, or from a list of such parts.

    Raises:
        InputError: It is neither.
    """
    parts = segmentation if isinstance(segmentation, list) else [segmentation]
    if not parts:
        raise InputError(f"{where}: the segmentation is empty.")
    try:
        masks = []
        for part in parts:
            height, width = part["size"]
            counts = part["counts"]
            if isinstance(counts, str | bytes):
                compressed = part
            elif sum(counts) == height * width:
                compressed = coco_mask.frPyObjects(part, height, width)
            else:
                raise ValueError(f"its runs cover {sum(counts)} pixels, not {height} x {width}")
            masks.append(coco_mask.decode(compressed).astype(bool))
        return np.logical_or.reduce(masks)
    except (LookupError, TypeError, ValueError, OverflowError, MemoryError) as cause:
        raise InputError(f"{where}: the segmentation is no COCO RLE ({cause}).") from cause


def encode_mask(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """A mask `(H, W)` as compressed COCO RLE."""
    encoded = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {
        "size": [int(side) for side in encoded["size"]],
        "counts": encoded["counts"].decode("ascii"),
    }
