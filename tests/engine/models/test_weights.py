"""Weights files: what they hold, without running what they hold."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
import torch
from torch import nn

from engine.errors import ModelError
from engine.models.weights import fit, pretrained_files, read_small, read_tensors, save_small


class _Command:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("code from a weights file ran",)


def test_code_in_a_weights_file_never_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save({"state_dict": _Command()}, tmp_path / "evil.pth")
    with pytest.raises(ModelError, match="wants to run code"):
        read_tensors(tmp_path / "evil.pth")
    assert "ran" not in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"not weights at all", pickle.dumps([1, 2], protocol=2)])
@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=name):
        read_tensors(tmp_path / name)


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
def test_a_truncated_file_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write = save_small if path.suffix == ".safetensors" else torch.save
    write({"weight": torch.randn(300, 30)}, path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ModelError, match=rf"{name} cannot be read as weights"):
        read_tensors(path)


def test_large_tables_are_bytes_and_all_else_two(tmp_path: Path) -> None:
    torch.manual_seed(0)
    state = {"table": torch.randn(10_000, 8), "matrix": torch.randn(9_999, 8)}
    save_small(state, tmp_path / "small.safetensors")
    halves = 2 * sum(tensor.numel() for tensor in state.values())
    assert (tmp_path / "small.safetensors").stat().st_size < halves
    read = read_small(tmp_path / "small.safetensors")
    step = state["table"].abs().amax(1, keepdim=True) / 127  # itself kept in two bytes
    assert ((read["table"] - state["table"]).abs() < 0.57 * step).all()
    assert torch.allclose(read["matrix"].float(), state["matrix"], atol=0.002)


def index(folder: Path, shards: object) -> None:
    content = {"metadata": {}, "weight_map": shards}
    (folder / "model.safetensors.index.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("shards", "wrong"),
    [
        ({"a": "one.safetensors", "b": "two.safetensors"}, r"two\.safetensors"),
        ({"a": "../one.safetensors"}, r"one\.safetensors"),
        ({}, "none at all"),
        (["one.safetensors"], "no list of shards"),
        ({"a": 1}, "no list of shards"),
    ],
)
def test_a_list_of_shards_that_are_not_there_is_refused(
    tmp_path: Path, shards: object, wrong: str
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    for place in (folder, tmp_path):
        (place / "one.safetensors").touch()
    index(folder, shards)
    with pytest.raises(ModelError, match=rf"index\.json.*{wrong}"):
        pretrained_files(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b"{}"])
def test_a_damaged_list_of_shards_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pytorch_model.bin.index.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"pytorch_model\.bin\.index\.json is no list of shards"):
        pretrained_files(tmp_path)


def test_a_folder_without_weights_says_what_to_put_there(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"Put model\.safetensors or pytorch_model\.bin there"):
        pretrained_files(tmp_path)


def test_nothing_is_loaded_where_something_does_not_fit() -> None:
    model = nn.Linear(3, 2)
    before = model.weight.detach().clone()
    state = {"weight": torch.ones(2, 3), "bias": torch.ones(3), "other": torch.ones(1)}
    with pytest.raises(ModelError) as refused:
        fit(model, state, "Tiny")
    assert str(refused.value) == (
        "These weights do not fit Tiny. unexpected: other; "
        "of another shape: bias is (3,), the model's (2,)."
    )
    assert torch.equal(model.weight, before)
    with pytest.raises(ModelError, match="missing: bias"):
        fit(model, {"weight": torch.ones(2, 3)}, "Tiny")
    fit(model, {"weight": torch.ones(2, 3)}, "Tiny", needed=["weight"])
    assert (model.weight == 1).all()
