"""open_clip's towers, opened at every position, still say what open_clip says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from open_clip.model import CLIP, CustomTextCLIP
from torch import nn

from engine.backbones import open_clip
from engine.backbones.initialisation import WithoutInitialisation
from engine.backbones.open_clip import OpenClipDualEncoder, OpenClipSizes
from engine.errors import ModelError

DIM = 16
TEXT = {"width": 32, "layers": 2, "heads": 2, "context_length": 24}
EXPRESSIONS = ["the ship", "all the storage tanks at the lower left", "plane"]


def vit(kind: type[nn.Module] = CLIP, pool: str = "tok", **text: object) -> nn.Module:
    sizes = {"layers": 2, "width": 32, "head_width": 16, "patch_size": 8, "image_size": 32}
    return kind(DIM, {**sizes, "pool_type": pool}, {**TEXT, **text})


def resnet() -> nn.Module:
    vision = {"layers": (1, 1, 1, 1), "width": 8, "head_width": 64, "image_size": 128}
    return CLIP(DIM, vision, TEXT)


def trunk(side: int = 64) -> nn.Module:
    text = {"text_width": 32, "text_layers": 2, "text_heads": 2, "text_length": 24}
    return open_clip._build(OpenClipSizes(dim=DIM, image=side, **text))


TOWERS: dict[str, tuple[Callable[[], nn.Module], int, int]] = {
    "ViT": (vit, 32, 4),
    "ViT, text apart": (lambda: vit(CustomTextCLIP), 32, 4),
    "ModifiedResNet": (resnet, 128, 4),
    "bundled trunk": (trunk, 64, 4),
}


def opened(model: nn.Module) -> OpenClipDualEncoder:
    """The dual encoder around a model of open_clip's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(open_clip, "_build", lambda _: model)
        return OpenClipDualEncoder(OpenClipSizes(dim=DIM)).eval()


@pytest.fixture(params=TOWERS, scope="module")
def tower(request: pytest.FixtureRequest) -> tuple[OpenClipDualEncoder, int, int]:
    """An encoder, the side of its images and of its maps."""
    build, side, cells = TOWERS[request.param]
    torch.manual_seed(0)
    return opened(build()), side, cells


@torch.inference_mode()
def test_the_map_has_a_vector_of_the_shared_space_at_every_position(tower) -> None:
    encoder, side, cells = tower
    assert (encoder.image_size, encoder.dim) == (side, DIM)
    assert encoder.image_map(torch.rand(2, 3, side, side)).shape == (2, DIM, cells, cells)


@torch.inference_mode()
@pytest.mark.parametrize("corner", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_the_map_is_in_place(tower, corner: tuple[int, int]) -> None:
    """What changes in one corner of the image changes that quarter of the map most."""
    encoder, side, cells = tower
    before = torch.rand(1, 3, side, side)
    row, column = (position * (side - side // cells) for position in corner)
    after = before.clone()
    after[..., row : row + side // cells, column : column + side // cells] += 3
    change = (encoder.image_map(after) - encoder.image_map(before)).norm(dim=1)
    quarters = torch.nn.functional.avg_pool2d(change, cells // 2)[0]
    assert divmod(int(quarters.argmax()), 2) == corner


@torch.inference_mode()
def test_pooled_text_is_what_open_clip_says(tower) -> None:
    encoder, _, _ = tower
    ids = encoder.tokenize(EXPRESSIONS)
    expected = encoder.model.encode_text(ids)
    assert torch.allclose(encoder.text(ids).pooled, expected, atol=1e-5)


@torch.inference_mode()
def test_tokens_end_where_the_longest_sentence_ends_and_padding_is_told(tower) -> None:
    encoder, _, _ = tower
    text = encoder.text(encoder.tokenize(EXPRESSIONS))
    lengths = text.valid.sum(1)
    assert text.tokens.shape == (3, int(lengths.max()), DIM)
    assert lengths.tolist() == [4, 10, 3], "words, and a start and an end"
    assert all(text.valid[i, :length].all() for i, length in enumerate(lengths))
    alone = encoder.text(encoder.tokenize(EXPRESSIONS[:1]))
    assert torch.allclose(alone.tokens[0], text.tokens[0, : lengths[0]], atol=1e-5)


@torch.inference_mode()
@pytest.mark.parametrize(
    "build", [trunk, lambda: trunk(96), lambda: vit(pool="avg")], ids=["trunk", "wide", "ViT"]
)
def test_the_mean_of_the_map_is_the_pooled_image_where_open_clip_averages(
    build: Callable[[], nn.Module],
) -> None:
    torch.manual_seed(0)
    encoder = opened(build())
    image = torch.rand(2, 3, encoder.image_size, encoder.image_size)
    expected = encoder.model.encode_image(image)
    assert torch.allclose(encoder.image_map(image).mean((2, 3)), expected, atol=1e-5)


@torch.inference_mode()
def test_an_expression_too_long_is_cut_and_still_ends(tower) -> None:
    encoder, _, _ = tower
    text = encoder.text(encoder.tokenize(["ship " * 50]))
    assert text.tokens.shape[1] == TEXT["context_length"]
    assert text.valid.all()


@pytest.mark.parametrize(("name", "dim"), [("RN50", 1024), ("ViT-B-32", 512)])
def test_the_names_of_published_weights_are_known(name: str, dim: int) -> None:
    with WithoutInitialisation():
        encoder = OpenClipDualEncoder(OpenClipSizes(name=name))
    assert (encoder.dim, encoder.image_size) == (dim, 224)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ModelError, match="'no-such-model'"):
        OpenClipDualEncoder(OpenClipSizes(name="no-such-model"))


def test_a_text_tower_without_a_projection_of_its_own_is_refused() -> None:
    with pytest.raises(ModelError, match="CLIP's own text tower"):
        opened(vit(CustomTextCLIP, proj_type="none"))


def test_an_image_tower_of_another_kind_is_refused() -> None:
    model = vit()
    model.visual = nn.Conv2d(3, DIM, 8, 8)
    with pytest.raises(ModelError, match="Conv2d"):
        opened(model)


def test_the_bias_that_open_clip_lacks_starts_as_asked() -> None:
    assert OpenClipDualEncoder(OpenClipSizes(dim=DIM, image=64), bias=-4.0).logit_bias.item() == -4
