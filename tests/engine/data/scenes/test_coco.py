"""COCO files with their traps."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.scenes.coco import CocoInstances
from engine.errors import InputError

SHARED = Path(__file__).parents[5] / "shared/data/vhr10"


def write(
    folder: Path, *, as_text: bool = False, size: tuple[int, int] = (40, 30)
) -> CocoInstances:
    """Two images: a square ship with a smaller tank on it, and nothing at all."""
    square = [[5, 5, 25, 5, 25, 20, 5, 20]]
    small = [[10, 10, 14, 10, 14, 14, 10, 14]]
    annotations = [
        {"image_id": 7, "category_id": 3, "segmentation": small, "area": 16},
        {"image_id": 7, "category_id": 1, "segmentation": square, "area": 300},
    ]
    for annotation in annotations:
        if as_text:
            annotation["segmentation"] = json.dumps(annotation["segmentation"])
    images = [
        {"id": 7, "file_name": "b.jpg", "width": 40, "height": 30},
        {"id": 8, "file_name": "a.jpg", "width": 40, "height": 30},
    ]
    categories = [{"id": 3, "name": "storage_tank"}, {"id": 1, "name": "ship"}]
    (folder / "instances.json").write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": categories})
    )
    for name in ("a.jpg", "b.jpg"):
        Image.new("RGB", size).save(folder / name)
    return CocoInstances(folder / "instances.json", folder)


@pytest.mark.parametrize("as_text", [False, True])
def test_polygons_become_numbered_objects_smaller_ones_on_top(
    tmp_path: Path, as_text: bool
) -> None:
    empty, scene = write(tmp_path, as_text=as_text).scenes()
    assert (empty.name, scene.name) == ("a.jpg", "b.jpg")
    assert not empty.instances.any()
    assert scene.categories == (0, 1)
    assert scene.instances[7, 7] == 1
    assert scene.instances[12, 12] == 2
    assert scene.areas == (20 * 15 - 16, 16)


def test_names_are_read_in_the_order_of_their_ids(tmp_path: Path) -> None:
    assert write(tmp_path).categories() == ("ship", "storage tank")


def test_reduced_images_keep_their_objects_in_place(tmp_path: Path) -> None:
    (scene,) = write(tmp_path).scenes(["b.jpg"], longest_side=20)
    assert scene.pixels.shape == (3, 15, 20)
    rows, columns = np.nonzero(scene.instances)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (2, 9, 3, 12)


def test_an_image_of_another_size_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"a\.jpg is 50 x 30 pixels, but its annotations say 40 x 30"
    ):
        list(write(tmp_path, size=(50, 30)).scenes())


def test_a_missing_image_is_named(tmp_path: Path) -> None:
    source = write(tmp_path)
    (tmp_path / "a.jpg").unlink()
    with pytest.raises(InputError, match=r"a\.jpg cannot be read"):
        list(source.scenes())


@pytest.mark.parametrize("content", ["", "[1]", '{"images": []}'])
def test_a_file_of_another_kind_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(InputError, match=r"x\.json"):
        CocoInstances(tmp_path / "x.json", tmp_path).categories()


@pytest.mark.skipif(
    not SHARED.exists(), reason="the shared VHR-10 folder is not beside the repository"
)
def test_vehicles_are_unknown_where_vhr10_does_not_label_them() -> None:
    source = CocoInstances(SHARED / "instances.json", SHARED / "images", ("vehicle",))
    scenes = list(source.scenes(sorted(source.present())[::26], longest_side=64))
    vehicle = source.categories().index("vehicle")
    with_vehicles = [s for s in scenes if vehicle in s.categories]
    assert 0 < len(with_vehicles) < len(scenes)
    assert all((vehicle in s.unlabelled) != (vehicle in s.categories) for s in scenes)
