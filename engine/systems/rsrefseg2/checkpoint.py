"""Published RSRefSeg 2 state dicts to ours and back. Names differ in their prefixes only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import Tensor

from engine.errors import ModelError
from engine.systems.rsrefseg2.model import RSRefSeg2

# Published prefix, ours. peft's wrapper adds `base_model.model`; we inject adapters in place.
PREFIXES = (
    ("backbone.model.image_encoder.base_model.model.", "sam.image_encoder."),
    ("backbone.model.", "sam."),
    ("clip_vision_encoder.base_model.model.model.", "encoder.vision.model."),
    ("clip_text_encoder.base_model.model.", "encoder.language."),
    ("decode_head.", "head."),
    ("prompter.", "prompter."),
)
WRAPPERS = ("module", "state_dict", "model")


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


def unwrap(state: Mapping[str, object]) -> Mapping[str, object]:
    """The state dict inside a training checkpoint: `state_dict`, DeepSpeed's `module`, or itself."""
    for name in WRAPPERS:
        inner = state.get(name)
        if isinstance(inner, Mapping):
            return inner
    return state


def load_published(model: RSRefSeg2, state: Mapping[str, object], *, adapters_only: bool = False) -> None:
    """Loads a published state dict.

    Args:
        model: Built with the published configuration.
        state: What the file held, wrapped or not.
        adapters_only: The file leaves the base weights of the encoders out; they must be loaded
            before. Whether the published files hold them is not known, so both are read.

    Raises:
        ModelError: Names what is missing, unexpected or of another shape.
    """
    tensors = {our_name(key): value for key, value in unwrap(state).items() if isinstance(value, Tensor)}
    own = model.state_dict()
    missing = [key for key in own if key not in tensors]
    if adapters_only:
        missing = [key for key in missing if not is_base_weight(key)]
    unexpected = [key for key in tensors if key not in own]
    shapes = [
        f"{key} is {tuple(tensors[key].shape)}, the model's {tuple(own[key].shape)}"
        for key in tensors
        if key in own and tensors[key].shape != own[key].shape
    ]
    problems = [
        f"{what}: {_some(names)}"
        for what, names in (("missing", missing), ("unexpected", unexpected), ("of another shape", shapes))
        if names
    ]
    if problems:
        raise ModelError("These weights do not fit RSRefSeg 2. " + "; ".join(problems) + ".")
    model.load_state_dict(tensors, strict=False)


def is_base_weight(name: str) -> bool:
    """Whether a tensor of ours belongs to a frozen encoder rather than to what RSRefSeg 2 adds."""
    frozen = name.startswith(("sam.image_encoder.", "encoder."))
    return frozen and ".lora_" not in name and not name.endswith(("logit_scale", "logit_bias"))


def _some(names: Iterable[str], limit: int = 5) -> str:
    names = list(names)
    rest = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + rest
