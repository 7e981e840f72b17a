"""Object annotations in COCO's format: images, categories, polygons."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rasterio.features import rasterize

from engine.data.scenes.scene import Scene
from engine.errors import InputError

MAX_OBJECTS = 255


@dataclass(frozen=True)
class CocoInstances:
    """A COCO file and its folder of images.

    Attributes:
        annotations: The JSON file.
        images: The folder of images.
        labelled_only_if_present: Categories that the labellers left out of most images; an image
            without one of them says nothing about it.
    """

    annotations: Path
    images: Path
    labelled_only_if_present: tuple[str, ...] = ()

    def categories(self) -> tuple[str, ...]:
        """Category names in the order of their ids, underscores read as spaces."""
        listed = sorted(self._data["categories"], key=lambda entry: entry["id"])
        return tuple(str(entry["name"]).replace("_", " ") for entry in listed)

    @cached_property
    def _data(self) -> dict[str, Any]:
        try:
            data: dict[str, Any] = json.loads(self.annotations.read_text(encoding="utf-8"))
        except (OSError, ValueError) as cause:
            raise InputError(
                f"{self.annotations} cannot be read as COCO annotations: {cause}"
            ) from cause
        missing = [key for key in ("images", "annotations", "categories") if key not in data]
        if missing:
            raise InputError(f"{self.annotations} is no COCO file: it has no {', '.join(missing)}.")
        return data

    def present(self) -> dict[str, frozenset[int]]:
        """The categories of each image as indices, by its file name."""
        data = self._data
        index = _category_index(data)
        found: dict[Any, set[int]] = defaultdict(set)
        for annotation in data["annotations"]:
            found[annotation["image_id"]].add(index[annotation["category_id"]])
        return {entry["file_name"]: frozenset(found[entry["id"]]) for entry in data["images"]}

    def scenes(
        self, names: Sequence[str] | None = None, longest_side: int | None = None
    ) -> Iterator[Scene]:
        """Reads images with their objects.

        Args:
            names: Only these images.
            longest_side: Larger images are reduced to this side.

        Raises:
            InputError: An image is missing or of another size than the annotations say.
        """
        data = self._data
        index = _category_index(data)
        category_names = self.categories()
        shapes = defaultdict(list)
        for annotation in data["annotations"]:
            shapes[annotation["image_id"]].append(annotation)
        for entry in sorted(data["images"], key=lambda entry: entry["file_name"]):
            if names is not None and entry["file_name"] not in names:
                continue
            pixels = self._pixels(entry)
            scale = 1.0 if longest_side is None else min(1.0, longest_side / max(pixels.size))
            size = (round(pixels.width * scale), round(pixels.height * scale))
            objects = sorted(shapes[entry["id"]], key=lambda a: -float(a["area"]))[:MAX_OBJECTS]
            instances = _draw(objects, size, scale)
            categories = tuple(index[a["category_id"]] for a in objects)
            unlabelled = {category_names.index(name) for name in self.labelled_only_if_present}
            yield Scene(
                name=entry["file_name"],
                pixels=np.asarray(pixels.resize(size, Image.Resampling.BILINEAR)).transpose(
                    2, 0, 1
                ),
                instances=instances,
                categories=categories,
                areas=tuple(
                    np.bincount(instances.ravel(), minlength=len(objects) + 1)[1:].tolist()
                ),
                unlabelled=frozenset(unlabelled - set(categories)),
            )

    def _pixels(self, entry: dict[str, Any]) -> Image.Image:
        path = self.images / entry["file_name"]
        try:
            pixels = Image.open(path).convert("RGB")
        except OSError as cause:
            raise InputError(f"The image {path} cannot be read: {cause}") from cause
        if pixels.size != (entry["width"], entry["height"]):
            raise InputError(
                f"{path} is {pixels.width} x {pixels.height} pixels, but its annotations say "
                f"{entry['width']} x {entry['height']}."
            )
        return pixels


def _category_index(data: dict[str, Any]) -> dict[Any, int]:
    ids = sorted(category["id"] for category in data["categories"])
    return {id_: number for number, id_ in enumerate(ids)}


def _draw(objects: list[dict[str, Any]], size: tuple[int, int], scale: float) -> NDArray[np.uint8]:
    """Numbered objects, smaller ones over larger ones."""
    shapes = [
        (
            {
                "type": "MultiPolygon",
                "coordinates": [[ring] for ring in _rings(a["segmentation"], scale)],
            },
            i + 1,
        )
        for i, a in enumerate(objects)
    ]
    width, height = size
    if not shapes:
        return np.zeros((height, width), np.uint8)
    drawn: NDArray[np.uint8] = rasterize(shapes, out_shape=(height, width), dtype="uint8")
    return drawn


def _rings(segmentation: Any, scale: float) -> list[list[tuple[float, float]]]:
    """Rings of a COCO polygon list; some files store the list as text."""
    polygons = json.loads(segmentation) if isinstance(segmentation, str) else segmentation
    rings = []
    for flat in polygons:
        points = [(x * scale, y * scale) for x, y in zip(flat[::2], flat[1::2], strict=True)]
        rings.append([*points, points[0]])
    return rings
