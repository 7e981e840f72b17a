"""Weights of RS2-SAM2."""

from __future__ import annotations

# Published prefix, ours.
PREFIXES = (
    ("visual_model.", "sam."),
    ("mm_extractor.beit3.", "beit3."),
    ("text_hidden_fcs.0.", "token_mlp."),
    ("text_feat_linear.", "text_linear."),
    ("text2one_linear.", "text_weight."),
    ("vmtoken.", "mask_prompt.vmtoken."),
    ("mask_linear.", "mask_prompt.mask_linear."),
    ("mask_product.", "mask_prompt.mask_product."),
)


def our_name(published: str) -> str:
    """Our name of a published tensor; the name itself where it has no known prefix."""
    for theirs, ours in PREFIXES:
        if published.startswith(theirs):
            return ours + published[len(theirs) :]
    return published


def published_name(ours: str) -> str:
    """The published name of one of our tensors."""
    for theirs, prefix in PREFIXES:
        if ours.startswith(prefix):
            return theirs + ours[len(prefix) :]
    return ours
