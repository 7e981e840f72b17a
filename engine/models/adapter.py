"""Adapters in PEFT's own format: put into a network, written, and read back without trust."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from peft import (
    LoraConfig,
    get_peft_model_state_dict,
    inject_adapter_in_model,
    set_peft_model_state_dict,
)
from peft.utils.constants import DUMMY_TARGET_MODULES
from safetensors.torch import save_file
from torch import Tensor, nn

from engine.errors import ModelError
from engine.models.card import ADAPTER_FILES
from engine.models.weights import check_fit, read_tensors

WEIGHTS, CONFIG = ADAPTER_FILES
LARGEST_RANK = LARGEST_ALPHA = 256

PREFIX = "base_model.model."
"""What PEFT's own wrapper puts before every name; we inject in place."""

NAME = re.compile(r"\w+(\.\w+)*")


@dataclass(frozen=True)
class Adaptation:
    """Which parts of a network an adapter moves.

    Attributes:
        ranks: Rank of the low-rank update of each layer, by the layer's full name.
        alpha: The update's scale is `alpha / rank`.
        whole: Full names of the modules that are replaced by trained copies.
    """

    ranks: Mapping[str, int] = field(default_factory=dict)
    alpha: int = 16
    whole: tuple[str, ...] = ()

    def config(self, base: str | None = None) -> LoraConfig:
        """As PEFT says it. Layers are named one by one, so that no pattern is ever read back.

        Args:
            base: The base model's id, for the file.
        """
        return LoraConfig(
            base_model_name_or_path=base,
            r=max(self.ranks.values(), default=1),
            lora_alpha=self.alpha,
            target_modules=sorted(self.ranks) if self.ranks else DUMMY_TARGET_MODULES,
            rank_pattern={name.replace(".", r"\."): rank for name, rank in self.ranks.items()},
            modules_to_save=sorted(self.whole) or None,
        )


def inject(network: nn.Module, adaptation: Adaptation) -> None:
    """Puts an untrained adapter, which changes nothing yet, into a network and freezes the rest.

    Raises:
        ModelError: The network has not what is to be adapted.
    """
    modules = dict(network.named_modules())
    unfit = [
        name
        for name in adaptation.ranks
        if not isinstance(modules.get(name), nn.Linear | nn.Conv2d)
    ]
    unfit += [name for name in adaptation.whole if name not in modules]
    nested = [a for a in (*adaptation.ranks, *adaptation.whole) for b in adaptation.whole
              if a.startswith(f"{b}.")]  # fmt: skip
    if unfit or nested or not (adaptation.ranks or adaptation.whole):
        wrong = (unfit or nested or ["nothing at all"])[0]
        raise ModelError(f"An adapter of {wrong} does not fit the base model.")
    network.requires_grad_(False)
    inject_adapter_in_model(adaptation.config(), network)


def write(
    network: nn.Module,
    state: Mapping[str, Tensor],
    adaptation: Adaptation,
    base: str,
    folder: Path,
) -> None:
    """Writes the adapter as PEFT does.

    Args:
        network: One that the adapter was injected into.
        state: The trained network's state dict.
        adaptation: What was injected.
        base: The base model's id.
        folder: Where to; it exists.
    """
    tensors = get_peft_model_state_dict(network, dict(state), save_embedding_layers=False)
    packed = {PREFIX + name: value.contiguous().clone() for name, value in tensors.items()}
    save_file(packed, folder / WEIGHTS, metadata={"format": "pt"})
    config = adaptation.config(base)
    config.inference_mode = True
    config.target_modules = sorted(adaptation.ranks) if adaptation.ranks else DUMMY_TARGET_MODULES
    config.save_pretrained(str(folder))


def load(network: nn.Module, folder: Path) -> None:
    """Puts a folder's adapter into its base model.

    Raises:
        ModelError: The files are damaged, or do not fit the network.
    """
    inject(network, read_adaptation(folder / CONFIG))
    fill(network, folder)


def fill(network: nn.Module, folder: Path) -> None:
    """Reads a folder's tensors into the adapter that a network has.

    Raises:
        ModelError: They are damaged or do not fit.
    """
    tensors = {
        name.removeprefix(PREFIX): value
        for name, value in read_tensors(folder / WEIGHTS).items()
        if isinstance(value, Tensor)
    }
    if not all(value.float().isfinite().all() for value in tensors.values()):
        raise ModelError(f"{folder / WEIGHTS} holds numbers that are not finite. Fetch it again.")
    own = get_peft_model_state_dict(network, save_embedding_layers=False)
    check_fit(own, tensors, "this adapter and its base")
    set_peft_model_state_dict(network, tensors)


def read_adaptation(path: Path) -> Adaptation:
    """What an `adapter_config.json` of `write` asks for; of its settings no other is followed.

    Raises:
        ModelError: It cannot be read, or asks for something else than plain low-rank adapters.
    """
    try:
        table = json.loads(path.read_text("utf-8"))
        targets, pattern = table["target_modules"], table["rank_pattern"]
        names = [] if targets == DUMMY_TARGET_MODULES else list(targets)
        ranks = {str(name): pattern[name.replace(".", r"\.")] for name in names}
        whole = tuple(table["modules_to_save"] or ())
        alpha = table["lora_alpha"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as cause:
        raise ModelError(
            f"{path} cannot be read as an adapter: {cause!r}. Fetch it again."
        ) from cause
    plain = (
        table.get("peft_type") == "LORA"
        and not any(table.get(name) for name in ("use_dora", "use_rslora", "layer_replication"))
        and all(isinstance(name, str) and NAME.fullmatch(name) for name in (*ranks, *whole))
        and all(type(n) is int and 1 <= n <= LARGEST_RANK for n in ranks.values())
        and type(alpha) is int
        and 1 <= alpha <= LARGEST_ALPHA
    )
    if not plain:
        raise ModelError(
            f"{path} asks for an adapter of a kind that this version does not make. "
            "Only low-rank adapters of named layers are loaded."
        )
    return Adaptation(ranks, alpha, whole)
