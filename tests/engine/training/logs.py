"""What a run leaves: its events and its states."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor


def events(out: Path, kind: str) -> list[dict[str, Any]]:
    """Events of a kind, in their order."""
    lines = (out / "log.jsonl").read_text("utf-8").splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == kind]


def validations(out: Path) -> list[dict[str, Any]]:
    """The validations of a run."""
    return events(out, "validation")


def checkpoint(out: Path) -> dict[str, Any]:
    state: dict[str, Any] = torch.load(out / "checkpoint.pt", weights_only=True)
    return state


def same(a: Any, b: Any) -> bool:
    """Whether two states are the same to the last bit."""
    if isinstance(a, Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b
