"""How RS2-SAM2 is taught: from SAM 2 and BEiT-3 on, with sentences."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from engine.backbones.beit3_tokenizer import Beit3Tokenizer
from engine.data.batch import Batch, collate
from engine.data.scenes.views import View
from engine.errors import InputError
from engine.language.categories import VHR10
from engine.models.weights import read_tensors, save_small
from engine.systems.rs2_sam2 import losses
from engine.systems.rs2_sam2.checkpoint import load_base, load_own
from engine.systems.rs2_sam2.config import VARIANTS, RS2SAM2Config
from engine.systems.rs2_sam2.decision import foreground_logits
from engine.systems.rs2_sam2.model import RS2SAM2, Output
from engine.systems.rs2_sam2.pretraining import UnionPretraining
from engine.systems.rs2_sam2.segmenter import square
from engine.systems.task import Start, Task


def referring(config: RS2SAM2Config, start: Start) -> Task:
    """The whole model but SAM 2's image encoder, of which only the adapters learn.

    Raises:
        InputError: The run does not say where the tokenizer is, or names an unknown variant.
        ModelError: A file that the run starts from cannot be read or does not fit.
    """
    if start.variant:
        if start.variant not in VARIANTS:
            raise InputError(
                f"variant cannot be '{start.variant}'. Choose from {', '.join(VARIANTS)}."
            )
        config = VARIANTS[start.variant](config)
    tokenizer = _tokenizer(config, start)
    model = RS2SAM2(config)
    if start.initial:
        load_own(model, Path(start.initial))
    elif "sam" in start.base and "beit3" in start.base:
        sam, beit3 = (read_tensors(Path(start.base[name])) for name in ("sam", "beit3"))
        load_base(model, sam, beit3)
    return Task(
        network=model,
        losses=partial(training_losses, tokenizer),
        export=save_small,
        blocks=[*model.sam.image_encoder.trunk.blocks, *model.beit3.encoder.layers],
        predict=partial(predict, tokenizer),
    )


def union_encoder(config: RS2SAM2Config, start: Start) -> Task:
    """A union encoder of random weights learns all categories; it comes out as a base model.

    Raises:
        InputError: The run does not say where the tokenizer is.
        ModelError: The tokenizer cannot be read or does not fit.
    """
    network = UnionPretraining(RS2SAM2(config).beit3, _tokenizer(config, start), len(VHR10))
    return Task(
        network=network,
        losses=UnionPretraining.losses,
        validate=_validate_union,
        export=_export_base,
        blocks=list(network.beit3.encoder.layers),
    )


def _tokenizer(config: RS2SAM2Config, start: Start) -> Beit3Tokenizer:
    if "tokenizer" not in start.base:
        raise InputError("RS2-SAM2 reads text with beit3.spm. Say where it is: base.tokenizer.")
    return Beit3Tokenizer(Path(start.base["tokenizer"]), config.beit3)


def training_losses(tokenizer: Beit3Tokenizer, model: RS2SAM2, batch: Batch) -> dict[str, Tensor]:
    """The weighted parts of the loss, Eq. 3; every sentence has a pass of its own."""
    pixels = batch.pixels.repeat_interleave(batch.counts, 0)
    output = _answer(tokenizer, model, pixels, batch.expressions)
    target = batch.masks[:, 0].long()
    values = _resized(output.masks.logits, target.shape[-2:])
    return losses.total(values, target, output.text_weight.float(), model.config.loss)


def predict(
    tokenizer: Beit3Tokenizer, model: RS2SAM2, pixels: Tensor, expressions: Sequence[str]
) -> Tensor:
    """Logits `(E, H, W)` of expressions about one view `(3, H, W)` uint8.

    One at a time: what pads a shorter sentence is looked at.
    """
    device = next(model.parameters()).device
    view = pixels[None].to(device)
    values = [_answer(tokenizer, model, view, [text]).masks.logits for text in expressions]
    return foreground_logits(_resized(torch.cat(values), pixels.shape[-2:]))[:, 0]


def _validate_union(network: UnionPretraining, views: Sequence[View]) -> dict[str, float]:
    """IoU of each category's patches; "mIoU" is their mean."""
    names = [category.name for category in VHR10]
    device = next(network.parameters()).device
    overlaps = [network.overlaps(collate([view], names).to(device)).cpu() for view in views]
    totals = torch.stack(overlaps).sum(0)
    ious = totals[0] / totals[1].clamp(min=1)
    each = {f"IoU/{name}": float(value) for name, value in zip(names, ious, strict=True)}
    return {"mIoU": float(ious.mean()), **each}


def _export_base(state: dict[str, Tensor], path: Path) -> None:
    """The union encoder under the names of its own file."""
    save_file({name: x for name, x in state.items() if name.startswith("beit3.")}, path)


def _answer(
    tokenizer: Beit3Tokenizer, model: RS2SAM2, pixels: Tensor, expressions: Sequence[str]
) -> Output:
    """What the model says to `B` expressions about `B` views `(B, 3, H, W)` uint8."""
    config = model.config
    tokens = tokenizer(expressions).to(pixels.device)
    images = (square(pixels.float() / 255, side) for side in (config.sam.image, config.beit3.image))
    output: Output = model(*images, tokens.ids, tokens.valid)
    return output


def _resized(values: Tensor, size: Sequence[int]) -> Tensor:
    return F.interpolate(values.float(), tuple(size), mode="bilinear", align_corners=False)
