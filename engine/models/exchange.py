"""A user's own models as files: exported, imported, deleted."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from engine.errors import Cancelled, InputError, ModelError, OutputError
from engine.files import atomic
from engine.files.atomic import replacing, temporary_folder
from engine.models import zoo
from engine.models.card import ADAPTER_FILES, OWN_CARD, ModelCard
from engine.models.folders import models_folder
from engine.models.integrity import check_digest, missing
from engine.models.limits import LARGEST_CARD
from engine.progress import Progress, Watcher

MEBIBYTE = 2**20
LARGEST = {OWN_CARD: LARGEST_CARD, ADAPTER_FILES[0]: 8192 * MEBIBYTE, ADAPTER_FILES[1]: MEBIBYTE}
"""The files of a model, and how many bytes each may have."""

PIECE = MEBIBYTE
"""Bytes that are copied at once."""

UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    OverflowError,
    ValueError,
    EOFError,
    OSError,
)

EARLIER = re.compile(r"\.(partial|deleted)-[a-z0-9_]{8}")
"""Folders of earlier versions, which did not say whose they were."""

EARLIER_SECONDS = 24 * 3600
"""After which nobody is at work in one of them any more."""


def export(model_id: str, path: Path, watcher: Watcher | None = None) -> Path:
    """Writes one of the user's own models into a zip file, whole or not at all.

    Raises:
        ModelError: There is no such model, it is not the user's own, or it is damaged.
        InputError: The file is none, or would lie among the models.
        OutputError: The file cannot be written, or something else than an exported model has its
            name.
        Cancelled: It is wanted no more.
    """
    card = _own(model_id)
    if card.missing:
        raise missing(card)
    with _disk(path):
        _check_target(path)
    files = {name: card.folder / name for name in LARGEST}
    total = sum(file.stat().st_size for file in files.values())
    copying = Copying(f"Exporting {card.title}", total, watcher)
    with _disk(path), replacing(path) as partial, zipfile.ZipFile(partial, "w") as archive:
        for name, file in files.items():
            entry = zipfile.ZipInfo.from_file(file, name, strict_timestamps=False)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with file.open("rb") as source, archive.open(entry, "w") as target:
                digest = copying.copy(_pieces(source, file), target)
            for weights in (weights for weights in card.weights if weights.name == name):
                check_digest(file, digest, weights)
    return path


def load(path: Path, watcher: Watcher | None = None) -> ModelCard:
    """Takes a model out of a file of `export` into the user's models, whole or not at all.

    Raises:
        InputError: It is no such file, or holds anything else.
        ModelError: Its card or its weights are damaged, its base is not this version's, or there
            is a model of its id already.
        OutputError: The user's models cannot be written.
        Cancelled: It is wanted no more.
    """
    models = models_folder()
    with _disk(models):
        models.mkdir(parents=True, exist_ok=True)
        with temporary_folder(models) as parent:
            folder = Path(parent, "model")
            folder.mkdir()
            card = _checked(folder, path, _extract(path, folder, watcher))
            os.rename(folder, models / card.id)
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
    with _disk(folder), temporary_folder(folder.parent) as gone:
        # Renamed first: a model that is half deleted is none.
        os.rename(folder, Path(gone, "model"))


def sweep() -> None:
    """Removes from the user's models what was left when an exchange was killed."""
    models = models_folder()
    with suppress(OSError):
        atomic.sweep(models)
        for left in models.iterdir():
            aged = time.time() - left.stat().st_mtime > EARLIER_SECONDS
            if EARLIER.fullmatch(left.name) and aged:
                shutil.rmtree(left, ignore_errors=True)


@dataclass
class Copying:
    """Bytes on their way from files to files.

    Attributes:
        message: What is done, for people.
        total: Bytes in all.
        watcher: Who waits for it.
        done: Bytes so far.
    """

    message: str
    total: int
    watcher: Watcher | None
    done: int = 0

    def copy(self, pieces: Iterator[bytes], target: IO[bytes]) -> str:
        """Copies a file; gives its SHA-256.

        Raises:
            OSError: The target cannot be written.
            Cancelled: It is wanted no more.
        """
        digest = hashlib.sha256()
        for piece in pieces:
            if self.watcher is not None:
                self._tell(self.watcher)
            target.write(piece)
            digest.update(piece)
            self.done += len(piece)
        return digest.hexdigest()

    def _tell(self, watcher: Watcher) -> None:
        if watcher.cancelled():
            raise Cancelled("Cancelled.")
        done, total = self.done // MEBIBYTE, max(1, self.total // MEBIBYTE)
        watcher.progress(Progress(done, total, "exchange", self.message))


class _Zip(io.FileIO):
    """A file of which zipfile cannot read so much at once that it fills the memory."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > 2 * PIECE:
            raise zipfile.BadZipFile("its table of contents is too large")
        return super().read(size)


def _own(model_id: str) -> ModelCard:
    card = zoo.card(model_id)
    if card.base is None:
        raise ModelError(
            f"{card.title} comes with the plugin. Only models of your own are exported or deleted."
        )
    return card


def _real(path: Path) -> Path:
    """Where a path leads to; a link that leads in a circle, nowhere else than it says."""
    return Path(os.path.realpath(path))


def _check_target(path: Path) -> None:
    """That an export may be written there: what it is made of is not."""
    models = models_folder()
    if any(parent.exists() and parent.samefile(models) for parent in _real(path).parents):
        raise InputError(f"{path} lies among the models themselves. Choose another folder.")
    if path.exists() and not path.is_file():
        raise InputError(f"{path} is no file that could be replaced. Choose another name.")
    if path.exists() and not zipfile.is_zipfile(path):
        raise OutputError(
            f"{path} is there and is no exported model, so it was left as it is. Choose another "
            "name."
        )


def _extract(path: Path, folder: Path, watcher: Watcher | None) -> dict[str, str]:
    """The three files, under names of ours and never larger than they may be, with their SHA-256.

    Raises:
        InputError: It is no file of `export`.
        OutputError: The disk has not the space for it.
    """
    with _readable(path):
        if not path.is_file():  # to open a pipe waits for whoever writes into it
            raise InputError(f"{path} cannot be read as an exported model: it is no file.")
        whole = _Zip(path)
    with whole, _opened(path, whole) as archive:
        entries = _entries(path, archive)
        total = sum(entry.file_size for entry in entries.values())
        free = shutil.disk_usage(folder).free
        if total > free:
            raise OutputError(
                f"{folder.parent.parent} cannot hold the model: it has {total:,} bytes, and the "
                f"disk {free:,} left. Make room for it."
            )
        copying = Copying(f"Importing {path.name}", total, watcher)
        digests = {}
        for name, entry in entries.items():
            with _readable(path):
                stream = archive.open(entry)
            with stream, (folder / name).open("wb") as file:
                digests[name] = copying.copy(_pieces(stream, path), file)
                if file.tell() != entry.file_size:
                    raise InputError(f"{name} in {path} is cut off. Copy the file again.")
    return digests


def _entries(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """What an archive holds, by name, where it is what `export` writes."""
    entries = {entry.filename: entry for entry in archive.infolist()}
    if sorted(entry.filename for entry in archive.infolist()) != sorted(LARGEST):
        raise InputError(
            f"{path} is no exported model: it must hold {', '.join(LARGEST)} and nothing else. "
            "Export it again."
        )
    for name, entry in entries.items():
        plain = entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        if entry.file_size > LARGEST[name] or entry.flag_bits & 1 or not plain:
            raise InputError(
                f"{name} in {path} is encrypted, packed in another way or too large "
                f"({entry.file_size:,} bytes). Export the model again."
            )
    return {name: entries[name] for name in LARGEST}


def _pieces(stream: IO[bytes], path: Path) -> Iterator[bytes]:
    """What a stream holds, piece by piece."""
    while True:
        with _readable(path):
            piece = stream.read(PIECE)
        if not piece:
            return
        yield piece


def _opened(path: Path, whole: IO[bytes]) -> zipfile.ZipFile:
    with _readable(path):
        return zipfile.ZipFile(whole)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as cause:
        raise InputError(
            f"{path} cannot be read as an exported model: {cause}. Copy it again."
        ) from cause


def _checked(folder: Path, path: Path, digests: dict[str, str]) -> ModelCard:
    """The card of an extracted model that may be taken as it is."""
    from engine.models import adapter
    from engine.models.weights import check_whole

    try:
        card = zoo.read_own(folder / OWN_CARD)
        for file in card.weights:
            check_digest(folder / file.name, digests[file.name], file)
        adapter.read_adaptation(folder / ADAPTER_FILES[1])
        check_whole(folder / ADAPTER_FILES[0])
    except ModelError as cause:
        reason = str(cause).replace(f"{folder}{os.sep}", "")
        raise ModelError(f"{path} cannot be imported. {reason}") from cause
    there = models_folder() / card.id
    if (there / OWN_CARD).exists():
        raise ModelError(
            f"There is a model '{card.id}' already. Delete it first, then import this one."
        )
    if there.exists():
        raise OutputError(f"{there} is in the way: remove it, then import the model again.")
    return card


@contextmanager
def _disk(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as cause:
        raise OutputError(
            f"{place} cannot be written: {cause}. Check the folder and the space on its disk."
        ) from cause
