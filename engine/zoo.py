"""The models there are, a card each, and how they load.

The plugin's cards are `resources/models/*.toml`; the user's own models have theirs beside them, in
`card.toml`. Such a model is an adapter on one of the others.
"""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_data_path
from pydantic import TypeAdapter, ValidationError

from engine.data.categories import VHR10, Category
from engine.errors import ModelError
from engine.expression import ExpressionCheck, check
from engine.systems import Segmenter

if TYPE_CHECKING:
    import torch

CARDS = Path(__file__).resolve().parents[1] / "resources" / "models"
VOCABULARIES: dict[str, tuple[Category, ...]] = {"vhr10": VHR10}
MODELS_VARIABLE = "SEGMENT_BY_TEXT_MODELS"

MODEL_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
"""What a user's model may be called; it is a folder's name as well."""

OWN_CARD = "card.toml"
ADAPTER_FILES = ("adapter_model.safetensors", "adapter_config.json")
LARGEST_VIEW = 8192

TEACHABLE = ("rsrefseg2",)
"""Systems that load adapters."""


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

    name: str
    sha256: str = ""
    bytes: int = 0
    repository: str = ""
    revision: str = ""
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Base:
    """The model that an adapter was made on.

    Attributes:
        id: Its card's.
        sha256: SHA-256 of its weights, as its Segmenter says it.
    """

    id: str
    sha256: str


@dataclass(frozen=True)
class ModelCard:
    """What a model is and knows. Data, not code.

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

    id: str
    title: str
    system: str
    configuration: str
    languages: tuple[str, ...]
    vocabulary: str
    finest: float
    coarsest: float
    view: int
    window: int
    overlap: int
    licence: str
    about: str
    weights: tuple[WeightsFile, ...]
    metrics: dict[str, Any]
    taught: tuple[str, ...] = ()
    base: Base | None = None
    data: dict[str, Any] = field(default_factory=dict)

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
        return CARDS if self.bundled else models_folder() / self.id

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

    def to_dict(self) -> dict[str, Any]:
        """For the protocol and the command line."""
        values = asdict(self)
        categories = self.categories
        return {
            **values,
            "categories": None
            if categories is None
            else [category.name for category in categories],
            "bundled": self.bundled,
            "teachable": self.system in TEACHABLE,
            "installed": not (self.missing or (self.base and card(self.base.id).missing)),
            "folder": str(self.folder),
            "bytes": sum(file.bytes for file in self.weights),
        }


def models_folder() -> Path:
    """Where downloaded and home-made models lie."""
    chosen = os.environ.get(MODELS_VARIABLE)
    return Path(chosen) if chosen else user_data_path("segment-by-text", appauthor=False) / "models"


def cards() -> list[ModelCard]:
    """All cards that can be read: the bundled model's first, the user's own last."""
    return [*_given(), *(entry for entry in _own() if isinstance(entry, ModelCard))]


def damaged() -> list[Damaged]:
    """The user's own models whose cards cannot be read, with the reasons."""
    return [entry for entry in _own() if isinstance(entry, Damaged)]


@dataclass(frozen=True)
class Damaged:
    """A folder among the user's models whose card is wrong.

    Attributes:
        id: The folder's name.
        reason: What is wrong, for people.
    """

    id: str
    reason: str


def card(model_id: str) -> ModelCard:
    """The card of a model.

    Raises:
        ModelError: There is no such model, or its card is damaged.
    """
    known = {entry.id: entry for entry in cards()}
    if model_id not in known:
        for entry in damaged():
            if entry.id == model_id:
                raise ModelError(entry.reason)
        raise ModelError(f"There is no model '{model_id}'. Known: {', '.join(known)}.")
    return known[model_id]


def read_own(path: Path, model_id: str = "") -> ModelCard:
    """The card of a user's own model, which may come from anywhere.

    Args:
        path: The file.
        model_id: What the model should be called; whatever it says if empty.

    Raises:
        ModelError: It cannot be read, makes no sense, or its base is none of this version's.
    """
    found = _read(path)
    bases = {entry.id: entry for entry in _given()}
    base = bases.get(found.base.id) if found.base else None
    same = ("system", "configuration", "vocabulary")
    problems = {
        f"its id '{found.id[:80]}' cannot be a folder's name": not MODEL_ID.fullmatch(found.id),
        f"its id is '{found.id[:80]}', its folder's name {model_id}": found.id
        != (model_id or found.id),
        f"the plugin has a model '{found.id}' of its own": found.id in bases,
        "its base is none of this version's models: "
        + (found.base.id[:80] if found.base else "none"): base is None,
        "it is of another kind than its base": base is not None
        and any(getattr(found, name) != getattr(base, name) for name in same),
        f"it must name {' and '.join(ADAPTER_FILES)} with their SHA-256": not _adapter_files(found),
        "its resolutions make no sense": not 0 < found.finest < found.coarsest < float("inf"),
        "its windows make no sense": not 0
        <= found.overlap
        < found.window
        <= found.view
        <= LARGEST_VIEW,
        "it is taught a word without a letter": not all(map(str.strip, found.taught)),
    }
    for problem, holds in problems.items():
        if holds:
            raise ModelError(f"The model card {path} is damaged: {problem}.")
    return found


def _adapter_files(card: ModelCard) -> bool:
    return sorted(file.name for file in card.weights) == sorted(ADAPTER_FILES) and all(
        re.fullmatch("[0-9a-f]{64}", file.sha256) and not file.repository and not file.alternatives
        for file in card.weights
    )


def _given() -> list[ModelCard]:
    """The cards that come with the plugin."""
    return sorted(
        (_read(path) for path in CARDS.glob("*.toml")), key=lambda card: (not card.bundled, card.id)
    )


def _own() -> Iterator[ModelCard | Damaged]:
    """The user's own models; a wrong one hides no other."""
    for path in sorted(models_folder().glob(f"[!.]*/{OWN_CARD}")):
        try:
            yield read_own(path, path.parent.name)
        except ModelError as error:
            yield Damaged(path.parent.name, f"{error} Delete this model, or import it again.")


def load(model_id: str, device: str = "auto") -> Segmenter:
    """Loads a model onto a device.

    Raises:
        ModelError: There is no such model, its weights are missing or damaged, or it was made on
            another base.
        InputError: There is no such device.
    """
    found = card(model_id)
    if found.missing:
        raise missing(found)
    for file in found.weights:
        verify(found.file(file.name), file)
    # Imported late: these take seconds, and what is wrong above is known without them.
    from engine import device as devices

    if found.base is not None:
        return _adapted(found, found.base, device)
    return _loader(found.system)(found, devices.choose(device))


def _adapted(found: ModelCard, base: Base, device: str) -> Segmenter:
    adapt = _adapter_loader(found.system)
    segmenter = load(base.id, device)
    if segmenter.weights_sha256 != base.sha256:
        raise ModelError(
            f"{found.title} was made on other weights of {base.id}: their SHA-256 is "
            f"{base.sha256}, not {segmenter.weights_sha256}. Install the version of {base.id} "
            "that it was made on, or teach it again."
        )
    parts = (base.sha256, *(file.sha256 for file in found.weights))
    return adapt(segmenter, found, hashlib.sha256("".join(parts).encode()).hexdigest())


def _adapter_loader(system: str) -> Callable[[Any, ModelCard, str], Segmenter]:
    if system == "rsrefseg2":
        from engine.systems.rsrefseg2 import checkpoint as rsrefseg2

        return rsrefseg2.adapt
    raise ModelError(f"This version loads no adapters of the system '{system}'. Update the plugin.")


def missing(card: ModelCard) -> ModelError:
    """The error of a model whose weights are not all there."""
    return ModelError(
        f"The weights of {card.title} are not on this machine. "
        f"Put {' and '.join(card.missing)} into {card.folder}, or choose another model."
    )


def _loader(system: str) -> Callable[[ModelCard, torch.device], Segmenter]:
    if system == "rs2_sam2":
        from engine.systems.rs2_sam2 import checkpoint as rs2_sam2

        return rs2_sam2.load
    if system == "rsrefseg2":
        from engine.systems.rsrefseg2 import checkpoint as rsrefseg2

        return rsrefseg2.load
    raise ModelError(f"This version knows no system '{system}'. Update the plugin.")


def verify(path: Path, file: WeightsFile) -> str:
    """SHA-256 of a weights file.

    Raises:
        ModelError: It is not the file the card names.
    """
    digest = sha256(path)
    if file.sha256 and digest != file.sha256:
        raise ModelError(
            f"{path} is damaged or another version: its SHA-256 is {digest}, not {file.sha256}. "
            "Delete it and fetch it again."
        )
    return digest


def sha256(*paths: Path) -> str:
    """SHA-256 of a file, or of several one after the other."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as stream:
            hashlib.file_digest(stream, lambda: digest)
    return digest.hexdigest()


def _read(path: Path) -> ModelCard:
    try:
        return TypeAdapter(ModelCard).validate_python(
            tomllib.loads(path.read_text(encoding="utf-8"))
        )
    except ValidationError as cause:
        wrong = cause.errors()[0]
        place = ".".join(map(str, wrong["loc"]))
        raise ModelError(
            f"The model card {path} cannot be read: {place}: {wrong['msg']}"
        ) from cause
    except (OSError, ValueError, RecursionError) as cause:
        raise ModelError(f"The model card {path} cannot be read: {cause}") from cause
