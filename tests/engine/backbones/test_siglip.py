"""SigLIP of transformers, with its patches in place and its published way with text."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from engine.backbones.siglip import SiglipDualEncoder, SiglipSizes
from engine.errors import ModelError

WORDS = ["<pad>", "the", "ship", "tank", "left"]
SIZES = SiglipSizes(
    hidden=16,
    intermediate=16,
    layers=2,
    heads=2,
    image=32,
    patch=8,
    vocabulary=len(WORDS),
    positions=8,
)


@pytest.fixture
def tokenizer(tmp_path: Path) -> Path:
    """A folder with the files of a tokenizer that knows five words."""
    words = Tokenizer(models.WordLevel({w: i for i, w in enumerate(WORDS)}, "<pad>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>").save_pretrained(tmp_path)
    return tmp_path


@pytest.fixture
def encoder() -> SiglipDualEncoder:
    torch.manual_seed(0)
    return SiglipDualEncoder(SIZES).eval()


@torch.inference_mode()
def test_the_map_is_siglips_patches_in_place(encoder: SiglipDualEncoder) -> None:
    before = torch.rand(2, 3, 32, 32)
    found = encoder.image_map(before)
    patches = encoder.vision.model(pixel_values=before).last_hidden_state
    assert found.shape == (2, encoder.dim, 4, 4) == (2, 16, 4, 4)
    assert torch.allclose(found.flatten(2).transpose(1, 2), patches, atol=1e-6)

    after = before.clone()
    after[..., :8, 24:] += 3
    change = (encoder.image_map(after) - found).norm(dim=1)[0]
    assert divmod(int(change.argmax()), 4) == (0, 3)


@torch.inference_mode()
def test_text_is_siglips_and_padding_takes_part_as_published(encoder: SiglipDualEncoder) -> None:
    ids = torch.tensor([[1, 2, 0], [1, 3, 4]])
    text = encoder.text(ids)
    output = encoder.language.model(input_ids=ids)
    assert torch.allclose(text.tokens, output.last_hidden_state, atol=1e-6)
    assert torch.allclose(text.pooled, output.pooler_output, atol=1e-6)
    assert text.valid is None
    unpadded = encoder.text(ids[:1, :2]).pooled
    assert not torch.allclose(text.pooled[:1], unpadded, atol=1e-3)


def test_expressions_are_lowered_padded_and_cut(tokenizer: Path) -> None:
    encoder = SiglipDualEncoder(SIZES, tokenizer)
    ids = encoder.tokenize(["The SHIP", "the tank left"])
    assert ids.tolist() == [[1, 2, 0], [1, 3, 4]]
    assert encoder.tokenize(["ship " * 50]).tolist() == [[2] * 8]


def test_a_tokenizer_that_is_not_there_is_an_error_with_advice(encoder: SiglipDualEncoder) -> None:
    with pytest.raises(ModelError, match=r"tokenizer of SigLIP is not on this machine\. Download"):
        encoder.tokenize(["the ship"])


def test_temperature_and_bias_are_siglips_own_and_train(encoder: SiglipDualEncoder) -> None:
    own = {name for name, parameter in encoder.named_parameters() if parameter.numel() == 1}
    assert own == {"language.logit_scale", "language.logit_bias"}
    assert encoder.logit_scale is encoder.language.logit_scale
    assert encoder.logit_scale.requires_grad
    assert encoder.logit_bias.requires_grad
