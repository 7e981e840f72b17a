"""RRSIS-D, in the layout it is published in."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data.formats import rrsis_d
from engine.errors import InputError
from tests.engine.data import folders
from tests.engine.data.folders import ref


def test_a_split_is_read(tmp_path: Path) -> None:
    root = folders.rrsis_d(tmp_path, [ref(1), ref(2, "val", category_id=0), ref(3, "test")])
    (sample,) = rrsis_d.read(root, "val")
    assert sample.image == root / "images/rrsisd/JPEGImages/00002.jpg"
    assert sample.image.is_file()
    assert (sample.expression, sample.split) == ("The ship number 2", "val")
    assert sample.category == "Expressway-Service-area"
    assert np.array_equal(sample.mask, folders.mask() > 0)
    assert [s.split for s in rrsis_d.read(root)] == ["train", "val", "test"]


def test_the_files_own_names_for_images_and_categories_count(tmp_path: Path) -> None:
    root = folders.rrsis_d(
        tmp_path,
        [ref(1), ref(2)],
        categories=[{"id": 13, "name": "boat"}],
        images=[{"id": 1, "file_name": "other.jpg"}],
    )
    first, second = rrsis_d.read(root)
    assert (first.image.name, second.image.name) == ("other.jpg", "00002.jpg")
    assert first.category == "boat"


def test_every_sentence_of_a_reference_is_a_sample(tmp_path: Path) -> None:
    sentences = [{"raw": " the \t ship\n"}, {"sent": "a boat"}]
    root = folders.rrsis_d(tmp_path, [ref(1, sentences=sentences)])
    assert [s.expression for s in rrsis_d.read(root)] == ["the ship", "a boat"]


def test_a_missing_annotation_is_told_when_the_mask_is_asked_for(tmp_path: Path) -> None:
    first, second = rrsis_d.read(folders.rrsis_d(tmp_path, [ref(1, ann_id=7), ref(2)]))
    with pytest.raises(InputError, match=r"reference 1: .*no annotation 7"):
        _ = first.mask
    assert second.mask.any()


@pytest.mark.parametrize(
    "segmentation", [[], {}, [{"size": [10, 12], "counts": [5]}], "polygon", [[1, 2, 3]]]
)
def test_a_segmentation_that_is_no_rle_is_named(tmp_path: Path, segmentation: Any) -> None:
    root = folders.rrsis_d(
        tmp_path, [ref(1)], annotations=[{"id": 1, "segmentation": segmentation}]
    )
    (sample,) = rrsis_d.read(root)
    with pytest.raises(InputError, match="reference 1: the segmentation is"):
        _ = sample.mask


@pytest.mark.parametrize("wrong", ["no reference", {"split": "train"}, ref(1, sentences=[3])])
def test_a_reference_that_is_none_is_named(tmp_path: Path, wrong: Any) -> None:
    root = folders.rrsis_d(tmp_path, [ref(1)])
    (root / "rrsisd/refs(unc).p").write_bytes(pickle.dumps([ref(1), wrong], 2))
    with pytest.raises(InputError, match=r"refs\(unc\)\.p, reference 2: it is none"):
        list(rrsis_d.read(root))


def test_references_that_are_no_list_are_refused(tmp_path: Path) -> None:
    root = folders.rrsis_d(tmp_path, [])
    (root / "rrsisd/refs(unc).p").write_bytes(pickle.dumps({"refs": []}))
    with pytest.raises(InputError, match="holds no list of references"):
        list(rrsis_d.read(root))


@pytest.mark.parametrize("content", ["{", "[]", '{"annotations": [{"id": 1}]}'])
def test_annotations_that_are_none_are_named(tmp_path: Path, content: str) -> None:
    root = folders.rrsis_d(tmp_path, [ref(1)])
    (root / "rrsisd/instances.json").write_text(content)
    with pytest.raises(InputError, match=r"instances\.json cannot be read"):
        list(rrsis_d.read(root))
