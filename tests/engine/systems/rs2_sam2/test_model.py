"""What RS2-SAM2 promises besides its numbers: its switches, and what of it learns."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.systems.rs2_sam2 import losses
from engine.systems.rs2_sam2.config import ABLATIONS, FusionConfig, RS2SAM2Config
from engine.systems.rs2_sam2.model import RS2SAM2, Output
from tests.engine.systems.rs2_sam2.tiny import SAM, inputs, tiny_config, tiny_model

# What a forward pass cannot reach: SAM 2's memory, its other prompts and its three other masks.
NEVER_RUN = (
    "meo_linear.",
    "sam.mem",
    "sam.maskmem",
    "sam.no_mem_pos",
    "sam.no_obj",
    "sam.mask_down",
    "sam.obj_ptr",
    "sam.sam_prompt_encoder.point",
    "sam.sam_prompt_encoder.not_a_point",
    "sam.sam_mask_decoder.iou_prediction",
    "sam.sam_mask_decoder.pred_obj",
    "sam.sam_mask_decoder.output_hypernetworks_mlps.1",
    "sam.sam_mask_decoder.output_hypernetworks_mlps.2",
    "sam.sam_mask_decoder.output_hypernetworks_mlps.3",
    "beit3.vision_embed.mask_token",
)
LAST_BLOCK = f"sam.image_encoder.trunk.blocks.{sum(SAM.stages) - 1}.Space_Adapter."
# The text that the last block gives goes nowhere.
LAST_TEXT = (f"{LAST_BLOCK}lvfusion_module.", f"{LAST_BLOCK}text_out_linear.")
MASK = "sam.sam_prompt_encoder.mask_downscaling."
NO_MASK = "sam.sam_prompt_encoder.no_mask_embed."
IDLE: dict[str, tuple[str, ...]] = {
    "whole": (NO_MASK, *LAST_TEXT),
    # Nothing asks for the words of the text, only for the CLS token that has listened to them.
    "baseline": (
        MASK,
        "text_weight.",
        "text_linear.",
        "beit3.encoder.layers.1.",
        "beit3.encoder.layer_norm.B.",
    ),
    "tbl": (MASK,),
    "tbl-mpg": (NO_MASK,),
    "tbl-bhfm": (MASK, *LAST_TEXT),
    "without-mhca": (NO_MASK, *LAST_TEXT),
    "linear": (NO_MASK,),
    "uni": (NO_MASK,),
    "without-bc": (NO_MASK, *LAST_TEXT),
    "without-bl": (NO_MASK,),
}


def target(size: int = 16) -> Tensor:
    mask = torch.zeros(2, size, size, dtype=torch.int64)
    mask[:, 4:12, 2:9] = 1
    return mask


def parts(config: RS2SAM2Config, out: Output) -> dict[str, Tensor]:
    return losses.total(out.masks.logits, target(), out.text_weight, config.loss)


def silent(model: RS2SAM2, config: RS2SAM2Config) -> set[str]:
    """Names of what trains without a gradient.

    A bias of keys has none but by rounding: it shifts all that a softmax chooses from alike.
    """
    model.train()
    torch.stack(list(parts(config, model(*inputs())).values())).sum().backward()
    return {
        name
        for name, p in model.named_parameters()
        if p.requires_grad and not name.endswith("k_proj.bias")
        if p.grad is None or not p.grad.any()
    }


def of(names: set[str], *starts: str) -> set[str]:
    return {name for name in names if name.startswith(starts)}


@pytest.mark.parametrize("name", IDLE)
def test_all_that_a_configuration_runs_learns(name: str) -> None:
    config = ABLATIONS[name](tiny_config()) if name in ABLATIONS else tiny_config()
    idle = silent(tiny_model(config), config)
    assert of(idle, *NEVER_RUN, *IDLE[name]) == idle
    assert all(of(idle, start) for start in IDLE[name])


def test_of_the_image_encoder_only_adapters_train() -> None:
    def trained(config: RS2SAM2Config) -> set[str]:
        parameters = tiny_model(config).sam.image_encoder.named_parameters()
        return {name for name, p in parameters if p.requires_grad}

    names = trained(tiny_config())
    assert names
    assert all("Space_Adapter" in name or "MLP_Adapter" in name for name in names)
    assert trained(tiny_config(fusion=FusionConfig(layers="none"))) == set()


def shared(name: str) -> tuple[RS2SAM2Config, RS2SAM2]:
    """A row of Tables 3 and 4 with the whole model's weights, as far as it has them."""
    config = ABLATIONS[name](tiny_config())
    model = tiny_model(config)
    model.load_state_dict(tiny_model().state_dict(), strict=False)
    return config, model.eval()


@pytest.mark.parametrize("name", ABLATIONS)
@torch.inference_mode()
def test_every_row_of_the_tables_answers_differently(name: str) -> None:
    whole = tiny_model()(*inputs())
    config, model = shared(name)
    out = model(*inputs())
    assert out.masks.logits.shape == whole.masks.logits.shape
    assert not torch.allclose(out.masks.logits, whole.masks.logits, atol=1e-5)
    assert (out.prompts.dense is None) is (not config.mask_prompt.enabled)
    assert ("boundary" in parts(config, out)) is (name != "baseline")


@torch.inference_mode()
def test_the_baseline_and_its_boundary_loss_differ_in_the_loss_alone() -> None:
    (config, baseline), (with_loss, other) = shared("baseline"), shared("tbl")
    out = baseline(*inputs())
    assert torch.allclose(out.masks.logits, other(*inputs()).masks.logits, atol=1e-6)
    assert set(parts(with_loss, out)) - set(parts(config, out)) == {"boundary"}


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("without-mhca", ("mask_prompt.vmtoken.",)),
        ("without-bc", ("sam.sam_mask_decoder.vlfusion_module.",)),
        ("tbl-bhfm", ("mask_prompt.",)),
        ("linear", ("fusion_module", "text_in_linear", "text_out_linear")),
        ("uni", ("lvfusion_module", "text_out_linear")),
        ("without-bl", ("_Adapter.",)),
        ("tbl-mpg", ("_Adapter.", "sam.sam_mask_decoder.vlfusion_module.")),
    ],
)
def test_a_row_takes_away_what_its_name_says(name: str, gone: tuple[str, ...]) -> None:
    whole = set(tiny_model().state_dict())
    left = set(shared(name)[1].state_dict())
    taken = {key for key in whole if any(part in key for part in gone)}
    if name == "linear":
        taken -= {key for key in whole if key.startswith("sam.sam_mask_decoder.")}
    assert whole - left == taken
    assert left <= whole


@torch.inference_mode()
def test_a_pair_answers_as_it_does_alone() -> None:
    model, (image, small, ids, valid) = tiny_model(), inputs()
    together = model(image, small, ids, valid)
    alone = model(image[1:], small[1:], ids[1:], valid[1:])
    assert torch.allclose(together.masks.logits[1:], alone.masks.logits, atol=1e-4)
    assert torch.allclose(together.text_weight[1:], alone.text_weight, atol=1e-5)
    swapped = model(image, small, ids.flip(0), valid)
    assert not torch.allclose(together.masks.logits, swapped.masks.logits, atol=1e-3)


def test_training_lowers_the_loss() -> None:
    config = tiny_config()
    model = tiny_model(config).train()
    optimiser = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=3e-3)
    totals = []
    for _ in range(40):
        total = torch.stack(list(parts(config, model(*inputs())).values())).sum()
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        totals.append(total.item())
    assert totals[-1] < 0.5 * totals[0]
