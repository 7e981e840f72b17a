"""A model as the protocol and the command line tell it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from engine.errors import ModelError
from engine.models import zoo
from engine.models.card import ModelCard
from engine.systems import registry


def describe(card: ModelCard) -> dict[str, Any]:
    """What a card says, what its system can do, and what of it is on this machine."""
    categories = card.categories
    return {
        **asdict(card),
        "categories": None if categories is None else [category.name for category in categories],
        "bundled": card.bundled,
        "teachable": _teachable(card.system),
        "installed": not (card.missing or (card.base and zoo.card(card.base.id).missing)),
        "folder": str(card.folder),
        "bytes": sum(file.bytes for file in card.weights),
    }


def _teachable(system: str) -> bool:
    """Whether a system takes adapters; one that this version does not know takes none."""
    try:
        return registry.find(system).adapters is not None
    except ModelError:
        return False
