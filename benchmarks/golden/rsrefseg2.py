"""How each kind of RSRefSeg 2's golden cases is run with this implementation."""

from __future__ import annotations

import re
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.golden.case import Case, load
from engine.backbones.dual_encoder import Text
from engine.backbones.sam2 import Sam2, Sam2Sizes
from engine.backbones.siglip import SiglipSizes
from engine.systems.rsrefseg2 import losses
from engine.systems.rsrefseg2.checkpoint import load_published
from engine.systems.rsrefseg2.config import LoraRanks, PrompterSizes, RSRefSeg2Config
from engine.systems.rsrefseg2.decomposition import DecompositionLayer
from engine.systems.rsrefseg2.interaction import FirstOrderInteraction, SecondOrderInteraction
from engine.systems.rsrefseg2.model import RSRefSeg2
from engine.systems.rsrefseg2.prompter import Prompter

SAM_TINY = Sam2Sizes(
    embed_dim=96, heads=1, stages=(1, 2, 7, 2), global_blocks=(5, 7, 9), windows=(8, 4, 14, 7)
)
Outputs = dict[str, Tensor]


def _prompter_sizes(case: Case) -> PrompterSizes:
    sizes = case.sizes
    return PrompterSizes(
        dim=sizes["dim"],
        inner_dim=sizes.get("internal_dim", sizes["dim"]),
        mlp_dim=sizes["mlp_dim"],
        heads=sizes.get("heads", 8),
        prompt_dim=sizes.get("prompt_dim", 256),
        queries=sizes.get("queries", 3),
        prompts=sizes.get("prompts", 9),
        depths=tuple(sizes.get("depths", (0, 0, 0))),
        grid=sizes.get("img_pe_size", sizes.get("grid", 32)),
        mask=sizes.get("mask_size", 256),
    )


def _layer_prefix(state: dict[str, Tensor]) -> str:
    return ".".join(next(iter(state)).split(".")[:3]) + "."


def decomposition(case: Case) -> Outputs:
    """One layer of referring semantic decomposition."""
    x, state = case.inputs(), case.state()
    layer = load(DecompositionLayer(_prompter_sizes(case)), state, _layer_prefix(state))
    t1, t2 = layer(x["q1"], x["q2"], x["text"], x["pe1"], x["pe2"])
    return {"q1_out": t1, "q2_out": t2}


def interaction_first(case: Case) -> Outputs:
    """One layer of first-order text-visual interaction."""
    x, state = case.inputs(), case.state()
    layer = load(FirstOrderInteraction(_prompter_sizes(case)), state, _layer_prefix(state))
    text, image = layer(x["text"], x["img"], x["text_pe"], x["img_pe"])
    return {"img_out": image, "text_out": text}


def interaction_second(case: Case) -> Outputs:
    """One layer of second-order text-visual interaction."""
    x, state = case.inputs(), case.state()
    layer = load(SecondOrderInteraction(_prompter_sizes(case)), state, _layer_prefix(state))
    prompts, text, image = layer(
        x["prompts"], x["text"], x["img"], x["prompt_pe"], x["text_pe"], x["img_pe"]
    )
    return {"prompts_out": prompts, "img_out": image, "text_out": text}


def prompter(case: Case) -> Outputs:
    """The whole prompter, or prompt generation alone where the depths are zero."""
    x, state = case.inputs(), case.state()
    module = load(Prompter(_prompter_sizes(case)), state, "prompter.")
    grid = case.sizes["grid"]
    image_map = x["visual"].transpose(1, 2).unflatten(2, (grid, grid))
    scale, bias = (torch.tensor(case.sizes[name]) for name in ("logit_scale", "logit_bias"))
    out = module(image_map, Text(x["text"], x["pooled"]), scale, bias)
    return {
        "sparse_prompts": out.sparse,
        "dense_prompts": out.dense,
        "text_queries1": out.t1,
        "text_queries2": out.t2,
        "refined_image_first": out.image_first,
        "refined_image_second": out.image_second,
        "refined_queries1": out.refined_t1,
        "refined_queries2": out.refined_t2,
        "prompt_tokens": out.tokens,
    }


def loss(case: Case) -> Outputs:
    """The decode head's losses and their gradients."""
    x, sizes = case.inputs(), case.sizes
    head = load(losses.ContrastiveHead(), case.state(), "decode_head.")
    logits, q1, q2, label = x["seg_logits"], x["q1"], x["q2"], x["label"].clone()
    ignored = re.search(r"last (\d+) columns of the label are 255", case.entry["procedure"])
    if ignored:
        label[..., -int(ignored[1]) :] = losses.IGNORE
    logits.requires_grad_(True)
    q2.requires_grad_(True)
    full = F.interpolate(logits, label.shape[-2:], mode="bilinear", align_corners=False)
    similarity = head.sample_logits(x["clip_map"], label, q2)
    parts = {
        "loss_ce": sizes["loss_ce_weight"] * losses.cross_entropy(full, label),
        "loss_dice": sizes["loss_dice_weight"] * losses.dice(full, label),
        "loss_text_queries1_queries2": sizes["ortho_weight"] * losses.orthogonality(q1, q2),
        "loss_perbatch_refined_img_feat_map_perbatch": sizes["contrastive_weight"]
        * head.sample_alignment(similarity),
    }
    total = torch.stack(list(parts.values())).sum()
    total.backward()
    valid = label != losses.IGNORE
    return {
        **parts,
        "total": total,
        "acc_seg": 100 * ((label == 0) & valid).sum() / valid.sum(),
        "downsampled_label": losses.downsample_label(label, x["clip_map"].shape[-2:]),
        "contrastive_logits_per_image": similarity,
        "grad_seg_logits": logits.grad,
        "grad_text_queries2": q2.grad,
    }


def dynamic_multimask(case: Case) -> Outputs:
    """SAM 2's choice between its single mask and the best of three."""
    x = case.inputs()
    masks = x["masks"].clone()
    masks[0] *= 0.02
    sam = Sam2(
        Sam2Sizes(image=64, embed_dim=8, heads=1, stages=(1, 1, 1, 1), global_blocks=(), dim=32)
    ).eval()
    decoder = sam.sam_mask_decoder
    decoder.dynamic_multimask_stability_delta = case.sizes["delta"]
    decoder.dynamic_multimask_stability_thresh = case.sizes["thresh"]
    chosen, iou = sam.choose(masks, x["ious"])
    return {"masks": chosen, "iou": iou, "stability": decoder._get_stability_scores(masks[:, :1])}


def end_to_end(case: Case) -> Outputs:
    """The whole model with adapters, from image and token ids to logits."""
    x, sizes, siglip = case.inputs(), case.sizes, case.sizes["siglip"]
    sam = SAM_TINY if "tiny" in sizes["sam"] else Sam2Sizes()
    model = RSRefSeg2(
        RSRefSeg2Config(
            encoder=SiglipSizes(
                hidden=siglip["hidden"],
                intermediate=siglip["intermediate"],
                layers=siglip["layers"],
                heads=siglip["heads"],
                image=siglip["image"],
                patch=siglip["patch"],
                vocabulary=siglip["vocab"],
                positions=siglip["max_text_positions"],
            ),
            sam=Sam2Sizes(**{**vars(sam), "image": sizes["image_size"]}),
            prompter=PrompterSizes(
                dim=sizes["prompter"]["dim"],
                inner_dim=sizes["prompter"]["internal_dim"],
                mlp_dim=sizes["prompter"]["mlp_dim"],
                heads=sizes["prompter"]["heads"],
                prompt_dim=sizes["prompter"]["prompt_dim"],
                queries=sizes["prompter"]["queries"],
                prompts=sizes["prompter"]["prompts"],
                depths=tuple(sizes["prompter"]["depths"]),
                grid=sizes["prompter"]["img_pe_size"],
                mask=sizes["image_size"] // 4,
            ),
            lora=LoraRanks(*(sizes["lora"]["r"],) * 3, alpha=sizes["lora"]["alpha"]),
            dynamic_multimask=sizes["dynamic_multimask"]["enabled"],
        )
    )
    load_published(model, case.state())
    model.eval()
    with torch.inference_mode():
        features = model.encode(x["image"])
        out = model.decode(features, model.encoder.text(x["input_ids"]))
        full = F.interpolate(
            out.masks.logits, x["image"].shape[-2:], mode="bilinear", align_corners=False
        )
    return {
        "seg_logits": out.masks.logits,
        "dense_prompts": out.prompts.dense,
        "sparse_prompts": out.prompts.sparse,
        "iou": out.masks.iou,
        "four_ious": out.masks.all_iou,
        "stability": out.masks.stability,
        "clip_visual": features.image_map.flatten(2).transpose(1, 2),
        "clip_text": out.text.tokens,
        "clip_text_pooled": out.text.pooled,
        "text_queries1": out.prompts.t1,
        "text_queries2": out.prompts.t2,
        "image_embed": features.sam.embedding,
        "logits_full": full,
    }


KINDS: dict[str, Callable[[Case], Outputs]] = {
    "decomposition": decomposition,
    "interaction_first": interaction_first,
    "interaction_second": interaction_second,
    "prompt_generation": prompter,
    "prompter": prompter,
    "loss": loss,
    "dynamic_multimask": dynamic_multimask,
    "end_to_end": end_to_end,
}
