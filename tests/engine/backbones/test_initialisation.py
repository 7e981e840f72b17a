"""Weights that are about to be loaded are not drawn first, and it makes no difference."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from engine.backbones.initialisation import WithoutInitialisation
from engine.systems.rsrefseg2.config import RSRefSeg2Config
from engine.systems.rsrefseg2.model import RSRefSeg2
from tests.engine.systems.conftest import siglip_config, tiny_config

LAYERS: dict[str, Callable[[], nn.Module]] = {
    "linear": lambda: nn.Linear(8, 8),
    "convolution": lambda: nn.Conv2d(3, 8, 3),
    "embedding": lambda: nn.Embedding(9, 8),
    "attention": lambda: nn.MultiheadAttention(8, 2),
    "recurrent": lambda: nn.LSTM(4, 4),
}


@pytest.mark.parametrize("build", LAYERS.values(), ids=LAYERS)
def test_no_number_is_drawn_inside_and_again_outside(build: Callable[[], nn.Module]) -> None:
    before = torch.get_rng_state()
    with WithoutInitialisation():
        build()
    assert torch.equal(torch.get_rng_state(), before)
    build()
    assert not torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    "fill",
    [
        lambda x: x.normal_(),
        lambda x: x.uniform_(-1, 1),
        lambda x: nn.init.trunc_normal_(x, std=0.02),
        lambda x: nn.init.trunc_normal_(tensor=x),
        lambda x: nn.init.kaiming_uniform_(x, a=5**0.5),
        lambda x: nn.init.xavier_normal_(x),
    ],
)
def test_a_fill_is_one_number_whatever_was_there(
    fill: Callable[[torch.Tensor], torch.Tensor],
) -> None:
    """A truncated normal draws again what lies outside its bounds: it must come to an end."""
    tensor = torch.full((4, 4), 7.0)
    with WithoutInitialisation():
        assert fill(tensor) is tensor
    assert tensor.unique().numel() == 1
    assert -2 <= tensor[0, 0] <= 2


def test_constants_are_set_as_ever() -> None:
    with WithoutInitialisation():
        norm = nn.LayerNorm(8)
        zeros = torch.zeros(3)
    assert (norm.weight == 1).all()
    assert (norm.bias == 0).all()
    assert (zeros == 0).all()


@torch.inference_mode()
@pytest.mark.parametrize(
    ("config", "length"), [(tiny_config, 24), (siglip_config, 8)], ids=["open_clip", "SigLIP"]
)
def test_a_model_built_inside_gives_the_same_masks_once_its_weights_are_loaded(
    config: Callable[[], RSRefSeg2Config], length: int
) -> None:
    torch.manual_seed(0)
    drawn = RSRefSeg2(config()).eval()
    with WithoutInitialisation():
        loaded = RSRefSeg2(config()).eval()
    loaded.load_state_dict(drawn.state_dict())
    image, ids = torch.rand(2, 3, 64, 64), torch.randint(1, 40, (2, length))
    expected, found = drawn(image, ids), loaded(image, ids)
    assert torch.allclose(found.masks.logits, expected.masks.logits, atol=1e-5)
    assert torch.allclose(found.prompts.sparse, expected.prompts.sparse, atol=1e-5)
