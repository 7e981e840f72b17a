"""RefSegRS and RISBench, in the layouts they are published in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.formats import refsegrs, risbench
from engine.errors import InputError
from engine.language.categories import only_named
from tests.engine.data import folders

AWKWARD = "\ufeff1.tif the  road\tat the left \r\n\r\n   \n2 the van on\u00a0it\n1\n"


def test_refsegrs_is_read_with_and_without_suffixes(tmp_path: Path) -> None:
    first, second, third = refsegrs.read(folders.refsegrs(tmp_path, "val", AWKWARD), "val")
    assert [s.expression for s in (first, second, third)] == [
        "the road at the left",
        "the van on it",
        "",
    ]
    assert [s.image for s in (first, second)] == [tmp_path / f"images/{n}.tif" for n in (1, 2)]
    assert [s.where.rpartition(", ")[2] for s in (first, second, third)] == [
        "line 1",
        "line 4",
        "line 5",
    ]
    assert np.array_equal(first.mask, folders.mask() > 0)
    assert (first.category, second.category) == ("road", "van")


def test_risbench_is_read(tmp_path: Path) -> None:
    lines = "1.png The storage tank below\r\n2.png a ship beside the bridge"
    first, second = risbench.read(folders.risbench(tmp_path, "test", lines), "test")
    assert (first.image, first.expression) == (
        tmp_path / "img_rgb/1.png",
        "The storage tank below",
    )
    assert (first.category, second.category) == ("storage tank", "")
    assert np.array_equal(second.mask, folders.mask() > 0)


@pytest.mark.parametrize("folder", [folders.refsegrs, folders.risbench])
def test_without_a_split_all_are_read_that_are_there(tmp_path: Path, folder) -> None:
    for split in ("test", "train"):
        folder(tmp_path, split, f"1 the {split}\n2 another\n")
    read = refsegrs.read if folder is folders.refsegrs else risbench.read
    assert [sample.split for sample in read(tmp_path)] == ["train"] * 2 + ["test"] * 2
    with pytest.raises(InputError, match=r"output_phrase_val\.txt cannot be read"):
        list(read(tmp_path, "val"))


def test_a_folder_without_lists_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none of output_phrase_train"):
        list(risbench.read(tmp_path))


def test_a_list_that_is_no_text_is_named(tmp_path: Path) -> None:
    folders.refsegrs(tmp_path, "train", "")
    (tmp_path / "output_phrase_train.txt").write_bytes(b"1 the \xff\xfe\n")
    with pytest.raises(InputError, match=r"output_phrase_train\.txt cannot be read"):
        list(refsegrs.read(tmp_path))


@pytest.mark.parametrize(("value", "counts"), [(50, False), (51, True), (255, True)])
def test_the_foreground_of_refsegrs_is_above_50(tmp_path: Path, value: int, counts: bool) -> None:
    root = folders.refsegrs(tmp_path, "train", "1 the road")
    folders.picture(root / "masks/1.tif", folders.mask(value))
    (sample,) = refsegrs.read(root)
    assert sample.mask.sum() == (6 if counts else 0)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_a_mask_may_be_stored_in_any_kind_of_image(tmp_path: Path, mode: str) -> None:
    root = folders.refsegrs(tmp_path, "train", "1 the road")
    image = Image.fromarray(folders.mask())
    image = image.quantize(2) if mode == "P" else image.convert(mode)
    image.save(root / "masks/1.tif")
    (sample,) = refsegrs.read(root)
    assert np.array_equal(sample.mask, folders.mask() > 0)


def test_the_darkest_colour_is_foreground_in_risbench(tmp_path: Path) -> None:
    """A luminance would round it to black."""
    root = folders.risbench(tmp_path, "train", "1.png the ship")
    blue = np.zeros((folders.HEIGHT, folders.WIDTH, 3), np.uint8)
    blue[..., 2] = folders.mask(1)
    folders.picture(root / "mask/1.png", blue)
    (sample,) = risbench.read(root)
    assert np.array_equal(sample.mask, folders.mask() > 0)


def test_a_mask_that_is_missing_or_damaged_is_named_with_its_line(tmp_path: Path) -> None:
    root = folders.risbench(tmp_path, "train", "1.png the ship\n2.png the ship\n3.png the ship")
    whole = (root / "mask/1.png").read_bytes()
    (root / "mask/1.png").write_bytes(whole[:-20])
    (root / "mask/2.png").write_bytes(b"no image")
    for sample, reason in zip(
        risbench.read(root), ["cannot be read"] * 2 + ["is not there"], strict=True
    ):
        with pytest.raises(InputError, match=rf"line (\d): the mask .*\1\.png .*{reason}"):
            _ = sample.mask


@pytest.mark.parametrize(
    ("sentence", "category"),
    [
        ("the road marking", "road marking"),
        ("Road-markings along the lane", "road marking"),
        ("the road marking on the road", ""),
        ("buses", "bus"),
        ("a cargo", ""),
        ("low vegetation, and more low vegetation", "low vegetation"),
    ],
)
def test_a_category_is_the_only_one_that_the_sentence_names(sentence: str, category: str) -> None:
    assert only_named(sentence, refsegrs.CATEGORIES) == category
