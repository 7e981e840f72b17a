"""The files of a measurement: apart from what it is made of, and all or none."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from engine.data.formats.datasets import Dataset
from engine.data.formats.jsonl import encode_mask
from engine.errors import OutputError
from engine.evaluation.measured import Files, measure
from engine.systems import loading
from tests.engine.painting import Oracle, painted, truth, write


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    write(tmp_path / "a.tif", painted(truth()))
    row = {
        "split": "val",
        "image_id": 1,
        "sent": "the ship",
        "file_name": "a.tif",
        "segmentation": encode_mask(truth()),
    }
    (tmp_path / "annotations.jsonl").write_text(json.dumps(row) + "\n")
    return Dataset("jsonl", tmp_path / "annotations.jsonl")


@pytest.mark.parametrize("kind", ["json", "markdown", "contact_sheet"])
@pytest.mark.parametrize("read", ["a.tif", "annotations.jsonl"])
@pytest.mark.parametrize("linked", [False, True])
def test_no_report_takes_the_place_of_a_sample(
    dataset: Dataset, kind: str, read: str, linked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(loading, "load")
    folder = dataset.root.parent
    if linked:
        os.link(folder / read, folder / "link")
    path = folder / ("link" if linked else read)
    before = path.read_bytes()
    with pytest.raises(OutputError, match="is read, and would be written over"):
        measure("rsrefseg2-compact", dataset, "val", Files(**{kind: path}))
    assert path.read_bytes() == before


def test_two_reports_are_two_files(dataset: Dataset) -> None:
    path = dataset.root.with_name("report")
    with pytest.raises(OutputError, match="are one file"):
        measure("rsrefseg2-compact", dataset, "val", Files(path, path))


def test_reports_are_written(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "load", lambda model, device: Oracle())
    files = Files(*(dataset.root.with_name(name) for name in ("r.json", "r.md", "r.png")))
    assert measure("rsrefseg2-compact", dataset, "val", files)["mIoU"] == 1
    assert all(path.is_file() for path in files.paths)


@pytest.mark.parametrize("read", ["output_phrase_val.txt", "images/1.tif", "masks/1.tif"])
def test_nor_of_any_file_of_a_published_data_set(
    tmp_path: Path, read: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, pixels in (("images", painted(truth())), ("masks", truth()[None] * np.uint8(255))):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "1.tif", pixels)
    (tmp_path / "output_phrase_val.txt").write_text("1 the ship\n")
    dataset = Dataset("refsegrs", tmp_path)
    before = (tmp_path / read).read_bytes()
    with pytest.raises(OutputError, match="is read, and would be written over"):
        measure("rsrefseg2-compact", dataset, "val", Files(json=tmp_path / read))
    assert (tmp_path / read).read_bytes() == before
    monkeypatch.setattr(loading, "load", lambda model, device: Oracle())
    for _ in range(2):
        measure("rsrefseg2-compact", dataset, "val", Files(json=tmp_path / "report.json"))
