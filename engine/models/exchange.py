"""A user's own models as files: exported, imported, deleted."""

from __future__ import annotations

import os
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from engine.errors import InputError, ModelError, OutputError
from engine.files.atomic import replacing
from engine.models import zoo
from engine.models.card import ADAPTER_FILES, OWN_CARD, ModelCard
from engine.models.folders import models_folder
from engine.models.integrity import check_files, verify

MEBIBYTE = 2**20
LARGEST = {OWN_CARD: MEBIBYTE, ADAPTER_FILES[0]: 8192 * MEBIBYTE, ADAPTER_FILES[1]: MEBIBYTE}
"""The files of a model, and how many bytes each may have."""

UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    EOFError,
    FileNotFoundError,
    IsADirectoryError,
    PermissionError,
)


def export(model_id: str, path: Path) -> Path:
    """Writes one of the user's own models into a zip file.

    Raises:
        ModelError: There is no such model, it is not the user's own, or it is damaged.
        OutputError: The file cannot be written, or something else than an exported model has its
            name.
    """
    card = _own(model_id)
    check_files(card)
    _check_target(path)
    with (
        _disk(path),
        replacing(path) as partial,
        zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in LARGEST:
            archive.write(card.folder / name, name)
    return path


def load(path: Path) -> ModelCard:
    """Takes a model out of a file of `export` into the user's models, whole or not at all.

    Raises:
        InputError: It is no such file, or holds anything else.
        ModelError: Its card or its weights are damaged, its base is not this version's, or there
            is a model of its id already.
        OutputError: The user's models cannot be written.
    """
    models = models_folder()
    with _disk(models):
        models.mkdir(parents=True, exist_ok=True)
        folder = Path(mkdtemp(prefix=".partial-", dir=models))
        try:
            _extract(path, folder)
            card = _checked(folder, path)
            os.rename(folder, models / card.id)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return card


def delete(model_id: str) -> None:
    """Deletes one of the user's own models, or the folder of a damaged one.

    Raises:
        ModelError: There is no such model, or it is not the user's own.
        OutputError: It cannot be deleted.
    """
    if model_id not in {entry.id for entry in zoo.damaged()}:
        _own(model_id)
    folder = models_folder() / model_id
    with _disk(folder):
        # Renamed first: a model that is half deleted is none.
        gone = Path(mkdtemp(prefix=".deleted-", dir=folder.parent))
        os.rename(folder, gone / model_id)
        shutil.rmtree(gone)


def _own(model_id: str) -> ModelCard:
    card = zoo.card(model_id)
    if card.base is None:
        raise ModelError(
            f"{card.title} comes with the plugin. Only models of your own are exported or deleted."
        )
    return card


def _check_target(path: Path) -> None:
    """Refuses to replace what is no exported model, as a raster or a model's own weights."""
    if path.is_file() and not zipfile.is_zipfile(path):
        raise OutputError(
            f"{path} is there and is no exported model, so it was left as it is. Choose another "
            "name."
        )


def _extract(path: Path, folder: Path) -> None:
    """The three files, under names of ours and never larger than they may be."""
    try:
        with path.open("rb") as whole, zipfile.ZipFile(whole) as archive:
            entries = archive.infolist()
            if sorted(entry.filename for entry in entries) != sorted(LARGEST):
                raise InputError(
                    f"{path} is no exported model: it must hold {', '.join(LARGEST)} and nothing "
                    "else. Export it again."
                )
            for entry in entries:
                if entry.file_size > LARGEST[entry.filename] or entry.flag_bits & 1:
                    raise InputError(
                        f"{entry.filename} in {path} is encrypted or too large "
                        f"({entry.file_size:,} bytes). Export the model again."
                    )
                name = next(name for name in LARGEST if name == entry.filename)
                with archive.open(entry) as stream, (folder / name).open("wb") as file:
                    shutil.copyfileobj(stream, file)
    except UNREADABLE as e:
        raise InputError(f"{path} cannot be read as an exported model: {e}. Copy it again.") from e


def _checked(folder: Path, path: Path) -> ModelCard:
    """The card of an extracted model that may be taken as it is."""
    from engine.models import adapter
    from engine.models.weights import read_tensors

    try:
        card = zoo.read_own(folder / OWN_CARD)
        for file in card.weights:
            verify(folder / file.name, file)
        adapter.read_adaptation(folder / ADAPTER_FILES[1])
        read_tensors(folder / ADAPTER_FILES[0])
    except ModelError as cause:
        raise ModelError(f"{path} cannot be imported. {cause}") from cause
    if (models_folder() / card.id).exists():
        raise ModelError(
            f"There is a model '{card.id}' already. Delete it first, then import this one."
        )
    return card


@contextmanager
def _disk(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as cause:
        raise OutputError(
            f"{place} cannot be written: {cause}. Check the folder and the space on its disk."
        ) from cause
