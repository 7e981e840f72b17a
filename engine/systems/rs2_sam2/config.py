"""The sizes and switches of RS2-SAM2. Defaults are the published model's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, Literal

from engine.backbones.beit3 import Beit3Sizes
from engine.backbones.sam2 import Sam2Sizes, compact_sizes

OUTPUT_SIZE = 1024
"""Side of the full-size logits, whatever the input."""


@dataclass(frozen=True)
class FusionConfig:
    """The bidirectional hierarchical fusion module (Eq. 1 and 2, Table 4).

    Attributes:
        layers: What a layer of SAM 2's image encoder gets. "bi": image and text enhance each
            other; "uni": text enhances the image only; "linear": an adapter without text;
            "none": nothing ("w/o BL").
        cross_attention: Attend to the text once more after the encoder (False is "w/o BC").
        order: "sequential": the text attends to the image that the text has enhanced
            (published); "parallel": to the image as it was (Eq. 1).
        branch: What the weighted branch beside a layer's MLP reads: "normed", the MLP's input
            (published), or "plain", the features before the norm (Eq. 2).
        text_weight: Share of the enhanced text in the next layer's, alpha_t.
        image_weight: Weight of the branch beside the MLP, alpha_i.
        bottleneck: Width of an adapter as a share of its layer's.
        heads: Attention heads of an adapter.
    """

    layers: Literal["bi", "uni", "linear", "none"] = "bi"
    cross_attention: bool = True
    order: Literal["sequential", "parallel"] = "sequential"
    branch: Literal["normed", "plain"] = "normed"
    text_weight: float = 0.2
    image_weight: float = 0.5
    bottleneck: float = 0.25
    heads: int = 4


@dataclass(frozen=True)
class MaskPromptConfig:
    """The mask prompt generator.

    Attributes:
        enabled: Give SAM 2 a pseudo-mask as dense prompt (False is "w/o MPG").
        attention: Let the CLS token attend to the patches first (False is "w/o MHCA").
        heads: Attention heads.
    """

    enabled: bool = True
    attention: bool = True
    heads: int = 8


@dataclass(frozen=True)
class LossConfig:
    """Weights and forms of the losses (Eq. 3 and 4).

    Attributes:
        ce: Weight of the cross-entropy. Published 0.9; the paper writes 1.
        dice: Weight of Dice.
        boundary: Weight of the text-guided boundary loss; 0 leaves it out.
        classes: Weights of background and foreground in the cross-entropy.
        boundary_form: "thresholded": edges of the decided mask, which only the text's weight
            learns from (published); "soft": edges of its probability, Eq. 4.
        boundary_texts: "batch": every sample is weighted by every text of the batch
            (published, where a batch is one sample); "own": each by its own, Eq. 4.
    """

    ce: float = 0.9
    dice: float = 0.1
    boundary: float = 0.2
    classes: tuple[float, float] = (0.9, 1.1)
    boundary_form: Literal["thresholded", "soft"] = "thresholded"
    boundary_texts: Literal["batch", "own"] = "batch"

    @classmethod
    def paper(cls) -> LossConfig:
        """The loss as the paper writes it."""
        return cls(ce=1.0, boundary_form="soft", boundary_texts="own")


@dataclass(frozen=True)
class RS2SAM2Config:
    """One configuration of the model.

    Attributes:
        beit3: The union encoder.
        sam: Which SAM 2.
        fusion: How image and text meet in and after SAM 2's image encoder.
        mask_prompt: How the dense prompt is made.
        loss: What is minimised.
    """

    beit3: Beit3Sizes = field(default_factory=Beit3Sizes)
    sam: Sam2Sizes = field(default_factory=Sam2Sizes)
    fusion: FusionConfig = field(default_factory=FusionConfig)
    mask_prompt: MaskPromptConfig = field(default_factory=MaskPromptConfig)
    loss: LossConfig = field(default_factory=LossConfig)


def large() -> RS2SAM2Config:
    """SAM 2 hiera-large and BEiT-3 large, as published."""
    return RS2SAM2Config()


def compact() -> RS2SAM2Config:
    """The same at a few million parameters, for trials on a CPU."""
    return RS2SAM2Config(
        beit3=Beit3Sizes(
            dim=128,
            heads=4,
            layers=4,
            ffn=384,
            image=224,
            vocabulary=256,
            tokens=248,
            positions=64,
        ),
        sam=compact_sizes(256),
        fusion=FusionConfig(bottleneck=0.5),
    )


Change = Callable[[RS2SAM2Config], RS2SAM2Config]


def _fusion(**changes: Any) -> Change:
    return lambda config: replace(config, fusion=replace(config.fusion, **changes))


def _mask_prompt(**changes: Any) -> Change:
    return lambda config: replace(config, mask_prompt=replace(config.mask_prompt, **changes))


def _all(*changes: Change) -> Change:
    return lambda config: reduce(lambda changed, change: change(changed), changes, config)


def _without_boundary_loss(config: RS2SAM2Config) -> RS2SAM2Config:
    return replace(config, loss=replace(config.loss, boundary=0.0))


_without_mask_prompt = _mask_prompt(enabled=False)
_without_fusion = _fusion(layers="none", cross_attention=False)

ABLATIONS: dict[str, Change] = {
    "baseline": _all(_without_boundary_loss, _without_mask_prompt, _without_fusion),
    "tbl": _all(_without_mask_prompt, _without_fusion),
    "tbl-mpg": _without_fusion,
    "tbl-bhfm": _without_mask_prompt,
    "without-mhca": _mask_prompt(attention=False),
    "linear": _fusion(layers="linear"),
    "uni": _fusion(layers="uni"),
    "without-bc": _fusion(cross_attention=False),
    "without-bl": _fusion(layers="none"),
}
"""The rows of Tables 3 and 4 that are not the whole model, as changes to a configuration."""

VARIANTS: dict[str, Change] = {
    **ABLATIONS,
    "paper-loss": lambda config: replace(config, loss=LossConfig.paper()),
}
"""What a training run can change about the published model."""
