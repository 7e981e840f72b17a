"""SAM 2 with its memory of a video, which images never use but its files hold."""

from __future__ import annotations

from collections.abc import Callable

import torch
from sam2.modeling.backbones.hieradet import Hiera
from sam2.modeling.memory_attention import MemoryAttention, MemoryAttentionLayer
from sam2.modeling.memory_encoder import CXBlock, Fuser, MaskDownSampler, MemoryEncoder
from sam2.modeling.position_encoding import PositionEmbeddingSine
from sam2.modeling.sam.transformer import RoPEAttention
from sam2.modeling.sam2_utils import MLP
from torch import nn

from engine.backbones.sam2 import Sam2, Sam2Sizes

FRAMES = 7
MEMORY_DIM = 64


class Sam2WithMemory(Sam2):
    """SAM 2.0 tensor for tensor, so that files of systems built on it are read and written whole.

    The modules that are added here are never run.
    """

    def __init__(
        self,
        sizes: Sam2Sizes,
        dynamic_multimask: bool = True,
        trunk: Callable[..., Hiera] = Hiera,
    ) -> None:
        """Builds the networks with random weights; see `Sam2`."""
        super().__init__(sizes, dynamic_multimask, trunk=trunk)
        dim = sizes.dim
        self.maskmem_tpos_enc = nn.Parameter(torch.zeros(FRAMES, 1, 1, MEMORY_DIM))
        self.no_mem_pos_enc = nn.Parameter(torch.zeros(1, 1, dim))
        self.no_obj_ptr = nn.Parameter(torch.zeros(1, dim))
        self.mask_downsample = nn.Conv2d(1, 1, kernel_size=4, stride=4)
        self.obj_ptr_proj = MLP(dim, dim, dim, 3)
        self.memory_attention = MemoryAttention(dim, True, _memory_layer(sizes), num_layers=4)
        self.memory_encoder = MemoryEncoder(
            out_dim=MEMORY_DIM,
            mask_downsampler=MaskDownSampler(dim, kernel_size=3, stride=2, padding=1),
            fuser=Fuser(CXBlock(dim), num_layers=2),
            position_encoding=PositionEmbeddingSine(num_pos_feats=MEMORY_DIM),
            in_dim=dim,
        )


def _memory_layer(sizes: Sam2Sizes) -> MemoryAttentionLayer:
    rotary = {"embedding_dim": sizes.dim, "num_heads": 1, "downsample_rate": 1}
    return MemoryAttentionLayer(
        activation="relu",
        cross_attention=RoPEAttention(rope_k_repeat=True, kv_in_dim=MEMORY_DIM, **rotary),
        d_model=sizes.dim,
        dim_feedforward=sizes.mlp_dim,
        dropout=0.1,
        pos_enc_at_attn=False,
        pos_enc_at_cross_attn_keys=True,
        pos_enc_at_cross_attn_queries=False,
        self_attention=RoPEAttention(**rotary),
    )
