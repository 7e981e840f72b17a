"""Weights of RSRefSeg 2: our files, the published ones, and the base models they stand on."""

from __future__ import annotations

import pickle  # nosec B403  # named only to catch its error; files are read with weights_only
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.backbones.initialisation import WithoutInitialisation
from engine.errors import ModelError
from engine.systems.rsrefseg2.config import RSRefSeg2Config, compact, large
from engine.systems.rsrefseg2.model import RSRefSeg2
from engine.systems.rsrefseg2.segmenter import RSRefSeg2Segmenter

if TYPE_CHECKING:
    from engine.zoo import ModelCard

CONFIGURATIONS: dict[str, Callable[[], RSRefSeg2Config]] = {"compact": compact, "large": large}
SAM_FILE = "sam2.1_hiera_large.pt"
SIGLIP_FILE = "model.safetensors"
SCALE = ".scale"
LARGE_TABLE = 10_000

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


def load(card: ModelCard, device: torch.device) -> RSRefSeg2Segmenter:
    """The model of a card, from the files in the card's folder.

    Raises:
        ModelError: The files do not hold what the configuration needs.
    """
    from engine.zoo import sha256

    weights = card.folder / card.weights[0].name
    with WithoutInitialisation():
        model = RSRefSeg2(
            CONFIGURATIONS[card.configuration](), tokenizer=None if card.bundled else card.folder
        )
    if card.bundled:
        load_own(model, weights)
    else:
        load_published_folder(model, card.folder, weights)
    return RSRefSeg2Segmenter(model, card, sha256(weights), device)


def read_tensors(path: Path) -> Mapping[str, object]:
    """What a weights file holds; never runs code from it.

    Raises:
        ModelError: It cannot be read, or wants to run code.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as cause:
        raise ModelError(
            f"{path} wants to run code while it is read, and was refused. "
            "Use a file that holds tensors only."
        ) from cause
    except (OSError, SafetensorError, RuntimeError, ValueError, EOFError) as cause:
        reason = (str(cause) or "it ends too early").splitlines()[0]
        raise ModelError(f"{path} cannot be read as weights: {reason}. Fetch it again.") from cause
    if not isinstance(state, Mapping):
        raise ModelError(f"{path} holds no table of tensors.")
    return state


def save_own(state: Mapping[str, Tensor], path: Path) -> None:
    """Writes a state dict of ours as safetensors.

    Numbers become float16; those of large tables int8, with a scale for each row.
    """
    packed: dict[str, Tensor] = {}
    for name, tensor in state.items():
        if tensor.ndim == 2 and len(tensor) >= LARGE_TABLE:
            scale = tensor.abs().amax(1).clamp(min=1e-8) / 127
            packed[name] = (tensor / scale[:, None]).round().to(torch.int8)
            packed[name + SCALE] = scale.half()
        else:
            packed[name] = (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
    save_file(packed, path, metadata={"format": "pt"})


def load_own(model: RSRefSeg2, path: Path) -> None:
    """Loads a file of `save_own`.

    Raises:
        ModelError: Names what is missing, unexpected or of another shape.
    """
    packed = {
        name: value for name, value in read_tensors(path).items() if isinstance(value, Tensor)
    }
    fit(
        model,
        {
            name: value.float() * packed[name + SCALE].float()[:, None]
            if name + SCALE in packed
            else value
            for name, value in packed.items()
            if not name.endswith(SCALE)
        },
    )


def load_published_folder(model: RSRefSeg2, folder: Path, weights: Path) -> None:
    """Loads a published checkpoint, and the base models beside it where it leaves them out."""
    state = read_tensors(weights)
    names = {our_name(key) for key in unwrap(state)}
    whole = all(name in names for name in model.state_dict())
    if not whole:
        load_base(model, read_tensors(folder / SAM_FILE), read_tensors(folder / SIGLIP_FILE))
    load_published(model, state, adapters_only=not whole)


def load_base(model: RSRefSeg2, sam: Mapping[str, object], siglip: Mapping[str, object]) -> None:
    """Loads SAM 2.1's and SigLIP's own files under the adapters.

    Args:
        model: The large configuration.
        sam: What `sam2.1_hiera_large.pt` holds; its memory modules are left out.
        siglip: What SigLIP's `model.safetensors` holds.

    Raises:
        ModelError: A base weight is missing or of another shape.
    """
    own = model.state_dict()
    tensors: dict[str, object] = {}
    for name, value in unwrap(sam).items():
        tensors[f"sam.{name}"] = value
    for name, value in siglip.items():
        for theirs, ours in (
            ("vision_model.", "encoder.vision.model."),
            ("text_model.", "encoder.language.model."),
        ):
            if name.startswith(theirs):
                tensors[ours + name[len(theirs) :]] = value
        if name in ("logit_scale", "logit_bias"):
            tensors[f"encoder.language.{name}"] = value
    placed = {}
    for name, value in tensors.items():
        stem, _, leaf = name.rpartition(".")
        placed[f"{stem}.base_layer.{leaf}" if f"{stem}.base_layer.{leaf}" in own else name] = value
    needed = {name for name in own if is_base_weight(name) or name.startswith("sam.sam_")}
    fit(model, {name: value for name, value in placed.items() if name in own}, needed)


def unwrap(state: Mapping[str, object]) -> Mapping[str, object]:
    """The state dict in a training checkpoint: `state_dict`, DeepSpeed's `module`, or itself."""
    for name in WRAPPERS:
        inner = state.get(name)
        if isinstance(inner, Mapping):
            return inner
    return state


def load_published(
    model: RSRefSeg2, state: Mapping[str, object], *, adapters_only: bool = False
) -> None:
    """Loads a published state dict.

    Args:
        model: Built with the published configuration.
        state: What the file held, wrapped or not.
        adapters_only: The file leaves the base weights of the encoders out; they must be loaded
            before. Whether the published files hold them is not known, so both are read.

    Raises:
        ModelError: Names what is missing, unexpected or of another shape.
    """
    tensors = {our_name(key): value for key, value in unwrap(state).items()}
    needed = {key for key in model.state_dict() if not (adapters_only and is_base_weight(key))}
    fit(model, tensors, needed)


def fit(model: RSRefSeg2, state: Mapping[str, object], needed: set[str] | None = None) -> None:
    """Loads tensors under our names.

    Args:
        model: Where to.
        state: Names and tensors; other values are passed over.
        needed: Names that must be there; all of the model's if None.

    Raises:
        ModelError: Names what is missing, unexpected or of another shape.
    """
    tensors = {key: value for key, value in state.items() if isinstance(value, Tensor)}
    own = model.state_dict()
    shapes = [
        f"{key} is {tuple(value.shape)}, the model's {tuple(own[key].shape)}"
        for key, value in tensors.items()
        if key in own and value.shape != own[key].shape
    ]
    problems = [
        f"{what}: {_some(names)}"
        for what, names in (
            (
                "missing",
                [key for key in own if key not in tensors and (needed is None or key in needed)],
            ),
            ("unexpected", [key for key in tensors if key not in own]),
            ("of another shape", shapes),
        )
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
