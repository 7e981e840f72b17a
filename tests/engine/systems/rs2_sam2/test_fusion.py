"""The bidirectional hierarchical fusion module: where it sits in Hiera, and what text does."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from sam2.modeling.backbones.hieradet import Hiera
from torch import Tensor

from engine.systems.rs2_sam2.config import FusionConfig
from engine.systems.rs2_sam2.hierarchical_fusion import FusedHiera, FusionAdapter

HIERA = {
    "embed_dim": 16,
    "stages": (1, 2, 2, 1),
    "global_att_blocks": (4,),
    "window_spec": (8, 4, 6, 3),
    "window_pos_embed_bkg_spatial_size": (7, 7),
}
TEXT_DIM = 32


def trunk(config: FusionConfig | None = None) -> FusedHiera:
    torch.manual_seed(0)
    return FusedHiera(TEXT_DIM, config or FusionConfig(), **HIERA).eval()


def inputs(size: tuple[int, int] = (64, 64)) -> tuple[Tensor, Tensor]:
    torch.manual_seed(1)
    return torch.randn(2, 3, *size), torch.randn(2, 5, TEXT_DIM)


@pytest.mark.parametrize("layers", ["bi", "uni", "linear"])
@pytest.mark.parametrize("size", [(64, 64), (96, 160)])
def test_adapters_that_give_nothing_leave_hiera_as_it_is(
    layers: str, size: tuple[int, int]
) -> None:
    """Windows, their padding and the pooling between stages are the library's."""
    fused = trunk(FusionConfig(layers=layers))  # type: ignore[arg-type]
    plain = Hiera(**HIERA).eval()
    plain.load_state_dict(fused.state_dict(), strict=False)
    for block in fused.blocks:
        for last in (block.Space_Adapter.D_fc2, block.MLP_Adapter.D_fc2):
            torch.nn.init.zeros_(last.weight)
            torch.nn.init.zeros_(last.bias)
    image, text = inputs(size)
    for ours, theirs in zip(fused(image, text), plain(image), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-5)


def levels(config: FusionConfig, image: Tensor, text: Tensor) -> list[Tensor]:
    """Of weights that two configurations share as far as they have them."""
    fused = trunk(config)
    fused.load_state_dict(trunk().state_dict(), strict=False)
    return fused(image, text)


@pytest.mark.parametrize(("layers", "hears"), [("bi", True), ("uni", True), ("linear", False)])
def test_text_reaches_every_level_unless_the_layers_are_linear(layers: str, hears: bool) -> None:
    image, text = inputs()
    config = FusionConfig(layers=layers)  # type: ignore[arg-type]
    pairs = zip(levels(config, image, text), levels(config, image, -text), strict=True)
    assert [not torch.allclose(a, b, atol=1e-6) for a, b in pairs] == [hears] * 4


@pytest.mark.parametrize(
    "change",
    [
        {"layers": "uni"},
        {"layers": "linear"},
        {"order": "parallel"},
        {"branch": "plain"},
        {"text_weight": 0.5},
        {"image_weight": 1.0},
    ],
)
def test_every_switch_of_the_layers_changes_the_features(change: dict[str, object]) -> None:
    image, text = inputs()
    config = replace(FusionConfig(), **change)  # type: ignore[arg-type]
    coarsest, other = levels(FusionConfig(), image, text)[-1], levels(config, image, text)[-1]
    assert not torch.allclose(coarsest, other, atol=1e-5)


@pytest.mark.parametrize("order", ["sequential", "parallel"])
def test_the_text_looks_at_the_image_after_or_before_it_is_enhanced(order: str) -> None:
    """After it as published, before it as in Eq. 1; then it keeps 1 - alpha_t of itself."""
    torch.manual_seed(0)
    adapter = FusionAdapter(16, TEXT_DIM, FusionConfig(order=order))  # type: ignore[arg-type]
    x, text = torch.randn(1, 4, 4, 16), torch.randn(1, 5, TEXT_DIM)
    words, image = adapter.text_in_linear(text), adapter.narrow(x).flatten(1, 2)
    enhanced = adapter.vlfusion_module(image, words) + image
    words = words + adapter.lvfusion_module(words, enhanced if order == "sequential" else image)
    expected = 0.8 * text + 0.2 * adapter.text_out_linear(words)
    assert torch.allclose(adapter(x, text)[1], expected, atol=1e-6)


def test_a_text_that_only_enhances_stays_as_it_is() -> None:
    adapter = FusionAdapter(16, TEXT_DIM, FusionConfig(layers="uni"))
    text = torch.randn(1, 5, TEXT_DIM)
    assert torch.equal(adapter(torch.randn(1, 4, 4, 16), text)[1], text)
