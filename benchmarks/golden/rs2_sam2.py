"""How each kind of RS2-SAM2's golden cases is run with this implementation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from accelerate import init_empty_weights
from torch import Tensor

from benchmarks.golden.case import Case, load
from engine.backbones.beit3 import Beit3, Beit3Sizes
from engine.backbones.sam2 import Sam2Sizes, SamFeatures
from engine.systems.rs2_sam2 import losses
from engine.systems.rs2_sam2.checkpoint import NAMES
from engine.systems.rs2_sam2.config import FusionConfig, LossConfig, MaskPromptConfig, RS2SAM2Config
from engine.systems.rs2_sam2.decision import two_channels
from engine.systems.rs2_sam2.fused_sam2 import FusedSam2
from engine.systems.rs2_sam2.hierarchical_fusion import FusedBlock, FusionAdapter
from engine.systems.rs2_sam2.mask_prompt_generator import MaskPromptGenerator, enlarge
from engine.systems.rs2_sam2.model import RS2SAM2

SAM_TINY = Sam2Sizes(
    embed_dim=96, heads=1, stages=(1, 2, 7, 2), global_blocks=(5, 7, 9), windows=(8, 4, 14, 7)
)
Outputs = dict[str, Tensor]


def _state(case: Case) -> dict[str, Tensor]:
    return {NAMES.ours(name): value for name, value in case.state().items()}


def _block_prefix(state: dict[str, Tensor]) -> str:
    return ".".join(next(iter(state)).split(".")[:5]) + "."


def union_encoder(case: Case) -> Outputs:
    """BEiT-3."""
    x, sizes = case.inputs(), case.sizes
    model = load(
        Beit3(
            Beit3Sizes(
                dim=sizes["embed_dim"],
                heads=sizes["heads"],
                layers=sizes["layers"],
                ffn=sizes["ffn_dim"],
                image=sizes["img_size"],
                patch=sizes["patch"],
                vocabulary=sizes["vocab_size"],
                positions=sizes["max_text_positions"],
            )
        ),
        _state(case),
        "beit3.",
    )
    out = model(x["image"], x["input_ids"], ~x["padding"])
    return {"encoder_out": torch.cat([out.cls, out.patches, out.words], 1)}


def bidirectional_fusion(case: Case) -> Outputs:
    """The adapter after a block's attention."""
    x, sizes, state = case.inputs(), case.sizes, _state(case)
    config = FusionConfig(
        text_weight=sizes["alpha"], bottleneck=sizes["mlp_ratio"], heads=sizes["heads"]
    )
    adapter = load(
        FusionAdapter(sizes["D_features"], sizes["text_dim"], config),
        state,
        _block_prefix(state) + "Space_Adapter.",
    )
    image, text = adapter(x["x"], x["text"].transpose(0, 1))
    return {"x_out": image, "text_out": text.transpose(0, 1)}


def hiera_block(case: Case) -> Outputs:
    """A block of Hiera with its two adapters."""
    x, sizes, state = case.inputs(), case.sizes, _state(case)
    block = load(
        FusedBlock(
            sizes["dim"],
            sizes["dim_out"],
            sizes["num_heads"],
            sizes["text_dim"],
            FusionConfig(
                text_weight=sizes["text_mix_alpha"],
                image_weight=sizes["mlp_adapter_scale"],
                bottleneck=sizes["adapter_ratio"],
                heads=sizes["adapter_heads"],
            ),
            mlp_ratio=sizes["mlp_ratio"],
            q_stride=sizes["q_stride"],
            window_size=sizes["window_size"],
        ),
        state,
        _block_prefix(state),
    )
    image, text = block(x["x"], x["text"].transpose(0, 1))
    return {"x_out": image, "text_out": text.transpose(0, 1)}


def mask_prompt_generator(case: Case) -> Outputs:
    """From CLS token and patches to the pseudo-mask."""
    x, sizes = case.inputs(), case.sizes
    generator = MaskPromptGenerator(
        sizes["dim"], sizes["grid"], MaskPromptConfig(heads=sizes["heads"])
    )
    load(generator, _state(case), "mask_prompt.")
    small = generator(x["cls"], x["vis"])
    return {
        "token": generator.token(x["cls"], x["vis"]),
        "prompt14": small,
        "prompt256": enlarge(small, (sizes["out"], sizes["out"])),
    }


def _decoder(case: Case, grid: int) -> FusedSam2:
    """SAM 2's prompt encoder and mask decoder; its image encoder is as small as can be."""
    sizes = Sam2Sizes(image=16 * grid, embed_dim=8, heads=1, stages=(1, 1, 1, 1), global_blocks=())
    config = RS2SAM2Config(sam=sizes, fusion=FusionConfig(layers="none"))
    sam = FusedSam2(config)
    state = {name[len("sam.") :]: value for name, value in _state(case).items()}
    unexpected = sam.load_state_dict(state, strict=False).unexpected_keys
    if unexpected:
        raise KeyError(f"unexpected: {unexpected}")
    return sam.eval()


def decoder_text_cross_attention(case: Case) -> Outputs:
    """The image tokens times what they find in the text."""
    x = case.inputs()
    sam = _decoder(case, grid=int(len(x["tgt"]) ** 0.5))
    tokens, position, text = (x[name].transpose(0, 1) for name in ("tgt", "query_pos", "memory"))
    found = sam.sam_mask_decoder.vlfusion_module.product(tokens, text, position)
    return {"out": found.transpose(0, 1)}


def mask_decoder(case: Case) -> Outputs:
    """Prompt encoder, text attention and mask decoder."""
    x, grid = case.inputs(), case.sizes["grid"]
    sam = _decoder(case, grid)
    decoder = sam.sam_mask_decoder
    features = SamFeatures(
        x["image_embed"], (decoder.conv_s0(x["feat_s0"]), decoder.conv_s1(x["feat_s1"]))
    )
    tokens: list[Tensor] = []
    decoder.output_hypernetworks_mlps[0].register_forward_hook(
        lambda _, inputs, __: tokens.append(inputs[0][:, None])
    )
    masks = sam.decode_with(features, x["text"], x["cls"], x["pseudo_mask"])
    without = sam.decode(features, x["cls"], x["pseudo_mask"])
    four = decoder.predict_masks(
        image_embeddings=features.embedding,
        image_pe=sam.positions(features),
        sparse_prompt_embeddings=x["cls"],
        dense_prompt_embeddings=sam.sam_prompt_encoder(None, None, x["pseudo_mask"])[1],
        repeat_image=False,
        high_res_features=list(features.high_resolution),
    )[0]
    return {
        "sparse": x["cls"],
        "dense": sam.sam_prompt_encoder(None, None, x["pseudo_mask"])[1],
        "image_pe": sam.positions(features),
        "masks": masks.logits,
        "iou": masks.iou,
        "token": tokens[0],
        "object_score": masks.presence,
        "four_masks_without_text_attention": four,
        "four_iou_without_text_attention": without.all_iou,
    }


def loss(case: Case) -> Outputs:
    """The losses and their gradients."""
    x, sizes = case.inputs(), case.sizes
    logit = x["logit"].requires_grad_()
    weight = x["text_scalar"].requires_grad_()
    config = LossConfig(
        ce=1 - sizes["w"],
        dice=sizes["w"],
        boundary=sizes["boundary_weight"],
        classes=tuple(sizes["ce_class_weights"]),
    )
    parts = losses.total(logit, x["target"], weight, config)
    total = torch.stack(list(parts.values())).sum()
    total.backward()
    own = replace(config, boundary_texts="own")
    return {
        "grad_logit": logit.grad,
        "grad_text_scalar": weight.grad,
        "total": total,
        "ce": losses.cross_entropy(two_channels(logit), x["target"], config.classes),
        "dice": losses.dice(two_channels(logit), x["target"]),
        "boundary": losses.boundary(logit, x["target"], weight, config),
        "boundary_text_aligned_per_sample": losses.boundary(logit, x["target"], weight, own),
        "boundary_unit_text": losses.boundary(logit, x["target"], torch.ones_like(weight), config),
        "thresholded": losses.prediction(logit, config).to(torch.uint8),
    }


def end_to_end(case: Case) -> Outputs:
    """The whole model, from images and token ids to logits."""
    x, sizes = case.inputs(), case.sizes
    sam = SAM_TINY if "tiny" in sizes["sam_trunk"] else Sam2Sizes()
    config = RS2SAM2Config(
        beit3=Beit3Sizes(
            dim=sizes["beit3_dim"],
            heads=sizes["beit3_heads"],
            layers=sizes["beit3_layers"],
            ffn=sizes["beit3_ffn"],
            image=sizes["evf_image"],
            vocabulary=sizes["vocab"],
        ),
        sam=replace(sam, image=sizes["image_size"]),
    )
    with init_empty_weights():
        model = RS2SAM2(config)
    model.load_state_dict(_state(case), assign=True)
    model.eval()
    with torch.inference_mode():
        out = model(x["image"], x["image_evf"], x["input_ids"], x["attention_mask"])
    text_map = out.text_weight[:, None, None].expand(out.full_size()[:, 0].shape)
    return {
        "mask_logits": out.full_size(),
        "low_res_logits": out.masks.logits,
        "iou": out.masks.iou,
        "text_scalar": out.text_weight[:, None],
        "text_map_constant": (text_map == text_map[:, :1, :1]).all().to(torch.uint8),
        "mask_prompt": out.prompts.dense,
        "cls_token": out.prompts.sparse,
        "text_feat": out.prompts.text,
        "image_embed": out.features.embedding,
    }


KINDS: dict[str, Callable[[Case], Outputs]] = {
    "union_encoder": union_encoder,
    "bidirectional_fusion": bidirectional_fusion,
    "hiera_block": hiera_block,
    "mask_prompt_generator": mask_prompt_generator,
    "decoder_text_cross_attention": decoder_text_cross_attention,
    "mask_decoder": mask_decoder,
    "loss": loss,
    "end_to_end": end_to_end,
}
