"""SigLIP's two towers (transformers), dense on the image side and token-wise on the text side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoTokenizer, SiglipTextConfig, SiglipVisionConfig
from transformers.models.siglip.modeling_siglip import SiglipTextModel, SiglipVisionModel

from engine.backbones.dual_encoder import Text, require_tokenizer


@dataclass(frozen=True)
class SiglipSizes:
    """Sizes of both towers; the defaults are those of `google/siglip2-so400m-patch16-512`."""

    hidden: int = 1152
    intermediate: int = 4304
    layers: int = 27
    heads: int = 16
    image: int = 512
    patch: int = 16
    vocabulary: int = 256_000
    positions: int = 64


class _VisionTower(nn.Module):
    def __init__(self, model: SiglipVisionModel) -> None:
        super().__init__()
        self.model = model


class _TextTower(nn.Module):
    def __init__(self, model: SiglipTextModel) -> None:
        super().__init__()
        self.model = model
        self.logit_scale = nn.Parameter(torch.zeros(1))
        self.logit_bias = nn.Parameter(torch.zeros(1))


class SiglipDualEncoder(nn.Module):
    """SigLIP without its pooling head on the image side.

    The published system passes no attention mask, so padding takes part in the text features:
    encode one expression at a time, or expressions of one token count, for results that do not
    depend on their neighbours.
    """

    mean = (0.5, 0.5, 0.5)
    std = (0.5, 0.5, 0.5)
    max_length = 128

    def __init__(self, sizes: SiglipSizes, tokenizer: Path | None = None) -> None:
        """Builds the towers with random weights; `tokenizer` is a folder with tokenizer files."""
        super().__init__()
        common = {
            "hidden_size": sizes.hidden,
            "intermediate_size": sizes.intermediate,
            "num_hidden_layers": sizes.layers,
            "num_attention_heads": sizes.heads,
            "attn_implementation": "sdpa",
        }
        self.vision = _VisionTower(
            SiglipVisionModel(
                SiglipVisionConfig(image_size=sizes.image, patch_size=sizes.patch, **common)
            )
        )
        self.language = _TextTower(
            SiglipTextModel(
                SiglipTextConfig(
                    vocab_size=sizes.vocabulary,
                    max_position_embeddings=sizes.positions,
                    projection_size=sizes.hidden,
                    pad_token_id=0,
                    **common,
                )
            )
        )
        self.dim = sizes.hidden
        self.image_size = sizes.image
        self.positions = sizes.positions
        self._tokenizer: Any = None
        if tokenizer is not None:
            self._tokenizer = AutoTokenizer.from_pretrained(  # nosec B615  # a local folder
                tokenizer, local_files_only=True
            )

    @property
    def logit_scale(self) -> nn.Parameter:
        """SigLIP's own temperature (its logarithm), trainable."""
        return self.language.logit_scale

    @property
    def logit_bias(self) -> nn.Parameter:
        """SigLIP's own bias, trainable."""
        return self.language.logit_bias

    def image_map(self, image: Tensor) -> Tensor:
        """Patch features after the last norm, `(B, D, S/patch, S/patch)`."""
        model = self.vision.model
        hidden = model.embeddings(image)
        hidden = model.post_layernorm(model.encoder(inputs_embeds=hidden).last_hidden_state)
        side = image.shape[-1] // model.config.patch_size
        return hidden.transpose(1, 2).reshape(len(hidden), self.dim, -1, side)

    def text(self, token_ids: Tensor) -> Text:
        """Token features after the last norm; pooled is the head on the last token."""
        output = self.language.model(input_ids=token_ids)
        return Text(output.last_hidden_state, output.pooler_output)

    def tokenize(self, expressions: list[str]) -> Tensor:
        """Ids padded to the longest, cut at SigLIP's 64 positions."""
        tokenizer: Any = require_tokenizer(self._tokenizer, "SigLIP")
        encoded = tokenizer(
            [expression.lower() for expression in expressions],
            padding=True,
            truncation=True,
            max_length=min(self.max_length, self.positions),
            return_tensors="pt",
        )
        ids: Tensor = encoded["input_ids"]
        return ids
