"""CLIP of transformers: every patch and token goes the way that the pooled ones go."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import CLIPConfig, PreTrainedTokenizerFast

from engine.backbones.clip import ClipDualEncoder
from engine.errors import ModelError

WORDS = ["<pad>", "<start>", "the", "ship", "tank", "left", "<end>"]
START, END = WORDS.index("<start>"), WORDS.index("<end>")
IDS = torch.tensor([[START, 2, 3, END, 0, 0], [START, 2, 4, 5, 5, END]])


def config() -> CLIPConfig:
    common = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
    }
    return CLIPConfig(
        text_config={
            **common,
            "vocab_size": len(WORDS),
            "max_position_embeddings": 8,
            "bos_token_id": START,
            "eos_token_id": END,
        },
        vision_config={**common, "image_size": 32, "patch_size": 8},
        projection_dim=12,
    )


@pytest.fixture
def encoder() -> ClipDualEncoder:
    torch.manual_seed(0)
    return ClipDualEncoder(config()).eval()


@torch.inference_mode()
def test_patches_go_the_way_of_the_class_token(encoder: ClipDualEncoder) -> None:
    image = torch.rand(2, 3, 32, 32)
    clip = encoder.model
    hidden = clip.vision_model(pixel_values=image).last_hidden_state
    everything = clip.visual_projection(clip.vision_model.post_layernorm(hidden))
    pooled = clip.get_image_features(pixel_values=image).pooler_output
    assert torch.allclose(everything[:, 0], pooled, atol=1e-6)

    found = encoder.image_map(image)
    assert found.shape == (2, encoder.dim, 4, 4) == (2, 12, 4, 4)
    assert torch.allclose(found.flatten(2).transpose(1, 2), everything[:, 1:], atol=1e-6)


@torch.inference_mode()
def test_the_map_is_in_place(encoder: ClipDualEncoder) -> None:
    before = torch.rand(1, 3, 32, 32)
    after = before.clone()
    after[..., :8, 24:] += 3
    change = (encoder.image_map(after) - encoder.image_map(before)).norm(dim=1)[0]
    assert divmod(int(change.argmax()), 4) == (0, 3)


@torch.inference_mode()
def test_pooled_text_is_what_clip_says(encoder: ClipDualEncoder) -> None:
    text = encoder.text(IDS)
    expected = encoder.model.get_text_features(input_ids=IDS).pooler_output
    assert torch.allclose(text.pooled, expected, atol=1e-6)
    assert text.tokens.shape == (2, 6, 12)
    ends = torch.stack([text.tokens[0, 3], text.tokens[1, 5]])
    assert torch.allclose(text.pooled, ends, atol=1e-6), "one projection, in two shapes"


def test_padding_is_told(encoder: ClipDualEncoder) -> None:
    valid = encoder.text(IDS).valid
    assert valid is not None
    assert valid.sum(1).tolist() == [4, 6]
    assert valid[0, :4].all()


def test_a_tokenizer_that_is_not_there_is_an_error_with_advice(encoder: ClipDualEncoder) -> None:
    with pytest.raises(ModelError, match=r"tokenizer of CLIP is not on this machine\. Download"):
        encoder.tokenize(["the ship"])


def test_expressions_are_padded_to_the_longest_and_cut_at_the_last_position(tmp_path: Path) -> None:
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(WORDS)}, "<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<start> $A <end>", special_tokens=[("<start>", START), ("<end>", END)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", model_max_length=8
    ).save_pretrained(tmp_path)

    encoder = ClipDualEncoder(config(), tmp_path)
    ids = encoder.tokenize(["the ship", "the tank left left"])
    assert ids.tolist() == IDS.tolist()
    cut = encoder.tokenize(["the " * 50])
    assert cut.tolist() == [[START, *[2] * 6, END]]
