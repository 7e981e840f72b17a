"""Rehearsal: a model's own answers about what it knows, taught beside new words so that it stays.

Without it an adapter that learns one new word marks that wherever anything is asked for. The views
are cut from the analyst's own samples and from the sample scenes, the sentences are generated, and
the truth is whatever the model said before: no data set that it was trained on is needed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from torch import Tensor

from engine.data.formats import jsonl
from engine.data.referring import read_pixels
from engine.data.sample import ReferringSample
from engine.data.scenes.scene import Scene
from engine.data.scenes.views import View, ViewSampler
from engine.files.atomic import replacing
from engine.files.boundary import make_folder, writing
from engine.language.categories import Category, plural
from engine.raster.source import Source, open_source
from engine.raster.window import Window

FOLDER, ANNOTATIONS = "rehearsal", "annotations.jsonl"
SCENES = Path(__file__).resolve().parents[2] / "resources" / "scenes"

VIEWS = 160
HELD_OUT = 8
"""One view in so many is not taught, but says at the end how much is still as it was."""

SENTENCES = 4
"""Per view."""

MOST_IMAGES = 24
"""Of the analyst's own views, so many are looked at."""

SCENE_WEIGHT = 3
"""A sample scene, which shows what is known, is chosen as often as so many of those."""

LOOKS = 380
"""What all of it costs, in answers to one sentence about one view."""

LONGEST = 512
"""Pixels of the longer side at which the model looks for what an image shows."""

SMALLEST = 150
"""Pixels of an object there; less is no object to speak of."""

Answer = Callable[[Tensor, list[str]], Tensor]
"""Logits `(E, H, W)` for sentences about a view `(3, H, W)` uint8."""

Pixels = NDArray[np.uint8]


def rehearsal(folder: Path, split: str) -> list[ReferringSample]:
    """The samples of a split of a run's rehearsal; none if it has none.

    Raises:
        InputError: They are damaged.
    """
    path = folder / FOLDER / ANNOTATIONS
    return list(jsonl.read(path, path.parent, split)) if path.is_file() else []


def prepare(
    folder: Path,
    answer: Answer,
    known: Sequence[Category],
    samples: Sequence[ReferringSample],
    side: int,
    seed: int,
    watch: Callable[[int, int], None],
) -> None:
    """Asks a model about what it knows and writes its answers into a run's folder, once.

    Args:
        folder: The run's.
        answer: The model's answers, before it is taught.
        known: The words it knows.
        samples: What it is going to be taught.
        side: Pixels of the views.
        seed: Of everything drawn.
        watch: Told of views done and due; what it raises ends it.

    Raises:
        InputError: An image cannot be read.
        OutputError: The folder cannot be written.
    """
    if (folder / FOLDER).is_dir() or not known:
        return
    images = list(_images(samples))
    total = len(images) + VIEWS
    scenes = []
    for number, (name, pixels, weight) in enumerate(images):
        watch(number, total)
        scenes += [_scene(name, pixels, answer, known)] * weight
    sampler = ViewSampler(
        scenes, known, side, expressions=SENTENCES, mosaic=0.5, shares=(0.3, 1.0), seed=seed
    )
    target = make_folder(folder) / FOLDER
    with replacing(target) as partial, writing(target):
        partial.mkdir()
        with (partial / ANNOTATIONS).open("w", encoding="utf-8") as lines:
            for number in range(VIEWS):
                watch(len(images) + number, total)
                for row in _rows(number, sampler.view(number, 0), answer, known, partial):
                    lines.write(json.dumps(row) + "\n")


def mixed(
    samples: Sequence[ReferringSample], rehearsed: Sequence[ReferringSample], share: float
) -> Sequence[ReferringSample]:
    """Both together; the samples as often as it takes for the others to have their share."""
    if not rehearsed:
        return samples
    times = round(len(rehearsed) * (1 - share) / share / len(samples))
    return [*samples] * max(1, times) + [*rehearsed]


def _images(samples: Sequence[ReferringSample]) -> Iterator[tuple[str, Pixels, int]]:
    """Names and pixels `(3, H, W)` of what is looked at, and how often each counts."""
    for path in sorted(SCENES.glob("*.tif")):
        with open_source(Source(str(path))) as raster:
            pixels = raster.read(Window(0, 0, raster.grid.height, raster.grid.width)).pixels
        yield path.name, pixels, SCENE_WEIGHT
    own = list({sample.image: sample for sample in samples}.values())
    for sample in own[:: -(-len(own) // MOST_IMAGES)]:
        yield sample.image.name, read_pixels(sample), 1


def _scene(name: str, pixels: Pixels, answer: Answer, known: Sequence[Category]) -> Scene:
    """An image with the objects that the model sees in it; where it sees two, the rarer kind."""
    height, width = pixels.shape[1:]
    scale = LONGEST / max(height, width)
    size = tuple(max(1, round(length * scale / 32)) * 32 for length in (height, width))
    seen = F.interpolate(torch.from_numpy(pixels)[None], size, mode="bilinear", antialias=True)[0]
    masks = (answer(seen, [plural(category.name) for category in known]) > 0).cpu().numpy()
    instances = np.zeros(size, np.uint8)
    categories: list[int] = []
    areas: list[int] = []
    for category in np.argsort([mask.sum() for mask in masks]):
        labels, _ = ndimage.label(masks[category] & (instances == 0))
        sizes = np.bincount(labels.ravel())[1:]
        for number in np.flatnonzero(sizes >= SMALLEST)[: 255 - len(areas)]:
            categories.append(int(category))
            areas.append(int(sizes[number]))
            instances[labels == number + 1] = len(areas)
    return Scene(name, seen.numpy(), instances, tuple(categories), tuple(areas))


def _rows(
    number: int, view: View, answer: Answer, known: Sequence[Category], folder: Path
) -> Iterator[dict[str, Any]]:
    """A view's lines of the annotations; its picture is written beside them."""
    name = f"{number:04}.png"
    Image.fromarray(view.pixels.numpy().transpose(1, 2, 0)).save(folder / name)
    masks = (answer(view.pixels, [e.text for e in view.expressions]) > 0).cpu().numpy()
    for expression, mask in zip(view.expressions, masks, strict=True):
        yield {
            "split": "train" if number % HELD_OUT else "val",
            "image_id": number,
            "sent": expression.text,
            "kind": expression.kind,
            "category_name": known[expression.category].name,
            "file_name": name,
            "segmentation": jsonl.encode_mask(mask),
        }
