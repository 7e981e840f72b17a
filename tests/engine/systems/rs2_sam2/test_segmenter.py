"""RS2-SAM2 on views, as the rest of the engine sees it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.backbones.beit3_tokenizer import Beit3Tokenizer
from engine.errors import InputError
from engine.models import zoo
from engine.segmentation.features import tensor_bytes
from engine.systems.rs2_sam2.decision import two_channels
from engine.systems.rs2_sam2.segmenter import RS2SAM2Segmenter, square
from tests.engine.backbones.spm import write_spm
from tests.engine.systems.rs2_sam2.tiny import BEIT3, SAM, tiny_model

CARD = "rs2-sam2-rrsisd"


@pytest.fixture
def segmenter(tmp_path: Path) -> RS2SAM2Segmenter:
    tokenizer = Beit3Tokenizer(write_spm(tmp_path / "beit3.spm"), BEIT3)
    return RS2SAM2Segmenter(tiny_model(), tokenizer, zoo.card(CARD), "0" * 64, torch.device("cpu"))


def view(height: int, width: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 255, (3, height, width), generator=generator, dtype=torch.uint8)


@pytest.mark.parametrize("size", [(64, 64), (8, 8), (200, 30), (37, 91)])
def test_logits_have_the_size_of_the_view(
    segmenter: RS2SAM2Segmenter, size: tuple[int, int]
) -> None:
    logits = segmenter.decode(segmenter.encode(view(*size)[None]), "the ship on the left")[0]
    assert logits.shape == size
    assert logits.dtype == torch.float32
    assert torch.isfinite(logits).all()


def test_views_answer_together_as_they_answer_alone(segmenter: RS2SAM2Segmenter) -> None:
    views = torch.stack([view(40, 60), view(40, 60).flip(2), 255 - view(40, 60)])
    features = segmenter.encode(views)
    together = segmenter.decode(features, "the ship on the left")
    assert together.shape == (3, 40, 60)
    kept = features[1].image  # what is kept of one view does not keep the others in memory
    assert kept.untyped_storage().nbytes() == kept.numel() * kept.element_size()
    assert not torch.allclose(together[0], together[1])
    for one, logits in zip(views, together, strict=True):
        alone = segmenter.decode(segmenter.encode(one[None]), "the ship on the left")[0]
        assert torch.allclose(logits, alone, atol=1e-4)


def test_a_pixel_is_inside_where_the_two_channels_say_so(segmenter: RS2SAM2Segmenter) -> None:
    (features,) = segmenter.encode(view(1024, 1024)[None])
    logits = segmenter.decode([features], "the ship")[0]
    tokens = segmenter.tokenizer(["the ship"])
    with torch.inference_mode():
        output = segmenter.model(features.image, features.small_image, tokens.ids, tokens.valid)
    channels = two_channels(output.full_size())
    inside = channels.argmax(1)[0].bool()
    certain = logits.abs() > 1e-5
    assert torch.equal(logits[certain] > 0, inside[certain])
    assert certain.float().mean() > 0.99
    assert torch.allclose(logits.sigmoid(), channels.softmax(1)[0, 1], atol=1e-6)


def test_features_are_the_images_alone_and_answer_any_expression(
    segmenter: RS2SAM2Segmenter,
) -> None:
    (features,) = segmenter.encode(view(50, 70)[None])
    assert tensor_bytes(features) == 4 * 3 * (SAM.image**2 + BEIT3.image**2)
    ship, tank = (segmenter.decode([features], f"the large {what}") for what in ("ship", "tank"))
    assert not torch.allclose(ship, tank, atol=1e-4)
    assert torch.allclose(ship, segmenter.decode([features], "the large ship"), atol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(30, 90), (300, 100), (7, 7)])
def test_a_view_is_stretched_to_a_square_and_normalised(height: int, width: int) -> None:
    """The left of the view stays the left of the square, whatever its shape."""
    pixels = torch.zeros(1, 3, height, width)
    pixels[..., : width // 2] = 1.0
    image = square(pixels, 64)
    white, black = image[0, :, 32, 2], image[0, :, 32, -3]
    assert white.tolist() == pytest.approx([0.515 / 0.229, 0.544 / 0.224, 0.594 / 0.225], rel=1e-4)
    assert black.tolist() == pytest.approx([-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225])


@pytest.mark.parametrize("size", [(7, 100), (100, 7), (1, 1)])
def test_a_view_smaller_than_a_patch_is_refused(
    segmenter: RS2SAM2Segmenter, size: tuple[int, int]
) -> None:
    with pytest.raises(InputError, match=rf"only {size[1]} x {size[0]} pixels.*patches of 8"):
        segmenter.encode(view(*size)[None])


def test_a_long_expression_is_refused(segmenter: RS2SAM2Segmenter) -> None:
    features = segmenter.encode(view(40, 40)[None])
    with pytest.raises(InputError, match="fewer words"):
        segmenter.decode(features, "the ship on the left " * 5)


def test_the_card_says_what_a_second_expression_costs() -> None:
    assert "every further expression costs as much as the first" in zoo.card(CARD).about
