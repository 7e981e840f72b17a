"""BEiT-3 besides its numbers, which the golden cases hold."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.backbones.beit3 import Beit3, Beit3Sizes

SIZES = Beit3Sizes(
    dim=16, heads=2, layers=2, ffn=32, image=32, patch=8, vocabulary=40, positions=14
)


@pytest.fixture
def model() -> Beit3:
    torch.manual_seed(0)
    return Beit3(SIZES).eval()


def pair(length: int = 6) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(1)
    ids = torch.randint(4, 40, (1, length))
    return torch.randn(1, 3, 32, 32), ids, torch.ones(1, length, dtype=torch.bool)


def test_an_expression_gives_the_same_with_padding_behind_it(model: Beit3) -> None:
    image, ids, valid = pair()
    alone = model(image, ids, valid)
    ids = torch.cat([ids, torch.full((1, 3), 3)], 1)
    padded = model(image, ids, torch.arange(9)[None] < 6)
    assert torch.allclose(alone.cls, padded.cls, atol=1e-6)
    assert torch.allclose(alone.patches, padded.patches, atol=1e-6)
    assert torch.allclose(alone.words, padded.words[:, :6], atol=1e-6)
    unmasked = model(image, ids, torch.ones(1, 9, dtype=torch.bool))
    assert not torch.allclose(alone.cls, unmasked.cls, atol=1e-3)


def test_image_and_text_see_each_other(model: Beit3) -> None:
    image, ids, valid = pair()
    base = model(image, ids, valid)
    assert not torch.allclose(base.words, model(-image, ids, valid).words, atol=1e-3)
    assert not torch.allclose(base.patches, model(image, ids.flip(1), valid).patches, atol=1e-4)


def test_patches_come_in_rows_after_the_cls_token(model: Beit3) -> None:
    for layer in model.encoder.layers:  # without attention a patch knows only itself
        torch.nn.init.zeros_(layer.self_attn.out_proj.A.weight)
        torch.nn.init.zeros_(layer.self_attn.out_proj.A.bias)
    image, ids, valid = pair()
    base = model(image, ids, valid)
    image[..., 8:16, 24:32] += 1  # second row, fourth column of a grid of four
    changed = (model(image, ids, valid).patches - base.patches).abs().sum(-1)[0].nonzero()
    assert changed.flatten().tolist() == [7]
    assert base.cls.shape == (1, 1, 16)
    assert base.words.shape == (1, 6, 16)


@pytest.mark.parametrize(("length", "fits"), [(SIZES.longest_text, True), (13, False)])
def test_the_longest_text_is_what_the_table_of_positions_holds(
    model: Beit3, length: int, fits: bool
) -> None:
    assert SIZES.longest_text == 12
    if fits:
        assert model(*pair(length)).words.shape == (1, length, 16)
    else:
        with pytest.raises(IndexError):
            model(*pair(length))
