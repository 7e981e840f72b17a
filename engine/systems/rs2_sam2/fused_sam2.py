"""SAM 2 that hears of the text while it encodes an image, and once more before it decodes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from sam2.modeling.backbones.hieradet import Hiera
from torch import Tensor

from engine.backbones.sam2 import SamFeatures, SamMasks
from engine.backbones.sam2_memory import Sam2WithMemory
from engine.systems.rs2_sam2.config import RS2SAM2Config
from engine.systems.rs2_sam2.cross_attention import CrossAttention
from engine.systems.rs2_sam2.hierarchical_fusion import FusedHiera

DECODER_HEADS = 8


class FusedSam2(Sam2WithMemory):
    """SAM 2.0 with the bidirectional hierarchical fusion module. Always answers its first mask."""

    def __init__(self, config: RS2SAM2Config) -> None:
        """Builds the networks with random weights; of the image encoder only adapters train."""
        fusion, dim = config.fusion, config.sam.dim
        fused = partial(FusedHiera, dim, fusion)
        super().__init__(
            config.sam,
            dynamic_multimask=False,
            trunk=Hiera if fusion.layers == "none" else fused,
        )
        if fusion.cross_attention:
            self.sam_mask_decoder.vlfusion_module = CrossAttention(dim, DECODER_HEADS)
        for name, parameter in self.image_encoder.named_parameters():
            parameter.requires_grad_("_Adapter." in name)

    def encode_with(self, image: Tensor, text: Tensor) -> SamFeatures:
        """Features of images `(B, 3, S, S)` in the light of their texts `(B, L, C)`."""
        trunk = self.image_encoder.trunk
        fused = isinstance(trunk, FusedHiera)
        return self.features(trunk(image, text) if fused else trunk(image))

    def attend(self, features: SamFeatures, text: Tensor) -> SamFeatures:
        """The embedding times what it finds in the text, `(B, C, h, w)` each."""
        attention = getattr(self.sam_mask_decoder, "vlfusion_module", None)
        if attention is None:
            return features
        embedding = features.embedding.flatten(2).transpose(1, 2)
        position = self.positions(features).flatten(2).transpose(1, 2)
        found = attention.product(embedding, text, position)
        size = features.embedding.shape[-2:]
        return replace(features, embedding=found.transpose(1, 2).unflatten(2, size))

    def decode_with(
        self, features: SamFeatures, text: Tensor, sparse: Tensor, dense: Tensor | None
    ) -> SamMasks:
        """Masks for prompts; see `decode`. The text `(B, L, C)` is the one before any fusion."""
        return self.decode(self.attend(features, text), sparse, dense)
