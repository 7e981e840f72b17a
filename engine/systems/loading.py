"""From a card to a loaded model."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from engine.errors import ModelError
from engine.models import zoo
from engine.models.integrity import check_files
from engine.systems import registry

if TYPE_CHECKING:
    from engine.models.card import Base, ModelCard
    from engine.systems.segmenter import Segmenter


def load(model_id: str, device: str = "auto") -> Segmenter:
    """Loads a model onto a device.

    Raises:
        ModelError: There is no such model, its weights are missing or damaged, or it was made on
            another base.
        InputError: There is no such device.
    """
    found = zoo.card(model_id)
    check_files(found)
    # Imported late: it takes seconds, and what is wrong above is known without it.
    from engine.compute import device as devices

    if found.base is not None:
        return _adapted(found, found.base, device)
    return registry.find(found.system).segmenter(found, devices.choose(device))


def _adapted(found: ModelCard, base: Base, device: str) -> Segmenter:
    system = registry.find(found.system)
    system.its_adapters()  # what has none is refused before seconds are spent on its base
    segmenter = load(base.id, device)
    if segmenter.weights_sha256 != base.sha256:
        raise ModelError(
            f"{found.title} was made on other weights of {base.id}: their SHA-256 is "
            f"{base.sha256}, not {segmenter.weights_sha256}. Install the version of {base.id} "
            "that it was made on, or teach it again."
        )
    parts = (base.sha256, *(file.sha256 for file in found.weights))
    digest = hashlib.sha256("".join(parts).encode()).hexdigest()
    return system.adapted(segmenter, found, digest)
