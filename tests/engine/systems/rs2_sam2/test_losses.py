"""The losses of RS2-SAM2, and how its values decide."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from engine.systems.rs2_sam2 import losses
from engine.systems.rs2_sam2.config import LossConfig
from engine.systems.rs2_sam2.decision import foreground_logits, two_channels

SOFT = LossConfig(boundary_form="soft")
THRESHOLDED = LossConfig(boundary_form="thresholded")


def square(size: int = 8) -> Tensor:
    """A target `(1, size, size)` with a square inside."""
    target = torch.zeros(1, size, size, dtype=torch.int64)
    target[:, 2:6, 2:6] = 1
    return target


def values(target: Tensor, certainty: float = 20.0) -> Tensor:
    """Values `(1, 1, size, size)` that say what the target says."""
    return (certainty * (2 * target[:, None] - 1)).double()


def test_the_foreground_wins_above_one_half() -> None:
    x = torch.tensor([-3.0, 0.0, 0.49, 0.5, 0.51, 4.0]).view(1, 1, 1, -1)
    channels = two_channels(x)
    assert channels.argmax(1).flatten().tolist() == [0, 0, 0, 0, 1, 1]
    assert torch.allclose(channels.softmax(1)[:, 1:], foreground_logits(x).sigmoid())


def test_a_missed_foreground_pixel_costs_more_than_a_false_one() -> None:
    """Both pixels are equally wrong, so the mean's weights are the classes' shares."""
    logits = torch.zeros(1, 2, 1, 2, dtype=torch.float64)
    logits[0, 0, 0, 0] = 3.0  # background over a pixel of foreground
    target = torch.tensor([[[1, 0]]])
    wrong, undecided = torch.tensor(3.0).exp().log1p(), torch.tensor(2.0).log()
    expected = (1.1 * wrong + 0.9 * undecided) / 2.0
    assert losses.cross_entropy(logits, target, (0.9, 1.1)).item() == pytest.approx(expected.item())


def test_dice_is_summed_over_classes_and_samples() -> None:
    target = square()
    right, wrong = two_channels(values(target)), two_channels(values(1 - target))
    assert losses.dice(right, target).item() == pytest.approx(0, abs=1e-6)
    assert losses.dice(wrong, target).item() == pytest.approx(2, abs=1e-6)
    both = torch.cat([wrong, wrong]), torch.cat([target, target])
    assert losses.dice(*both).item() == pytest.approx(4, abs=1e-6)


def test_edges_are_differences_from_above_and_from_the_left() -> None:
    mask = torch.zeros(1, 1, 4, 4)
    mask[..., 1:3, 1:3] = 1
    expected = [[0, 0, 0, 0], [0, 2, 1, 1], [0, 1, 0, 1], [0, 1, 1, 0]]
    assert losses.edges(mask)[0, 0].tolist() == expected
    assert not losses.edges(torch.ones(1, 1, 4, 4)).any(), "the border of an image is no edge"


@pytest.mark.parametrize("config", [SOFT, THRESHOLDED])
def test_only_a_right_outline_costs_nothing(config: LossConfig) -> None:
    target, weight = square(), torch.ones(1)
    assert losses.boundary(values(target), target, weight, config).item() < 1e-6
    moved = values(target.roll(1, 2))
    assert losses.boundary(moved, target, weight, config).item() > 0.1
    three = losses.boundary(moved, target, 3 * weight, config).item()
    assert three == pytest.approx(9 * losses.boundary(moved, target, weight, config).item())


@pytest.mark.parametrize(("config", "reached"), [(SOFT, True), (THRESHOLDED, False)])
def test_only_a_soft_boundary_teaches_the_mask(config: LossConfig, reached: bool) -> None:
    torch.manual_seed(0)
    x = torch.randn(1, 1, 8, 8, requires_grad=True)
    weight = torch.ones(1, requires_grad=True)
    losses.boundary(x, square(), weight, config).backward()
    assert (x.grad is not None and bool(x.grad.any())) is reached
    assert weight.grad is not None
    assert weight.grad.item() > 0


@pytest.mark.parametrize("texts", ["own", "batch"])
def test_gradients_are_the_slopes_of_the_whole_loss(texts: str) -> None:
    torch.manual_seed(0)
    config = replace(SOFT, boundary_texts=texts)  # type: ignore[arg-type]
    target = torch.randint(0, 2, (2, 5, 4))
    x = torch.randn(2, 1, 5, 4, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda x, weight: sum(losses.total(x, target, weight, config).values()), (x, weight)
    )


def test_a_sample_is_weighted_by_its_own_text_or_by_all_of_the_batch() -> None:
    """The published form is the paper's where a batch is one sample."""
    torch.manual_seed(0)
    own = replace(THRESHOLDED, boundary_texts="own")
    target, x, weight = square().repeat(2, 1, 1), torch.randn(2, 1, 8, 8), torch.tensor([1.0, 0])
    each = [
        [losses.boundary(x[[i]], target[[i]], weight[[j]], THRESHOLDED) for j in (0, 1)]
        for i in (0, 1)
    ]
    alone = losses.boundary(x[[0]], target[[0]], weight[[0]], own)
    assert alone.item() == pytest.approx(each[0][0].item())
    assert losses.boundary(x, target, weight, own) == pytest.approx((each[0][0] / 2).item())
    mean = (each[0][0] + each[0][1] + each[1][0] + each[1][1]) / 4
    assert losses.boundary(x, target, weight, THRESHOLDED) == pytest.approx(mean.item())


@pytest.mark.parametrize(
    ("config", "ce"), [(LossConfig(), 0.9), (LossConfig.paper(), 1.0)], ids=["published", "paper"]
)
def test_the_parts_are_weighted(config: LossConfig, ce: float) -> None:
    torch.manual_seed(0)
    target, x, weight = square(), torch.randn(1, 1, 8, 8), torch.tensor([0.7])
    parts = losses.total(x, target, weight, config)
    channels = two_channels(x)
    assert {name: part.item() for name, part in parts.items()} == pytest.approx(
        {
            "ce": ce * losses.cross_entropy(channels, target, (0.9, 1.1)).item(),
            "dice": 0.1 * losses.dice(channels, target).item(),
            "boundary": 0.2 * losses.boundary(x, target, weight, config).item(),
        }
    )
    without = losses.total(x, target, weight, replace(config, boundary=0.0))
    assert set(without) == {"ce", "dice"}
