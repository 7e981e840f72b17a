"""A golden folder: a manifest of cases and the arrays they must give."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.golden.tensors import Array, make, tensor


@dataclass(frozen=True)
class Case:
    """One golden case.

    Attributes:
        system: Which system it belongs to.
        entry: The manifest's entry.
        folder: Where its arrays lie.
    """

    system: str
    entry: Mapping[str, Any]
    folder: Path

    @property
    def name(self) -> str:
        """Unique in the folder."""
        return str(self.entry["name"])

    @property
    def kind(self) -> str:
        """What part of the system it runs."""
        return str(self.entry["kind"])

    @property
    def sizes(self) -> Mapping[str, Any]:
        """The hyper-parameters of the part."""
        sizes: Mapping[str, Any] = self.entry["hyper_parameters"]
        return sizes

    def inputs(self) -> dict[str, Tensor]:
        """The inputs by name."""
        return {name: torch.from_numpy(make(spec)) for name, spec in self.entry["inputs"].items()}

    def state(self) -> dict[str, Tensor]:
        """The weights by their published names."""
        exceptions = self.entry.get("weight_exceptions", {})
        listed = self.entry["tensors"]
        if isinstance(listed, str):
            full = json.loads((self.folder / "keys_full.json").read_text())["tensors"]
            listed = [(name, shape) for name, (shape, _) in full.items()]
        return {
            name: torch.from_numpy(
                make(exceptions[name]) if name in exceptions else tensor(name, shape)
            )
            for name, shape in listed
        }

    def expected(self) -> dict[str, Array]:
        """The stored outputs by name, whole or sliced."""
        with np.load(self.folder / self.entry["file"]) as arrays:
            return dict(arrays)

    def worst(self, outputs: Mapping[str, Tensor]) -> tuple[str, float]:
        """The output furthest from the golden one, and its error as a share of the tolerance.

        Raises:
            KeyError: An output of the case is not among `outputs`.
        """
        shares = {}
        for name, reference in self.expected().items():
            entry = self.entry["outputs"][name]
            mine = stored(outputs[name].detach().numpy(), entry["stored"])
            if mine.size == 1:  # scalars are stored as one-element arrays
                reference = reference.reshape(mine.shape)
            if mine.shape != reference.shape:
                shares[name] = float("inf")
                continue
            error = np.abs(mine.astype(np.float64) - reference)
            allowed = entry["atol"] + entry["rtol"] * np.abs(reference.astype(np.float64))
            exceeded = np.where(
                allowed > 0,
                error / np.where(allowed > 0, allowed, 1),
                np.where(error > 0, np.inf, 0),
            )
            shares[name] = float(np.nan_to_num(exceeded, nan=np.inf).max(initial=0.0))
        name = max(shares, key=lambda key: shares[key])
        return name, shares[name]


Runner = Callable[[Case], Mapping[str, Tensor]]
"""What gives the outputs of a case."""


def stored(array: Array, what: str) -> Array:
    """The part of an array a case stores: "whole" or "slice [:, ::2]"."""
    if what == "whole":
        return array
    parts = re.sub(r"[^0-9:,-]", "", what).split(",")
    index = tuple(
        slice(*(int(n) if n else None for n in part.split(":"))) if ":" in part else int(part)
        for part in parts
    )
    return np.asarray(array[index])


def cases(folder: Path) -> Iterator[Case]:
    """Every case of a golden folder, in the manifest's order."""
    manifest = json.loads((folder / "manifest.json").read_text())
    for entry in manifest["cases"]:
        yield Case(manifest["system"], entry, folder)


def load(module: nn.Module, state: Mapping[str, Tensor], prefix: str = "") -> nn.Module:
    """Loads the tensors under `prefix` strictly, and returns the module ready for evaluation."""
    module.load_state_dict(
        {key[len(prefix) :]: value for key, value in state.items() if key.startswith(prefix)}
    )
    return module.eval()
