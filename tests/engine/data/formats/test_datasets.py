"""One way to every data set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.data.formats.datasets import FORMATS, Dataset
from engine.errors import InputError
from tests.engine.data import folders


def published(root: Path, format: str) -> Path:
    """A data set with one sample for training and one for validation."""
    if format == "rrsis-d":
        return folders.rrsis_d(root, [folders.ref(1), folders.ref(2, "val")])
    if format == "jsonl":
        lines = [
            json.dumps(
                {
                    "split": split,
                    "sent": "the ship",
                    "file_name": folders.picture(root / f"{split}.png").name,
                    "segmentation": folders.counts(folders.mask()),
                }
            )
            for split in ("train", "val")
        ]
        (root / "all.jsonl").write_text("\n".join(lines))
        return root / "all.jsonl"
    write = folders.refsegrs if format == "refsegrs" else folders.risbench
    suffix = "" if format == "refsegrs" else ".png"
    write(root, "train", f"1{suffix} the ship")
    return write(root, "val", f"2{suffix} the ship")


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_gives_samples_by_split(tmp_path: Path, format: str) -> None:
    dataset = Dataset(format, published(tmp_path, format))
    (sample,) = dataset.samples("val")
    assert (sample.split, int(sample.mask.sum())) == ("val", 6)
    assert sample.image.is_file()
    assert [s.split for s in dataset.samples()] == ["train", "val"]


def test_a_jsonl_file_may_have_its_images_elsewhere(tmp_path: Path) -> None:
    file = published(tmp_path, "jsonl")
    (sample, _) = Dataset("jsonl", file, tmp_path / "images").samples()
    assert sample.image == tmp_path / "images/train.png"


def test_what_is_no_data_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'coco' is no format.* jsonl, refsegrs, rrsis-d, risb"):
        Dataset("coco", tmp_path)
    with pytest.raises(InputError, match="own images"):
        Dataset("risbench", tmp_path, images=tmp_path)
