"""Any open_clip model as a dual encoder, so that RemoteCLIP's and GeoRSCLIP's weights serve too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import open_clip
import torch
from open_clip.model import CLIP, CustomTextCLIP
from open_clip.modified_resnet import ModifiedResNet
from open_clip.timm_model import TimmModel
from open_clip.transformer import VisionTransformer
from torch import Tensor, nn

from engine.backbones import compact_resnet
from engine.backbones.dual_encoder import Text
from engine.errors import ModelError


@dataclass(frozen=True)
class OpenClipSizes:
    """An open_clip model: one of the library's by `name`, or a small one by its sizes.

    Attributes:
        name: A name open_clip knows, such as "ViT-L-14"; "" for a model of the sizes below.
        dim: Width of the shared space.
        image: Side of the square input in pixels.
        text_width: Width of the text tower.
        text_layers: Depth of the text tower.
        text_heads: Attention heads of the text tower.
        text_length: Longest expression in tokens, start and end included.
    """

    name: str = ""
    dim: int = 96
    image: int = 384
    text_width: int = 40
    text_layers: int = 3
    text_heads: int = 4
    text_length: int = 48
    trunk: str = compact_resnet.NAME


class OpenClipDualEncoder(nn.Module):
    """open_clip's image tower without pooling, its projection applied at every position."""

    mean = (0.48145466, 0.4578275, 0.40821073)
    std = (0.26862954, 0.26130258, 0.27577711)

    def __init__(self, sizes: OpenClipSizes, bias: float = 0.0) -> None:
        """Builds the model with random weights and a bias, which open_clip's models lack.

        Raises:
            ModelError: open_clip knows no model of that name, or its text tower is not a CLIP's.
        """
        super().__init__()
        self.model = _build(sizes)
        self._towers()
        self.model.visual.to(memory_format=torch.channels_last)
        self.image_size = _side(self.model.visual.image_size)
        self.dim = sizes.dim if not sizes.name else int(self.text_tower.text_projection.shape[-1])
        self.logit_bias = nn.Parameter(torch.tensor(bias))
        self._tokenizer = open_clip.tokenizer.SimpleTokenizer(
            context_length=self.text_tower.context_length
        )

    def _towers(self) -> None:
        visual = self.model.visual
        if not isinstance(visual, VisionTransformer | ModifiedResNet | TimmModel):
            raise ModelError(
                f"An image tower of the kind {type(visual).__name__} is not supported."
            )
        if not isinstance(getattr(self.text_tower, "text_projection", None), nn.Parameter):
            raise ModelError("Only open_clip models with CLIP's own text tower are supported.")

    @property
    def text_tower(self) -> Any:
        """The module that holds the text tower's projection and length."""
        return self.model.text if isinstance(self.model, CustomTextCLIP) else self.model

    @property
    def logit_scale(self) -> nn.Parameter:
        """CLIP's own temperature (its logarithm)."""
        return self.model.logit_scale

    def image_map(self, image: Tensor) -> Tensor:
        """Features at every position, projected into the shared space, `(B, D, h, w)`."""
        visual = self.model.visual
        output = visual.forward_intermediates(
            image.contiguous(memory_format=torch.channels_last),
            indices=1,
            normalize_intermediates=True,
            intermediates_only=True,
        )
        features = output["image_intermediates"][-1].permute(0, 2, 3, 1)
        if isinstance(visual, VisionTransformer):
            features = features @ visual.proj
        elif isinstance(visual, ModifiedResNet):
            features = visual.attnpool.c_proj(visual.attnpool.v_proj(features))
        else:
            features = visual.head(features)
        return features.permute(0, 3, 1, 2)

    def text(self, token_ids: Tensor) -> Text:
        """Projected tokens; pooled is the token at the end of the sentence; padding is invalid."""
        output = self.model.forward_intermediates(
            text=token_ids, text_indices=1, normalize_intermediates=True, intermediates_only=True
        )
        end = token_ids.argmax(-1)
        longest = int(end.max()) + 1
        tokens = (output["text_intermediates"][-1] @ self.text_tower.text_projection)[:, :longest]
        pooled = tokens[torch.arange(len(tokens), device=tokens.device), end]
        valid = torch.arange(longest, device=tokens.device) <= end[:, None]
        return Text(tokens, pooled, valid)

    def tokenize(self, expressions: list[str]) -> Tensor:
        """CLIP's byte-pair ids `(B, L)`, which ship inside open_clip."""
        ids: Tensor = self._tokenizer(expressions)
        return ids


def _side(size: Any) -> int:
    return int(size[0]) if isinstance(size, tuple | list) else int(size)


def _build(sizes: OpenClipSizes) -> Any:
    if sizes.name:
        if sizes.name not in open_clip.list_models():
            raise ModelError(f"open_clip knows no model '{sizes.name}'.")
        return open_clip.create_model(sizes.name, pretrained=None)
    compact_resnet.register()
    return CLIP(
        embed_dim=sizes.dim,
        vision_cfg={"timm_model_name": sizes.trunk, "image_size": sizes.image},
        text_cfg={
            "width": sizes.text_width,
            "layers": sizes.text_layers,
            "heads": sizes.text_heads,
            "context_length": sizes.text_length,
        },
    )
