"""A model that is loaded when it is first needed, and known by its weights before."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from engine.models import zoo
from engine.models.integrity import missing, sha256
from engine.systems import loading

if TYPE_CHECKING:
    from engine.systems.segmenter import Segmenter


class LazyModel:
    """A model on a device; there is such a model, or ModelError is raised."""

    def __init__(self, model: str, device: str) -> None:
        self.card = zoo.card(model)
        self._device = device

    @cached_property
    def segmenter(self) -> Segmenter:
        """The model; loaded once, which takes seconds.

        Raises:
            ModelError: Its weights are missing or damaged.
            InputError: There is no such device.
        """
        return loading.load(self.card.id, self._device)

    @cached_property
    def weights(self) -> dict[str, str]:
        """SHA-256 of each of its files: the card's, which loading verifies, or else the file's.

        Raises:
            ModelError: A file that the card gives no SHA-256 of is missing.
        """
        own = {file.name: file.sha256 or self._sha256(file.name) for file in self.card.weights}
        return {**own, **({self.card.base.id: self.card.base.sha256} if self.card.base else {})}

    def _sha256(self, name: str) -> str:
        if name in self.card.missing:
            raise missing(self.card)
        return sha256(self.card.file(name))
