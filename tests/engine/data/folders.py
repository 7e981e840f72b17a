"""Tiny data sets in the published layouts: images of 12 x 10 pixels with one object."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 12, 10


def mask(foreground: int = 255) -> np.ndarray:
    """`(HEIGHT, WIDTH)` uint8 with a foreground of 3 x 2 pixels."""
    made = np.zeros((HEIGHT, WIDTH), np.uint8)
    made[:2, :3] = foreground
    return made


def picture(path: Path, pixels: np.ndarray | None = None) -> Path:
    """Writes an image, grey with a gradient by default."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if pixels is None:
        pixels = np.arange(HEIGHT * WIDTH, dtype=np.uint8).reshape(HEIGHT, WIDTH)
    Image.fromarray(pixels).convert("RGB" if pixels.ndim == 3 else "L").save(path)
    return path


def refsegrs(root: Path, split: str, lines: str) -> Path:
    """Images and masks 1 and 2, and one list."""
    for number in (1, 2):
        picture(root / "images" / f"{number}.tif", np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
        picture(root / "masks" / f"{number}.tif", mask())
    (root / f"output_phrase_{split}.txt").write_bytes(lines.encode())
    return root


def risbench(root: Path, split: str, lines: str) -> Path:
    """Images and masks 1 and 2, and one list."""
    for number in (1, 2):
        picture(root / "img_rgb" / f"{number}.png", np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
        picture(root / "mask" / f"{number}.png", mask(1))
    (root / f"output_phrase_{split}.txt").write_bytes(lines.encode())
    return root


def counts(pixels: np.ndarray) -> dict[str, object]:
    """Uncompressed COCO RLE: runs of 0 and 1 in turn, column by column."""
    flat = pixels.ravel(order="F") > 0
    edges = np.flatnonzero(np.diff(flat.astype(int))) + 1
    runs = np.diff([0, *edges, flat.size]).tolist()
    return {"size": list(pixels.shape), "counts": runs if not flat[0] else [0, *runs]}


def ref(number: int, split: str = "train", **changes: Any) -> dict[str, Any]:
    """A reference of RRSIS-D."""
    sentence = f"The ship number {number}"
    words = {"tokens": sentence.split(), "raw": sentence, "sent_id": number, "sent": sentence}
    return {
        "image_id": number,
        "split": split,
        "sentences": [words],
        "file_name": f"{number:05d}.jpg",
        "category_id": 13,
        "ann_id": number,
        "sent_ids": [number],
        "ref_id": number,
        **changes,
    }


def rrsis_d(root: Path, refs: list[Any], **changes: Any) -> Path:
    """The references, with an image and an annotation for each."""
    numbers = [each["image_id"] for each in refs if isinstance(each, dict)]
    for number in numbers:
        picture(root / "images/rrsisd/JPEGImages" / f"{number:05d}.jpg")
    instances = {
        "images": [{"id": n, "file_name": f"{n:05d}.jpg"} for n in numbers],
        "annotations": [
            {"id": n, "image_id": n, "categories_id": 13, "segmentation": [counts(mask())]}
            for n in numbers
        ],
        **changes,
    }
    (root / "rrsisd").mkdir()
    (root / "rrsisd" / "instances.json").write_text(json.dumps(instances))
    (root / "rrsisd" / "refs(unc).p").write_bytes(pickle.dumps(refs, 2))
    return root
