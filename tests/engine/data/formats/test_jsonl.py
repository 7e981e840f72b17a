"""RSRefSeg's jsonl, with both kinds of RLE."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from engine.data.formats import jsonl
from engine.errors import InputError
from tests.engine.data.folders import counts

masks = arrays(
    bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12), elements=st.booleans()
)


@given(masks)
def test_both_kinds_of_rle_give_the_mask(mask: np.ndarray) -> None:
    assert np.array_equal(jsonl.decode_mask(counts(mask)), mask)
    assert np.array_equal(jsonl.decode_mask(jsonl.encode_mask(mask)), mask)
    assert np.array_equal(jsonl.decode_mask([counts(mask)]), mask)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Image.new("RGB", (6, 4)).save(tmp_path / "a.jpg")
    mask = np.zeros((4, 6), bool)
    mask[1, 2:5] = True
    rows = [
        {
            "split": split,
            "image_id": 1,
            "sent": f"the {split}",
            "file_name": "a.jpg",
            "segmentation": counts(mask),
        }
        for split in ("train", "val")
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    return tmp_path


def test_a_split_is_read(folder: Path) -> None:
    (sample,) = jsonl.read(folder / "rows.jsonl", folder, "val")
    assert sample.expression == "the val"
    assert sample.mask.sum() == 3
    assert len(list(jsonl.read(folder / "rows.jsonl", folder))) == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 1: no JSON"),
        ('{"split": "val"}', "line 1: sent, file_name, segmentation is missing"),
        ("7", "line 1: no JSON object"),
        (
            '{"split": "val", "sent": "a", "file_name": "a.jpg", "segmentation": []}',
            "line 1: the segmentation is empty",
        ),
        (
            '{"split": "val", "sent": "a", "file_name": "a.jpg", "segmentation": {"size": [4]}}',
            "line 1: .*no COCO RLE",
        ),
        (
            '{"split": "val", "sent": "a", "file_name": "a.jpg", '
            '"segmentation": {"size": [4, 6], "counts": [1]}}',
            "line 1",
        ),
    ],
)
def test_a_bad_line_is_named(folder: Path, line: str, message: str) -> None:
    (folder / "bad.jsonl").write_text(line)
    with pytest.raises(InputError, match=message):
        [sample.mask for sample in jsonl.read(folder / "bad.jsonl", folder)]


def test_samples_are_listed_whether_or_not_their_images_are_there(folder: Path) -> None:
    (folder / "a.jpg").unlink()
    samples = list(jsonl.read(folder / "rows.jsonl", folder))
    assert [sample.image for sample in samples] == [folder / "a.jpg"] * 2


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.jsonl cannot be read"):
        list(jsonl.read(tmp_path / "none.jsonl", tmp_path))
