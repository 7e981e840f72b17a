"""The sizes and switches of RSRefSeg 2. Defaults are the published large model's."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from engine.backbones.open_clip import OpenClipSizes
from engine.backbones.sam2 import Sam2Sizes, compact_sizes
from engine.backbones.siglip import SiglipSizes

STRIDE = 32
"""The coarsest stride of SAM's image encoder; sides of an input are multiples of it."""


@dataclass(frozen=True)
class PrompterSizes:
    """Sizes of the cascaded prompter.

    Attributes:
        dim: Width of image and text features.
        inner_dim: Width inside every attention.
        mlp_dim: Hidden width of every MLP.
        heads: Attention heads.
        prompt_dim: Width of SAM's prompts.
        queries: Vectors of each semantic subspace, `n_t`.
        prompts: Sparse prompt tokens, `n_p`.
        depths: Layers of decomposition, first-order and second-order interaction.
        grid: Side of the learned image position embedding; resized to other grids.
        mask: Side of the dense prompt, a quarter of SAM's input.
    """

    dim: int = 1152
    inner_dim: int = 512
    mlp_dim: int = 512
    heads: int = 8
    prompt_dim: int = 256
    queries: int = 3
    prompts: int = 9
    depths: tuple[int, int, int] = (2, 2, 2)
    grid: int = 32
    mask: int = 256


@dataclass(frozen=True)
class LoraRanks:
    """Ranks of the low-rank adapters (Eq. 2, Table VI); 0 leaves an encoder without.

    Attributes:
        image: SigLIP's or CLIP's image encoder.
        text: Its text encoder.
        sam: SAM 2's image encoder.
        alpha: The scale is `alpha / rank`.
    """

    image: int = 16
    text: int = 16
    sam: int = 16
    alpha: int = 16


@dataclass(frozen=True)
class LossWeights:
    """Weights of the losses (Eq. 9 to 12).

    The published configuration weighs cross-entropy and Dice 5 each, the paper 1 each
    (`LossWeights.paper()`). Dense and spatial alignment are optional in both. The presence of
    anything at all is not in the paper; SAM 2 trains the same head the same way.
    """

    ce: float = 5.0
    dice: float = 5.0
    ortho: float = 0.5
    sample: float = 0.5
    dense: float = 0.0
    spatial: float = 0.0
    presence: float = 0.0

    @classmethod
    def paper(cls) -> LossWeights:
        """The weights of Sec. IV-C2."""
        return cls(ce=1.0, dice=1.0)


@dataclass(frozen=True)
class RSRefSeg2Config:
    """One configuration of the model.

    Attributes:
        encoder: Which image-text encoder, by its sizes.
        sam: Which SAM 2.
        prompter: The prompter between them.
        lora: Adapters; None for a model trained whole.
        dynamic_multimask: At evaluation let SAM replace an unstable single mask by the best of
            three. True is the published behaviour; the paper takes the first mask always.
        presence: At evaluation answer "nothing" where SAM's object score says so. The published
            model does not look at it.
        resize: How a view becomes an input: "pad" keeps the ratio and pads to SAM's square with
            zeros at the right and bottom (published), "fit" takes an input of the view's own
            shape, in multiples of 32, so that the left of the view is the left of the input.
        largest_scale: Views are shown at most this much enlarged, so that a small extent is seen
            at the scale of a large one.
        ground: Metres of ground that a pixel of the input should show at least, where a view's
            resolution is known; None shows every resolution alike.
        loss: Weights of the losses.
        initial_bias: What the biases of the dense prompt (where the encoder has none of its own)
            and of both alignments start at. The published model starts at log 0.5; trained from
            nothing, a small foreground wants the logit of its share.
    """

    encoder: SiglipSizes | OpenClipSizes = field(default_factory=SiglipSizes)
    sam: Sam2Sizes = field(default_factory=Sam2Sizes)
    prompter: PrompterSizes = field(default_factory=PrompterSizes)
    lora: LoraRanks | None = field(default_factory=LoraRanks)
    dynamic_multimask: bool = True
    presence: bool = False
    resize: Literal["pad", "fit"] = "pad"
    largest_scale: float = math.inf
    ground: float | None = None
    loss: LossWeights = field(default_factory=LossWeights)
    initial_bias: float = math.log(0.5)

    def input_shape(
        self, height: int, width: int, resolution: float | None = None
    ) -> tuple[tuple[int, int], tuple[int, int]]:
        """How large a view is shown, and the input it is shown in; the rest of it is padding.

        Args:
            height: Of the view in pixels.
            width: Of the view in pixels.
            resolution: Of the view in metres a pixel, where it is known.
        """
        side = self.sam.image
        scale = min(side / max(height, width), self.largest_scale)
        if resolution is not None and self.ground is not None:
            scale = min(scale, resolution / self.ground)
        shown = (max(1, round(height * scale)), max(1, round(width * scale)))
        if self.resize == "pad":
            return shown, (side, side)
        whole = (-(-shown[0] // STRIDE) * STRIDE, -(-shown[1] // STRIDE) * STRIDE)
        return whole, whole


def large() -> RSRefSeg2Config:
    """SAM 2.1 hiera-large, SigLIP 2 so400m patch16 512, LoRA of rank 16 in all three encoders."""
    return RSRefSeg2Config()


def compact() -> RSRefSeg2Config:
    """The same at some six million parameters, trained from nothing for the plugin's bundle."""
    side = 768
    return RSRefSeg2Config(
        encoder=OpenClipSizes(image=side),
        sam=compact_sizes(side),
        prompter=PrompterSizes(
            dim=96,
            inner_dim=64,
            mlp_dim=128,
            heads=4,
            prompt_dim=128,
            grid=24,
            mask=side // 4,
        ),
        lora=None,
        dynamic_multimask=False,
        presence=True,
        resize="fit",
        largest_scale=0.75,
        ground=0.8,
        loss=LossWeights(
            ce=2.0, dice=1.0, ortho=0.1, sample=0.0, dense=2.0, spatial=2.0, presence=0.5
        ),
        initial_bias=-4.0,
    )
