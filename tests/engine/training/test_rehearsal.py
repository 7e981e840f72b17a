"""What a model knew is asked of it again, beside what it is to learn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.data.sample import ReferringSample
from engine.errors import Cancelled
from engine.language.categories import VHR10
from engine.training import rehearsal

BRIGHT = 128


def bright_is_a_ship(pixels: torch.Tensor, texts: list[str]) -> torch.Tensor:
    """A model that knows ships, which are bright, and nothing else."""
    bright = (pixels.float().mean(0) > BRIGHT).float() * 2 - 1
    return torch.stack([bright if "ship" in text else -torch.ones_like(bright) for text in texts])


def sample(path: Path) -> ReferringSample:
    dark = np.zeros((64, 64, 3), np.uint8)
    dark[16:48, 16:40] = 255
    Image.fromarray(dark).save(path)
    nothing = np.zeros((64, 64), bool)
    return ReferringSample(path, "pond", "train", path.name, lambda: nothing)


def ask(folder: Path, samples: Sequence[ReferringSample], seed: int = 0, limit: int = 1000) -> None:
    def watch(done: int, due: int) -> None:
        if done == limit:
            raise Cancelled("Cancelled.")

    rehearsal.prepare(folder, bright_is_a_ship, VHR10, samples, 64, seed, watch)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "VIEWS", 12)
    monkeypatch.setattr(rehearsal, "LONGEST", 128)


@pytest.mark.usefixtures("few")
def test_the_truth_is_what_the_model_says(tmp_path: Path) -> None:
    ask(tmp_path, [sample(tmp_path / "a.png")])
    found = [one for split in ("train", "val") for one in rehearsal.rehearsal(tmp_path, split)]
    ships = 0
    for one in found:
        pixels = torch.from_numpy(np.asarray(Image.open(one.image)).transpose(2, 0, 1).copy())
        said = bright_is_a_ship(pixels, [one.expression])[0] > 0
        assert np.array_equal(one.mask, said.numpy())
        ships += bool(one.mask.any())
    assert len({one.image for one in found}) == 12
    # What is there is asked for, and what is not.
    assert 0 < ships < len(found)
    taught = {one.image for one in found if one.split == "train"}
    assert len(taught) == 10
    assert taught.isdisjoint(one.image for one in found if one.split == "val")


@pytest.mark.usefixtures("few")
def test_it_is_asked_once_and_alike(tmp_path: Path) -> None:
    samples = [sample(tmp_path / "a.png")]

    def said(folder: Path) -> str:
        return (folder / rehearsal.FOLDER / rehearsal.ANNOTATIONS).read_text("utf-8")

    for name, seed in (("first", 0), ("same", 0), ("other", 1)):
        (tmp_path / name).mkdir()
        ask(tmp_path / name, samples, seed)
    assert said(tmp_path / "first") == said(tmp_path / "same") != said(tmp_path / "other")
    ask(tmp_path / "first", samples, seed=1)
    assert said(tmp_path / "first") == said(tmp_path / "same")


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("limit", [1, 13])
def test_cancelled_it_leaves_nothing(tmp_path: Path, limit: int) -> None:
    samples = [sample(tmp_path / "a.png")]
    run = tmp_path / "run"
    with pytest.raises(Cancelled):
        ask(run, samples, limit=limit)
    assert not run.exists() or not any(run.iterdir())
    ask(run, samples)
    assert rehearsal.rehearsal(run, "train")


@given(st.integers(1, 200), st.integers(1, 600), st.floats(0.1, 0.9))
def test_both_have_their_share(samples: int, rehearsed: int, share: float) -> None:
    def named(name: str, count: int) -> list[ReferringSample]:
        one = ReferringSample(Path(name), name, "train", name, lambda: np.zeros((1, 1), bool))
        return [one] * count

    both = rehearsal.mixed(named("new", samples), named("known", rehearsed), share)
    known = sum(one.expression == "known" for one in both)
    assert known == rehearsed
    new = len(both) - known
    assert new % samples == 0
    # The number of times is whole, and no sample is left out.
    wanted = rehearsed * (1 - share) / share
    assert new == samples or abs(new - wanted) <= samples / 2


def test_nothing_known_is_nothing_rehearsed(tmp_path: Path) -> None:
    rehearsal.prepare(tmp_path, bright_is_a_ship, (), [], 64, 0, lambda *_: None)
    assert rehearsal.rehearsal(tmp_path, "train") == []
    assert not any(tmp_path.iterdir())
