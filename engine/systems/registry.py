"""The systems there are: a folder beside this file each, imported when it is asked for."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from engine import systems
from engine.errors import ModelError

if TYPE_CHECKING:
    import torch

    from engine.models.card import ModelCard
    from engine.systems.adapter_config import AdapterConfig
    from engine.systems.segmenter import Segmenter
    from engine.systems.task import AdapterTask, Start, Task

Place = str
"""A function of a system, as "module:function" in its folder: to name it imports nothing."""


@dataclass(frozen=True)
class Adapters:
    """What a system does with models of the user's own.

    Attributes:
        load: Place of `load(base, card, digest) -> Segmenter`: a loaded base with the adapter of
            the card's folder, known by the digest from then on.
        teach: Place of `teach(wanted: AdapterConfig) -> AdapterTask`.
    """

    load: Place
    teach: Place


@dataclass(frozen=True)
class System:
    """What a system declares about itself.

    Attributes:
        name: Its folder's, and what cards call it.
        configurations: Place of the function that gives each configuration, by the cards' names.
        load: Place of `load(configuration, card, device) -> Segmenter`.
        second_expression: What another expression about the same view costs: the "decoder", because
            features of the image are kept, or the "whole model", because the text is part of them.
        objectives: For each configuration that is taught whole, by the name of what it is taught,
            the place of `teach(configuration, start: Start) -> Task`.
        adapters: None where the system has none.
    """

    name: str
    configurations: Mapping[str, Place]
    load: Place
    second_expression: Literal["decoder", "whole model"]
    objectives: Mapping[str, Mapping[str, Place]] = field(default_factory=dict)
    adapters: Adapters | None = None

    def __post_init__(self) -> None:
        """Raises ValueError where something is taught to a configuration that there is not."""
        strange = set(self.objectives) - set(self.configurations)
        if strange:
            raise ValueError(f"there is no configuration {', '.join(sorted(strange))} to be taught")

    def segmenter(self, card: ModelCard, device: torch.device) -> Segmenter:
        """The model of a card, from the files in the card's folder.

        Raises:
            ModelError: The system has no such configuration, or the files do not fit it.
        """
        configuration = self.configuration(card.configuration)
        segmenter: Segmenter = self.at(self.load)(configuration, card, device)
        return segmenter

    def adapted(self, base: Segmenter, card: ModelCard, digest: str) -> Segmenter:
        """A user's own model, on its loaded base.

        Raises:
            ModelError: The system has no adapters, or this one does not fit.
        """
        segmenter: Segmenter = self.at(self.its_adapters().load)(base, card, digest)
        return segmenter

    def its_adapters(self) -> Adapters:
        """What it does with adapters.

        Raises:
            ModelError: It has none.
        """
        if self.adapters is None:
            raise ModelError(
                f"This version loads no adapters of the system '{self.name}'. Update the plugin."
            )
        return self.adapters

    def task(self, configuration: str, objective: str, start: Start) -> Task:
        """A network that is taught whole.

        Raises:
            InputError: What it starts from is not said, or makes no sense.
            ModelError: A file that it starts from cannot be read or does not fit.
        """
        teach = self.at(self.objectives[configuration][objective])
        task: Task = teach(self.configuration(configuration), start)
        return task

    def adapter_task(self, wanted: AdapterConfig) -> AdapterTask:
        """An adapter that is taught on its base.

        Raises:
            InputError: The model it starts from is no adapter on this base.
            ModelError: The system has no adapters, or the base or the model it starts from cannot
                be loaded.
        """
        task: AdapterTask = self.at(self.its_adapters().teach)(wanted)
        return task

    def configuration(self, name: str) -> Any:
        """A configuration by the cards' name for it.

        Raises:
            ModelError: There is none.
        """
        if name not in self.configurations:
            raise ModelError(
                f"This version knows no configuration '{name}' of the system '{self.name}'. Update "
                "the plugin."
            )
        return self.at(self.configurations[name])()

    def at(self, place: Place) -> Callable[..., Any]:
        """The function of a place."""
        found: Callable[..., Any] = pkgutil.resolve_name(f"{systems.__name__}.{self.name}.{place}")
        return found


@dataclass(frozen=True)
class Trained:
    """A model that is taught whole: a configuration of a system."""

    system: System
    configuration: str

    @property
    def objectives(self) -> tuple[str, ...]:
        """What it can be taught."""
        return tuple(sorted(self.system.objectives[self.configuration]))

    def task(self, objective: str, start: Start) -> Task:
        """See `System.task`."""
        return self.system.task(self.configuration, objective, start)


def names() -> list[str]:
    """The folders of the systems; none of them is imported."""
    return sorted(entry.name for entry in pkgutil.iter_modules(systems.__path__) if entry.ispkg)


def find(name: str) -> System:
    """The system of a name; no other one is imported.

    Raises:
        ModelError: There is none, or its folder does not declare it.
    """
    if name not in names():
        raise ModelError(f"This version knows no system '{name}'. Update the plugin.")
    return _declared(name)


def every() -> dict[str, System]:
    """All systems by name.

    Raises:
        ModelError: A folder does not declare one.
    """
    return {name: _declared(name) for name in names()}


def _declared(name: str) -> System:
    """What a folder declares."""
    try:
        system = import_module(f"{systems.__name__}.{name}").SYSTEM
        if not isinstance(system, System) or system.name != name:
            raise ValueError(f"SYSTEM is no System of the name '{name}'")
    except (ImportError, AttributeError, SyntaxError, TypeError, ValueError) as cause:
        raise ModelError(
            f"The folder engine/systems/{name} declares no system: {cause}. See "
            "docs/adding-a-system.md, or install the plugin again."
        ) from cause
    return system


def trained() -> dict[str, Trained]:
    """The models that are taught whole, by the name a run calls them: `rs2-sam2-compact`."""
    return {
        f"{name.replace('_', '-')}-{configuration}": Trained(system, configuration)
        for name, system in every().items()
        for configuration in system.objectives
    }
