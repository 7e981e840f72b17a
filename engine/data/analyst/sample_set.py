"""A set of samples as a folder: views as GeoTIFFs, RSRefSeg's jsonl, a report and previews."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rasterio.io import MemoryFile

from engine.data.analyst.cutting import Sentence
from engine.data.formats.jsonl import decode_mask, encode_mask
from engine.errors import OutputError
from engine.files.atomic import replacing
from engine.files.boundary import open_dataset, reading, writing
from engine.presentation.picture import GREY, YELLOW, Picture, outline, stacked, text
from engine.raster.grid import Grid

ANNOTATIONS, REPORT, IMAGES, PREVIEWS = "annotations.jsonl", "report.json", "images", "previews"
ABSENT = "absent"

MOST_PREVIEWS = 24
PREVIEW = 512
"""Least side of a preview in pixels."""

TEXT, GAP = 18, 10


@dataclass(frozen=True)
class Sample:
    """A line of the annotations.

    Attributes:
        image: Its file within the folder.
        split: "train" or "val".
        text: The sentence.
        kind: What kind of sentence.
        category: The analyst's expression behind it.
        segmentation: COCO RLE.
    """

    image: str
    split: str
    text: str
    kind: str
    category: str
    segmentation: dict[str, Any]

    def row(self, image_id: int) -> dict[str, Any]:
        """As RSRefSeg's jsonl has it."""
        return {
            "split": self.split,
            "image_id": image_id,
            "sent": self.text,
            "file_name": self.image,
            "kind": self.kind,
            "category_name": self.category,
            "segmentation": self.segmentation,
        }


@dataclass(frozen=True)
class Left:
    """Features that no sample shows.

    Attributes:
        layer: The polygons' file and layer.
        reason: Why.
        features: Their ids.
    """

    layer: str
    reason: str
    features: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """In JSON's types."""
        return {"layer": self.layer, "reason": self.reason, "features": list(self.features)}


@dataclass(frozen=True)
class RasterFacts:
    """How a raster was read.

    Attributes:
        path: Its path.
        resolution: Metres a pixel of the views; None where it cannot be known.
        own_resolution: Metres a pixel of the raster itself.
        read: Size, bands and stretch, as a line.
    """

    path: str
    resolution: float | None
    own_resolution: float | None
    read: str


@dataclass(frozen=True)
class SampleReport:
    """What a set of samples holds and what was left out.

    Attributes:
        folder: Where it is.
        counts: Samples of each expression by split, its variants among them, negatives not.
        samples: Of each split.
        negatives: Samples of each split that mean nothing.
        views: Images of each split.
        features: How many there are in all layers.
        used: How many of them a sample shows.
        repaired: Features whose geometry was invalid, by layer.
        skipped: Features that no sample shows, with the reasons.
        resolution: Metres a pixel; None where it differs or cannot be known.
        rasters: How each raster was read.
        block: Sides in pixels of the blocks that the splits are made of, one pair a site.
        settings: What was asked for.
        warnings: What the analyst should know before training.
        files: All files of the folder.
    """

    folder: Path
    counts: dict[str, dict[str, int]]
    samples: dict[str, int]
    negatives: dict[str, int]
    views: dict[str, int]
    features: int
    used: int
    repaired: dict[str, tuple[int, ...]]
    skipped: tuple[Left, ...]
    resolution: float | None
    rasters: tuple[RasterFacts, ...]
    block: tuple[tuple[int, int], ...]
    settings: dict[str, Any]
    warnings: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """In JSON's types."""
        return {
            **vars(self),
            "folder": str(self.folder),
            "repaired": {layer: list(ids) for layer, ids in self.repaired.items()},
            "skipped": [left.to_dict() for left in self.skipped],
            "rasters": [vars(facts) for facts in self.rasters],
            "block": [list(sides) for sides in self.block],
            "warnings": list(self.warnings),
            "files": list(self.files),
        }


class SampleSet:
    """A folder of samples while it is written.

    Args:
        partial: Where it is written to.
        folder: Where it will be, for messages.
    """

    def __init__(self, partial: Path, folder: Path) -> None:
        self._partial, self._folder = partial, folder
        self.samples: list[Sample] = []
        self.images: dict[str, str] = {}
        self._files: list[str] = []

    def add(
        self, pixels: NDArray[np.uint8], grid: Grid, split: str, sentences: Sequence[Sentence]
    ) -> None:
        """Writes a view `(3, h, w)` with its place on the ground, and keeps its sentences.

        Raises:
            OutputError: The disk is full.
        """
        name = f"{IMAGES}/{len(self.images) + 1:06}.tif"
        self._write(name, _geotiff(pixels, grid))
        self.images[name] = split
        self.samples += [
            Sample(name, split, s.text, s.kind, s.category, encode_mask(s.mask)) for s in sentences
        ]

    def previews(self) -> Iterator[int]:
        """Draws some samples of every kind; gives how many are drawn so far."""
        chosen = _varied(self.samples, MOST_PREVIEWS)
        for number, sample in enumerate(chosen, 1):
            picture = preview(self._partial / sample.image, sample)
            path = self._path(f"{PREVIEWS}/{number:02}.png")
            with writing(self._folder):
                picture.save(path, "PNG")
            yield number

    def finish(self, report: SampleReport) -> SampleReport:
        """Writes annotations and report; gives the report with the list of files.

        Raises:
            OutputError: The disk is full.
        """
        numbers = {name: number for number, name in enumerate(self.images, 1)}
        lines = [json.dumps(s.row(numbers[s.image]), ensure_ascii=False) for s in self.samples]
        self._write(ANNOTATIONS, "".join(f"{line}\n" for line in lines).encode())
        whole = replace(report, files=(ANNOTATIONS, REPORT, *self._files[:-1]))
        # The folder may be moved or given away.
        facts = {name: value for name, value in whole.to_dict().items() if name != "folder"}
        self._write(REPORT, (json.dumps(facts, indent=1, ensure_ascii=False) + "\n").encode())
        return whole

    def _path(self, name: str) -> Path:
        path = self._partial / name
        with writing(self._folder):
            path.parent.mkdir(parents=True, exist_ok=True)
        self._files.append(name)
        return path

    def _write(self, name: str, content: bytes) -> None:
        path = self._path(name)
        with writing(self._folder):
            path.write_bytes(content)


@contextmanager
def sample_set(folder: Path) -> Iterator[SampleSet]:
    """A set of samples to fill: the folder is there when the block ends well, or never.

    Raises:
        OutputError: Something is in the folder already, or it cannot be written.
    """
    with writing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        taken = folder.exists() and not (folder.is_dir() and not any(folder.iterdir()))
    if taken:
        raise OutputError(
            f"{folder} holds something already. Choose a new or an empty folder for the samples."
        )
    with replacing(folder) as partial:
        with writing(folder):
            partial.mkdir()
        yield SampleSet(partial, folder)
        with writing(folder):
            if folder.exists():
                folder.rmdir()  # Windows renames onto nothing that is there


def preview(path: Path, sample: Sample) -> Picture:
    """A sample as a picture: its image, what is meant outlined, the sentence below it.

    Raises:
        RasterError: The image cannot be read.
    """
    with reading(path), open_dataset(path) as image:
        pixels = image.read()
    picture = Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))
    mask = Image.fromarray(decode_mask(sample.segmentation).astype(np.uint8) * 255)
    scale = max(1, -(-PREVIEW // max(picture.size)))
    size = picture.width * scale, picture.height * scale
    picture, mask = (each.resize(size, Image.Resampling.NEAREST) for each in (picture, mask))
    outline(picture, mask, YELLOW)
    facts = [sample.split, sample.kind, Path(sample.image).name]
    if sample.kind == ABSENT:
        facts[1] = "absent: nothing here is meant"
    captions = [
        text(sample.text, TEXT, picture.width),
        text(" · ".join(facts), TEXT, picture.width, GREY),
    ]
    return stacked([picture, *captions], GAP, margin=GAP)


def _varied(samples: Sequence[Sample], most: int) -> list[Sample]:
    """Samples of every expression, kind and split in turn, in the set's order."""
    seen: dict[tuple[str, ...], int] = {}
    turns = []
    for number, sample in enumerate(samples):
        key = (sample.category, sample.kind, sample.split)
        turns.append((seen.get(key, 0), number))
        seen[key] = turns[-1][0] + 1
    return [samples[number] for number in sorted(number for _, number in sorted(turns)[:most])]


def _geotiff(pixels: NDArray[np.uint8], grid: Grid) -> bytes:
    """An RGB GeoTIFF of pixels `(3, h, w)`. In memory, for GDAL says nothing of a full disk."""
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            width=grid.width,
            height=grid.height,
            count=3,
            dtype="uint8",
            crs=grid.crs,
            transform=grid.transform,
            photometric="RGB",
            compress="deflate",
            predictor=2,
        ) as image:
            image.write(pixels)
        content: bytes = memory.read()
    return content
