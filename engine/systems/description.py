"""A model as the protocol and the command line tell it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from engine.errors import ModelError
from engine.models import zoo
from engine.models.card import ModelCard
from engine.models.limits import LONGEST_TITLE, legible
from engine.systems import registry


def describe(card: ModelCard) -> dict[str, Any]:
    """What a card says, what its system can do, and what of it is on this machine."""
    categories = card.categories
    return {
        **asdict(card),
        "categories": None if categories is None else [category.name for category in categories],
        "bundled": card.bundled,
        "teachable": _teachable(card.system),
        "installed": not (card.missing or _base_missing(card)),
        "folder": str(card.folder),
        "bytes": sum(file.bytes for file in card.weights),
    }


def describe_damaged(entry: zoo.Damaged) -> dict[str, Any]:
    """What is wrong with a model, and what to delete it by."""
    return {
        "id": entry.id,
        "title": legible(entry.id, LONGEST_TITLE) or "?",
        "damaged": entry.reason,
    }


def _base_missing(card: ModelCard) -> bool:
    return card.base is not None and any(
        base.missing for base in zoo.given() if base.id == card.base.id
    )


def _teachable(system: str) -> bool:
    """Whether a system takes adapters; one that this version does not know takes none."""
    try:
        return registry.find(system).adapters is not None
    except ModelError:
        return False
