"""Training batches of referring samples."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch.utils.data import DataLoader

from engine.data.batch import Batch
from engine.data.formats import refsegrs
from engine.data.referring import ReferringBatches, fit_view
from engine.data.sample import ReferringSample
from engine.errors import InputError
from tests.engine.data import folders


class Silent(ReferringBatches):
    """Batches without the images, for laws about their order."""

    def _view(self, number: int, epoch: int):
        return torch.tensor([number]), torch.tensor([epoch])


def spoken(count: int) -> list[ReferringSample]:
    return [
        ReferringSample(Path("none"), str(n), "train", f"line {n}", partial(np.zeros, (1, 1)))
        for n in range(count)
    ]


def white(folder: Path, count: int) -> list[ReferringSample]:
    """As many sentences that mean all of a white image of 300 x 200 pixels."""
    image = folders.picture(folder / "white.png", np.full((200, 300, 3), 255, np.uint8))
    load = partial(np.ones, (200, 300), bool)
    return [dataclasses.replace(sample, image=image, load=load) for sample in spoken(count)]


def said(batches: ReferringBatches) -> list[str]:
    return [sentence for batch in batches for sentence in batch.expressions]


@pytest.fixture
def samples(tmp_path: Path) -> list[ReferringSample]:
    """One image with its left half red, and what is said about it; the object at the top left."""
    root = folders.refsegrs(tmp_path, "train", "1 the road\n")
    pixels = np.full((folders.HEIGHT, folders.WIDTH, 3), 200, np.uint8)
    pixels[:, :6] = (250, 10, 10)
    folders.picture(root / "images/1.tif", pixels)
    return list(refsegrs.read(root))


def one(samples: list[ReferringSample], **options: object) -> Batch:
    return ReferringBatches(samples, 1, 0, 1, **{"side": 12, **options}).batch(0)


def same(a: Batch, b: Batch) -> bool:
    return a.expressions == b.expressions and all(
        torch.equal(getattr(a, name), getattr(b, name)) for name in ("pixels", "masks", "counts")
    )


# Order


@given(st.integers(1, 9), st.integers(1, 12), st.integers(0, 3))
def test_an_epoch_sees_every_sample_once(count: int, size: int, seed: int) -> None:
    """Also where an epoch ends within a batch, or a batch holds several."""
    names = said(Silent(spoken(count), size, 0, 3 * count, side=4, seed=seed))
    epochs = [names[i : i + count] for i in range(0, len(names), count)]
    assert len(epochs) == 3 * size
    assert all(sorted(epoch, key=int) == [str(n) for n in range(count)] for epoch in epochs)


@given(st.integers(1, 9), st.integers(1, 5), st.integers(0, 8), st.integers(0, 8))
def test_a_run_that_is_taken_up_sees_what_it_would_have_seen(
    count: int, size: int, first: int, more: int
) -> None:
    straight = said(Silent(spoken(count), size, 0, first + more, side=4))
    resumed = said(Silent(spoken(count), size, first, first + more, side=4))
    assert straight[first * size :] == resumed


def test_epochs_and_seeds_have_orders_of_their_own() -> None:
    names = said(Silent(spoken(30), 30, 0, 2, side=4))
    assert names[:30] != names[30:]
    assert said(Silent(spoken(30), 30, 0, 1, side=4, seed=1)) != names[:30]


def test_a_batch_is_the_same_whatever_came_before_and_whoever_reads_it(tmp_path: Path) -> None:
    """Black boxes too, and from another process."""
    options = {"side": 80, "black_boxes": True}
    samples = white(tmp_path, 7)
    batches = ReferringBatches(samples, 2, 0, 6, **options)
    straight = list(batches)
    loaded = list(DataLoader(batches, batch_size=None, num_workers=1))
    assert all(map(same, straight, loaded))
    assert same(ReferringBatches(samples, 2, 5, 6, **options).batch(5), straight[5])


# Views


def test_a_sample_is_stretched_over_the_square_and_not_flipped(samples) -> None:
    for step in range(6):
        batch = ReferringBatches(samples, 1, 0, 9, side=20).batch(step)
        assert batch.pixels.shape == (1, 3, 20, 20)
        red, rest = batch.pixels[0, 1, :, :8], batch.pixels[0, 1, :, 12:]
        assert (red == 10).all()
        assert (rest == 200).all()
        expected = torch.zeros(1, 1, 20, 20, dtype=torch.uint8)
        expected[..., :4, :5] = 1
        assert torch.equal(batch.masks, expected)


@pytest.mark.parametrize(("side", "rows"), [(12, 10), (24, 20), (6, 5), (7, 6)])
def test_a_padded_sample_keeps_its_ratio_and_its_padding_counts_for_nothing(
    samples, side: int, rows: int
) -> None:
    batch = one(samples, side=side, fit="pad")
    assert (batch.pixels[..., rows:, :] == 0).all()
    assert (batch.masks[..., rows:, :] == 255).all()
    assert (batch.pixels[..., :rows, :] > 0).all()
    assert (batch.masks[..., :rows, :] <= 1).all()


def test_a_tall_image_is_padded_at_the_right() -> None:
    pixels, label = torch.full((3, 8, 2), 9, dtype=torch.uint8), torch.ones(8, 2, dtype=torch.uint8)
    pixels, label = fit_view(pixels, label, 4, "pad")
    assert label[0].tolist() == [[1, 255, 255, 255]] * 4
    assert pixels[0].tolist() == [[9, 0, 0, 0]] * 4


def test_a_label_is_taken_from_the_middle_of_what_a_pixel_shows() -> None:
    label = torch.zeros(9, 9, dtype=torch.uint8)
    label[1::3, 1::3] = 1
    _, small = fit_view(torch.zeros(3, 9, 9, dtype=torch.uint8), label, 3, "stretch")
    assert (small == 1).all()


def test_a_side_that_would_vanish_keeps_a_pixel() -> None:
    label = torch.ones(1, 90, dtype=torch.uint8)
    _, fitted = fit_view(torch.zeros(3, 1, 90, dtype=torch.uint8), label, 8, "pad")
    assert fitted[0, 0].tolist() == [1] * 8


def test_what_a_sample_ignores_is_ignored(samples) -> None:
    ignored = np.zeros((folders.HEIGHT, folders.WIDTH), bool)
    ignored[-1] = True
    spoilt = dataclasses.replace(samples[0], ignored=lambda: ignored)
    masks = one([spoilt], fit="pad").masks
    assert (masks[0, 0, :, 0] == torch.tensor([1, 1] + [0] * 7 + [255] * 3)).all()


def test_no_categories_are_named(samples) -> None:
    batch = ReferringBatches(samples, 3, 0, 1, side=8).batch(0)
    assert (batch.category_names, batch.category_masks.shape) == ([], (3, 0, 8, 8))
    assert batch.counts.tolist() == [1, 1, 1]


# Black boxes


def boxed(tmp_path: Path, **options: object) -> torch.Tensor:
    """How much of each of ten samples is black, in three epochs."""
    batches = ReferringBatches(white(tmp_path, 10), 10, 0, 3, side=300, fit="pad", **options)
    share = torch.zeros(3, 10)
    for epoch, batch in enumerate(batches):
        assert (batch.masks[..., :200, :] == 1).all()
        for pixels, name in zip(batch.pixels[:, 0, :200], batch.expressions, strict=True):
            share[epoch, int(name)] = (pixels == 0).float().mean()
    return share


def test_one_sample_in_five_has_black_boxes_anew_in_every_epoch(tmp_path: Path) -> None:
    share = boxed(tmp_path, black_boxes=True)
    hidden = share.amax(0) > 0
    assert int(hidden.sum()) == 2
    assert (share[:, hidden] > 19 * 32 * 32 / 60_000 / 2).all()
    assert (share[:, hidden] <= 60 * 32 * 32 / 60_000).all()
    assert len(set(share[:, hidden].flatten().tolist())) > 3


def test_there_are_no_boxes_unless_they_are_asked_for(tmp_path: Path) -> None:
    assert not boxed(tmp_path).any()


# What cannot be read


def test_a_sample_that_cannot_be_read_is_named(samples, tmp_path: Path) -> None:
    (tmp_path / "masks/1.tif").unlink()
    with pytest.raises(InputError, match=r"train\.txt, line 1: the mask .*1\.tif is not there"):
        one(samples)
    folders.picture(tmp_path / "masks/1.tif", folders.mask()[:5])
    with pytest.raises(InputError, match=r"line 1: the mask is 12 x 5 pixels, but .* is 12 x 10"):
        one(samples)
    (tmp_path / "images/1.tif").unlink()
    with pytest.raises(InputError, match=r"train\.txt, line 1: .*1\.tif cannot be read"):
        one(samples)


def test_pixels_are_those_that_a_request_would_read(tmp_path: Path) -> None:
    """An image with a colour table is shown in its colours."""
    root = folders.refsegrs(tmp_path, "train", "1 the road")
    image = Image.fromarray(folders.mask(1), "P")
    image.putpalette([10, 20, 30, 200, 150, 100])
    image.save(root / "images/1.tif")
    pixels = one(list(refsegrs.read(root)), fit="pad").pixels
    assert pixels[0, :, 0, 0].tolist() == [200, 150, 100]
    assert pixels[0, :, 9, 9].tolist() == [10, 20, 30]


def test_without_samples_there_is_nothing_to_train_on() -> None:
    with pytest.raises(InputError, match="no sample"):
        ReferringBatches([], 1, 0, 1, side=8)
