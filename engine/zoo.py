"""The models there are, a card each, read from `resources/models/*.toml`, and how they load."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_data_path

from engine.data.categories import VHR10, Category
from engine.errors import ModelError
from engine.expression import ExpressionCheck, check
from engine.systems import Segmenter

if TYPE_CHECKING:
    import torch

CARDS = Path(__file__).resolve().parents[1] / "resources" / "models"
VOCABULARIES: dict[str, tuple[Category, ...]] = {"vhr10": VHR10}
MODELS_VARIABLE = "SEGMENT_BY_TEXT_MODELS"


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

    @property
    def categories(self) -> tuple[Category, ...] | None:
        """What it knows; None for an open vocabulary."""
        return VOCABULARIES[self.vocabulary] if self.vocabulary else None

    @property
    def bundled(self) -> bool:
        """Whether its weights come with the plugin."""
        return not any(file.repository for file in self.weights)

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
            "installed": not self.missing,
            "folder": str(self.folder),
            "bytes": sum(file.bytes for file in self.weights),
        }


def models_folder() -> Path:
    """Where downloaded and home-made models lie."""
    chosen = os.environ.get(MODELS_VARIABLE)
    return Path(chosen) if chosen else user_data_path("segment-by-text", appauthor=False) / "models"


def cards() -> list[ModelCard]:
    """All cards, the bundled model first."""
    return sorted(
        (_read(path) for path in CARDS.glob("*.toml")), key=lambda card: (not card.bundled, card.id)
    )


def card(model_id: str) -> ModelCard:
    """The card of a model.

    Raises:
        ModelError: There is no such model.
    """
    known = {entry.id: entry for entry in cards()}
    if model_id not in known:
        raise ModelError(f"There is no model '{model_id}'. Known: {', '.join(known)}.")
    return known[model_id]


def load(model_id: str, device: str = "auto") -> Segmenter:
    """Loads a model onto a device.

    Raises:
        ModelError: There is no such model, or its weights are missing or damaged.
        InputError: There is no such device.
    """
    found = card(model_id)
    if found.missing:
        raise missing(found)
    for file in found.weights:
        verify(found.file(file.name), file)
    # Imported late: these take seconds, and what is wrong above is known without them.
    from engine import device as devices

    return _loader(found.system)(found, devices.choose(device))


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
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        files = tuple(WeightsFile(**_tuples(entry)) for entry in table.pop("weights"))
        return ModelCard(**_tuples(table), weights=files)
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as cause:
        raise ModelError(f"The model card {path} cannot be read: {cause}") from cause


def _tuples(table: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(v) if isinstance(v, list) else v for name, v in table.items()}
