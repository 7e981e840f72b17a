"""Weights files: read without running code, written small, fitted to a network by name."""

from __future__ import annotations

import json
import pickle  # nosec B403  # named only to catch its error; files are read with weights_only
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engine.errors import ModelError

SCALE = ".scale"
LARGE_TABLE = 10_000
PRETRAINED = ("model.safetensors", "pytorch_model.bin")
INDEX = ".index.json"
WRAPPERS = ("module", "state_dict", "model")


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


def check_whole(path: Path) -> None:
    """That a file of safetensors has all the tensors it names; none of them is read.

    Raises:
        ModelError: It has not.
    """
    try:
        with safe_open(path, framework="pt"):
            pass
    except (OSError, SafetensorError) as cause:
        raise ModelError(f"{path} cannot be read as weights: {cause}. Fetch it again.") from cause


def pretrained_files(folder: Path) -> list[Path]:
    """The weights files of a folder in `save_pretrained`'s layout, whole or in shards.

    Raises:
        ModelError: There are none, the list of shards is damaged, or one of them is missing.
    """
    for name in PRETRAINED:
        if (folder / name).is_file():
            return [folder / name]
        if (folder / (name + INDEX)).is_file():
            return _shards(folder / (name + INDEX))
    raise ModelError(
        f"There are no weights in {folder}. Put {' or '.join(PRETRAINED)} there, or its shards "
        f"with their {INDEX[1:]}."
    )


def _shards(index: Path) -> list[Path]:
    try:
        names = sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))
        shards = [index.parent / name for name in names]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as cause:
        raise ModelError(f"{index} is no list of shards: {cause!r}. Fetch it again.") from cause
    outside = [path.name for path in shards if path.parent != index.parent]
    missing = [path.name for path in shards if not path.is_file()]
    if outside or missing or not shards:
        wrong = ", ".join(outside + missing) or "none at all"
        raise ModelError(f"{index} names shards that are not beside it: {wrong}. Fetch them.")
    return shards


def unwrap(state: Mapping[str, object]) -> Mapping[str, object]:
    """The state dict in a training checkpoint: `state_dict`, DeepSpeed's `module`, or itself."""
    for name in WRAPPERS:
        inner = state.get(name)
        if isinstance(inner, Mapping):
            return inner
    return state


def save_small(state: Mapping[str, Tensor], path: Path) -> None:
    """Writes a state dict as safetensors.

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


def read_small(path: Path) -> dict[str, Tensor]:
    """The state dict in a file of `save_small`.

    Raises:
        ModelError: It cannot be read.
    """
    packed = {
        name: value for name, value in read_tensors(path).items() if isinstance(value, Tensor)
    }
    return {
        name: value.float() * packed[name + SCALE].float()[:, None]
        if name + SCALE in packed
        else value
        for name, value in packed.items()
        if not name.endswith(SCALE)
    }


def fit(
    model: nn.Module,
    state: Mapping[str, object],
    system: str,
    needed: Iterable[str] | None = None,
) -> None:
    """Loads tensors into a network, all that fit or none.

    Args:
        model: Where to.
        state: Names, as the network's, and tensors; other values are passed over.
        system: What the network is, for the message.
        needed: Names that must be there; all of the network's if None.

    Raises:
        ModelError: Names what is missing, unexpected or of another shape.
    """
    tensors = {key: value for key, value in state.items() if isinstance(value, Tensor)}
    check_fit(model.state_dict(), tensors, system, needed)
    model.load_state_dict(tensors, strict=False)


def check_fit(
    own: Mapping[str, Tensor],
    tensors: Mapping[str, Tensor],
    system: str,
    needed: Iterable[str] | None = None,
) -> None:
    """Compares names and shapes.

    Args:
        own: The network's tensors.
        tensors: Those to be loaded.
        system: What the network is, for the message.
        needed: Names that must be there; all of the network's if None.

    Raises:
        ModelError: Names what is missing, unexpected or of another shape.
    """
    shapes = [
        f"{key} is {tuple(value.shape)}, the model's {tuple(own[key].shape)}"
        for key, value in tensors.items()
        if key in own and value.shape != own[key].shape
    ]
    wanted = set(own if needed is None else needed)
    problems = [
        f"{what}: {_some(names)}"
        for what, names in (
            ("missing", [key for key in own if key in wanted and key not in tensors]),
            ("unexpected", [key for key in tensors if key not in own]),
            ("of another shape", shapes),
        )
        if names
    ]
    if problems:
        raise ModelError(f"These weights do not fit {system}. " + "; ".join(problems) + ".")


def _some(names: list[str], limit: int = 5) -> str:
    rest = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + rest
