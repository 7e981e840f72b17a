"""Fetches a model's weights from its hub repositories, at pinned revisions, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from huggingface_hub import hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from engine.errors import ModelError, OutputError
from engine.files.atomic import temporary_folder
from engine.models.card import ModelCard, WeightsFile
from engine.models.integrity import verify
from engine.progress import Progress

COMMIT_LENGTH = 40


def fetch(card: ModelCard, progress: Callable[[Progress], None] | None = None) -> Path:
    """Fetches the files of a card that are not on this machine yet.

    Args:
        card: The model.
        progress: Told after each file.

    Returns:
        The folder they lie in.

    Raises:
        ModelError: A file has no pinned revision, cannot be fetched, or is not the one pinned.
        OutputError: The folder cannot be written.
    """
    wanted = [file for file in card.weights if file.name in card.missing]
    for file in wanted:
        _require_pin(card, file)
    for number, file in enumerate(wanted):
        if progress is not None:
            progress(Progress(number, len(wanted), "download", f"Fetching {file.name}"))
        _fetch(card, file)
    return card.folder


def _require_pin(card: ModelCard, file: WeightsFile) -> None:
    if len(file.revision) != COMMIT_LENGTH:
        raise ModelError(
            f"{file.name} of {card.title} has no pinned revision in this version, so it is not "
            f"fetched by itself. Fetch it from the hub repository {file.repository} and put it "
            f"into {card.folder}."
        )


def _fetch(card: ModelCard, file: WeightsFile) -> None:
    try:
        card.folder.mkdir(parents=True, exist_ok=True)
        with temporary_folder(card.folder) as folder:
            path = hf_hub_download(
                file.repository, file.name, revision=file.revision, local_dir=folder
            )
            verify(Path(path), file)
            os.replace(path, card.folder / file.name)
    except (HfHubHTTPError, LocalEntryNotFoundError) as cause:
        raise ModelError(
            f"{file.name} cannot be fetched from {file.repository}: {str(cause).splitlines()[0]} "
            f"Check the network and the proxy, or put the file into {card.folder} yourself."
        ) from cause
    except OSError as cause:
        raise OutputError(
            f"{card.folder} cannot be written: {cause}. Check the space on its disk."
        ) from cause
