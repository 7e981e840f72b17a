"""SAM 2.1 (the `sam2` package) for single images: image encoder, prompt encoder, mask decoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from sam2.modeling.backbones.hieradet import Hiera
from sam2.modeling.backbones.image_encoder import FpnNeck, ImageEncoder
from sam2.modeling.position_encoding import PositionEmbeddingSine
from sam2.modeling.sam.mask_decoder import MaskDecoder
from sam2.modeling.sam.prompt_encoder import PromptEncoder
from sam2.modeling.sam.transformer import TwoWayTransformer
from torch import Tensor, nn

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Sam2Sizes:
    """Sizes of SAM 2.1; the defaults are those of `sam2.1_hiera_large`.

    Attributes:
        image: Side of the square input in pixels.
        embed_dim: Width of Hiera's first stage; doubled at each next.
        heads: Attention heads of the first stage.
        stages: Blocks of each stage.
        global_blocks: Indices of the blocks that attend to the whole image.
        windows: Attention window of each stage, in tokens.
        background: Side of the learned background position embedding.
        dim: Width of the prompt and mask embeddings.
        mlp_dim: Width of the mask decoder's MLPs.
    """

    image: int = 1024
    embed_dim: int = 144
    heads: int = 2
    stages: tuple[int, ...] = (2, 6, 36, 4)
    global_blocks: tuple[int, ...] = (23, 33, 43)
    windows: tuple[int, ...] = (8, 4, 16, 8)
    background: int = 7
    dim: int = 256
    mlp_dim: int = 2048


def compact_sizes(image: int) -> Sam2Sizes:
    """Sizes that a CPU trains, for a square input of `image` pixels."""
    return Sam2Sizes(
        image=image,
        embed_dim=24,
        heads=1,
        stages=(1, 1, 2, 1),
        global_blocks=(3,),
        windows=(8, 4, 8, 4),
        dim=128,
        mlp_dim=256,
    )


@dataclass(frozen=True)
class SamFeatures:
    """What SAM 2 keeps of an image, independent of any prompt.

    Attributes:
        embedding: `(B, C, S/16, S/16)`, the no-memory embedding added.
        high_resolution: `(B, C/8, S/4, S/4)` and `(B, C/4, S/8, S/8)`.
    """

    embedding: Tensor
    high_resolution: tuple[Tensor, Tensor]

    def repeat_interleave(self, counts: Tensor) -> SamFeatures:
        """Each image `counts[i]` times in a row."""
        fine, coarse = (level.repeat_interleave(counts, 0) for level in self.high_resolution)
        return SamFeatures(self.embedding.repeat_interleave(counts, 0), (fine, coarse))

    def split(self) -> list[SamFeatures]:
        """Each image's own, in memory of its own."""
        if len(self.embedding) == 1:
            return [self]
        levels = zip(self.embedding, *self.high_resolution, strict=True)
        return [
            SamFeatures(embedding[None].clone(), (fine[None].clone(), coarse[None].clone()))
            for embedding, fine, coarse in levels
        ]

    @classmethod
    def stack(cls, images: Sequence[SamFeatures]) -> SamFeatures:
        """Those of several images of one size."""
        if len(images) == 1:
            return images[0]
        fine, coarse = (torch.cat([i.high_resolution[k] for i in images]) for k in (0, 1))
        return cls(torch.cat([image.embedding for image in images]), (fine, coarse))


@dataclass(frozen=True)
class SamMasks:
    """Masks for one prompt each.

    Attributes:
        logits: `(B, 1, S/4, S/4)`.
        iou: Predicted quality of the chosen mask, `(B, 1)`.
        all_iou: Predicted quality of the single mask and the three alternatives, `(B, 4)`.
        stability: Stability score of the single mask, `(B, 1)`.
        presence: Logit of there being anything to segment, `(B, 1)`.
    """

    logits: Tensor
    iou: Tensor
    all_iou: Tensor
    stability: Tensor
    presence: Tensor


class Sam2(nn.Module):
    """SAM 2.1 for single images. Module names are those of the published checkpoints."""

    def __init__(
        self,
        sizes: Sam2Sizes,
        dynamic_multimask: bool = True,
        presence: bool = False,
        trunk: Callable[..., Hiera] = Hiera,
    ) -> None:
        """Builds the networks with random weights.

        Args:
            sizes: Which SAM 2.1.
            dynamic_multimask: At evaluation, fall back to the best of three masks where the
                single mask is unstable (the published behaviour).
            presence: At evaluation, let no logit rise above that of the presence, so that a mask
                is empty where SAM's object score says that nothing is there.
            trunk: Makes the image encoder's trunk from `Hiera`'s arguments.
        """
        super().__init__()
        self.sizes = sizes
        self.presence = presence
        built = trunk(
            embed_dim=sizes.embed_dim,
            num_heads=sizes.heads,
            stages=sizes.stages,
            global_att_blocks=sizes.global_blocks,
            window_pos_embed_bkg_spatial_size=(sizes.background, sizes.background),
            window_spec=sizes.windows,
        )
        neck = FpnNeck(
            position_encoding=PositionEmbeddingSine(num_pos_feats=sizes.dim),
            d_model=sizes.dim,
            backbone_channel_list=built.channel_list,
            fpn_top_down_levels=[2, 3],
            fpn_interp_model="nearest",
        )
        self.image_encoder = ImageEncoder(trunk=built, neck=neck, scalp=1)
        grid = sizes.image // 16
        self.sam_prompt_encoder = PromptEncoder(
            embed_dim=sizes.dim,
            image_embedding_size=(grid, grid),
            input_image_size=(sizes.image, sizes.image),
            mask_in_chans=16,
        )
        self.sam_mask_decoder = MaskDecoder(
            transformer_dim=sizes.dim,
            transformer=TwoWayTransformer(
                depth=2, embedding_dim=sizes.dim, num_heads=8, mlp_dim=sizes.mlp_dim
            ),
            iou_head_hidden_dim=sizes.dim,
            use_high_res_features=True,
            iou_prediction_use_sigmoid=True,
            dynamic_multimask_via_stability=dynamic_multimask,
            dynamic_multimask_stability_delta=0.05,
            dynamic_multimask_stability_thresh=0.98,
            pred_obj_scores=True,
            pred_obj_scores_mlp=True,
            use_multimask_token_for_obj_ptr=True,
        )
        self.no_mem_embed = nn.Parameter(torch.zeros(1, 1, sizes.dim))
        nn.init.trunc_normal_(self.no_mem_embed, std=0.02)

    @property
    def mask_size(self) -> int:
        """Side of mask prompts and mask logits, in cells."""
        return self.sizes.image // 4

    def encode(self, image: Tensor) -> SamFeatures:
        """Features of images `(B, 3, S, S)` normalised with ImageNet's statistics."""
        return self.features(self.image_encoder.trunk(image))

    def features(self, levels: list[Tensor]) -> SamFeatures:
        """Features of the trunk's four levels."""
        fine, coarse, embedding = self.image_encoder.neck(levels)[0][:3]
        decoder = self.sam_mask_decoder
        return SamFeatures(
            embedding + self.no_mem_embed[0, 0, :, None, None],
            (decoder.conv_s0(fine), decoder.conv_s1(coarse)),
        )

    def decode(self, features: SamFeatures, sparse: Tensor, dense: Tensor | None) -> SamMasks:
        """Masks for prompts.

        Args:
            features: Of `B` images.
            sparse: Prompt tokens `(B, P, C)`, in the place of points and boxes.
            dense: Mask prompt logits `(B, 1, S/4, S/4)`, or None for none.
        """
        _, dense_embedding = self.sam_prompt_encoder(points=None, boxes=None, masks=dense)
        decoder = self.sam_mask_decoder
        masks, iou, _, presence = decoder.predict_masks(
            image_embeddings=features.embedding,
            image_pe=self.positions(features),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense_embedding,
            repeat_image=False,
            high_res_features=list(features.high_resolution),
        )
        chosen, chosen_iou = self.choose(masks, iou)
        if self.presence and not self.training:
            chosen = torch.minimum(chosen, presence[..., None, None])
        stability = decoder._get_stability_scores(masks[:, :1])
        return SamMasks(chosen, chosen_iou, iou, stability, presence)

    def positions(self, features: SamFeatures) -> Tensor:
        """SAM's encoding of where each position of the embedding lies, `(1, C, h, w)`."""
        return self.sam_prompt_encoder.pe_layer(features.embedding.shape[-2:])[None]

    def choose(self, masks: Tensor, iou: Tensor) -> tuple[Tensor, Tensor]:
        """One mask of four `(B, 4, h, w)`: the single one, or at evaluation the stable one."""
        decoder = self.sam_mask_decoder
        if decoder.dynamic_multimask_via_stability and not self.training:
            chosen: tuple[Tensor, Tensor] = decoder._dynamic_multimask_via_stability(masks, iou)
            return chosen
        return masks[:, :1], iou[:, :1]
