"""CLIP's two towers (transformers), projected token by token into the shared space."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoTokenizer, CLIPConfig, CLIPModel

from engine.backbones.dual_encoder import Text, require_tokenizer


class ClipDualEncoder(nn.Module):
    """CLIP with every patch and every token projected, not only the pooled ones."""

    mean = (0.48145466, 0.4578275, 0.40821073)
    std = (0.26862954, 0.26130258, 0.27577711)

    def __init__(self, config: CLIPConfig, tokenizer: Path | None = None) -> None:
        """Builds the towers with random weights; `tokenizer` is a folder with tokenizer files."""
        super().__init__()
        self.model = CLIPModel(config)
        self.dim = config.projection_dim
        self.image_size = config.vision_config.image_size
        self.logit_bias = nn.Parameter(torch.zeros(()))
        self._tokenizer: Any = None
        if tokenizer is not None:
            self._tokenizer = AutoTokenizer.from_pretrained(  # nosec B615  # a local folder
                tokenizer, local_files_only=True
            )

    @property
    def logit_scale(self) -> nn.Parameter:
        """CLIP's own temperature (its logarithm)."""
        scale: nn.Parameter = self.model.logit_scale
        return scale

    def image_map(self, image: Tensor) -> Tensor:
        """Projected patch features `(B, D, h, w)`; the class token is left out."""
        vision = self.model.vision_model
        hidden = vision(pixel_values=image).last_hidden_state[:, 1:]
        projected = self.model.visual_projection(vision.post_layernorm(hidden))
        side = math.isqrt(projected.shape[1])
        return projected.transpose(1, 2).reshape(len(projected), self.dim, side, side)

    def text(self, token_ids: Tensor) -> Text:
        """Projected tokens; pooled is the token at the end of the sentence."""
        output = self.model.text_model(input_ids=token_ids)
        tokens = self.model.text_projection(output.last_hidden_state)
        pooled = self.model.text_projection(output.pooler_output)
        end = token_ids.argmax(-1, keepdim=True)
        valid = torch.arange(token_ids.shape[1], device=token_ids.device) <= end
        return Text(tokens, pooled, valid)

    def tokenize(self, expressions: list[str]) -> Tensor:
        """Ids padded to the longest, cut at CLIP's 77 positions."""
        tokenizer: Any = require_tokenizer(self._tokenizer, "CLIP")
        encoded = tokenizer(expressions, padding=True, truncation=True, return_tensors="pt")
        ids: Tensor = encoded["input_ids"]
        return ids
