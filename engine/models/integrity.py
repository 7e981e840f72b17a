"""Whether a model's files are there, and are the ones that its card names."""

from __future__ import annotations

import hashlib
from pathlib import Path

from engine.errors import ModelError
from engine.models.card import ModelCard, WeightsFile


def check_files(card: ModelCard) -> None:
    """That all of a model's files are on this machine as its card names them.

    Raises:
        ModelError: One is missing, damaged or another version.
    """
    if card.missing:
        raise missing(card)
    for file in card.weights:
        verify(card.file(file.name), file)


def missing(card: ModelCard) -> ModelError:
    """The error of a model whose weights are not all there."""
    return ModelError(
        f"The weights of {card.title} are not on this machine. "
        f"Put {' and '.join(card.missing)} into {card.folder}, or choose another model."
    )


def verify(path: Path, file: WeightsFile) -> str:
    """SHA-256 of a weights file.

    Raises:
        ModelError: It is not the file the card names.
    """
    digest = sha256(path)
    check_digest(path, digest, file)
    return digest


def check_digest(path: Path, digest: str, file: WeightsFile) -> None:
    """That a file with this SHA-256 is the one that a card names.

    Raises:
        ModelError: It is not.
    """
    if file.sha256 and digest != file.sha256:
        raise ModelError(
            f"{path} is damaged or another version: its SHA-256 is {digest}, not {file.sha256}. "
            "Delete it and fetch it again."
        )


def sha256(*paths: Path) -> str:
    """SHA-256 of a file, or of several one after the other."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as stream:
            hashlib.file_digest(stream, lambda: digest)
    return digest.hexdigest()
