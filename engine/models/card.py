"""A model card: what a model is and knows. Data, not code."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field

from engine.language.categories import VHR10, Category
from engine.language.expression import ExpressionCheck, check
from engine.models import folders
from engine.models.limits import (
    Bytes,
    Digest,
    Facts,
    FileName,
    Metrics,
    ModelId,
    Names,
    Overlap,
    Resolution,
    Shown,
    Terms,
    Text,
    Title,
    View,
    Word,
)

VOCABULARIES: dict[str, tuple[Category, ...]] = {"vhr10": VHR10}

OWN_CARD = "card.toml"
"""The card of a user's own model, beside its weights."""

ADAPTER_FILES = ("adapter_model.safetensors", "adapter_config.json")
"""The weights of a user's own model, in PEFT's format."""


@dataclass(frozen=True)
class WeightsFile:
    """One file of weights.

    Attributes:
        name: File name in the models' folder, or beside the card when bundled.
        sha256: Its SHA-256; empty where it is not known yet.
        bytes: Its size; 0 where it is not known yet.
        repository: Hub repository it comes from; empty when bundled.
        revision: Pinned commit of that repository; empty where none is pinned.
        alternatives: Other names under which the same may lie in the folder instead.
    """

    name: FileName
    sha256: Digest = ""
    bytes: Bytes = 0
    repository: Title = ""
    revision: Word = ""
    alternatives: Annotated[tuple[FileName, ...], Field(max_length=16)] = ()


@dataclass(frozen=True)
class Base:
    """The model that an adapter was made on.

    Attributes:
        id: Its card's.
        sha256: SHA-256 of its weights, as its Segmenter says it.
    """

    id: ModelId
    sha256: Digest


@dataclass(frozen=True)
class ModelCard:
    """What a model is and knows. Data, not code, and within the limits that its types say.

    Attributes:
        id: Its name in the list, on the command line and in results.
        title: Its name for people.
        system: The system it belongs to.
        configuration: Which configuration of the system.
        languages: Languages of the expressions.
        vocabulary: Name of a fixed list of categories; empty for an open vocabulary.
        finest: Finest ground resolution it is meant for, metres a pixel.
        coarsest: Coarsest ground resolution it is meant for, metres a pixel.
        view: Longest side in pixels of an extent that is looked at as one view.
        window: Side in pixels of the windows that a larger extent is cut into.
        overlap: Pixels that neighbouring windows share.
        licence: Terms of the weights.
        about: What it is good for and what not, in a sentence or two.
        weights: Its files.
        metrics: What was measured, and on which data.
        taught: Names and sentences that it was taught besides the vocabulary.
        base: What it is an adapter on: a user's own model; None for any other.
        data: What a user's own model was taught with.
    """

    id: ModelId
    title: Annotated[Title, Shown]
    system: Word
    configuration: Word
    languages: Annotated[tuple[Word, ...], Field(max_length=64)]
    vocabulary: Word
    finest: Resolution
    coarsest: Resolution
    view: View
    window: View
    overlap: Overlap
    licence: Terms
    about: Text
    weights: Annotated[tuple[WeightsFile, ...], Field(max_length=16)]
    metrics: Metrics
    taught: Names = ()
    base: Base | None = None
    data: Facts = field(default_factory=dict)

    @property
    def categories(self) -> tuple[Category, ...] | None:
        """What it knows; None for an open vocabulary."""
        if not self.vocabulary:
            return None
        return VOCABULARIES[self.vocabulary] + tuple(map(Category, self.taught))

    @property
    def bundled(self) -> bool:
        """Whether its weights come with the plugin."""
        return self.base is None and not any(file.repository for file in self.weights)

    @property
    def folder(self) -> Path:
        """Where its weights lie."""
        return folders.CARDS if self.bundled else folders.models_folder() / self.id

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of its files that are not on this machine."""
        return tuple(file.name for file in self.weights if not self._found(file).is_file())

    def file(self, name: str) -> Path:
        """Where one of its files lies, under its own name or an alternative one."""
        return next(self._found(file) for file in self.weights if file.name == name)

    def _found(self, file: WeightsFile) -> Path:
        paths = [self.folder / name for name in (file.name, *file.alternatives)]
        return next((path for path in paths if path.is_file()), paths[0])

    def check(self, expression: str) -> ExpressionCheck:
        """What the model knows of an expression."""
        return check(expression, self.categories)
