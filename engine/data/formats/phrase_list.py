"""`output_phrase_<split>.txt` of RefSegRS and RISBench: on each line an image and a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InputError

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Phrase:
    """A line.

    Attributes:
        name: The image's name.
        sentence: Its words with single spaces between them; empty where there are none.
        split: The split that the file is of.
        where: The file and the line's number.
    """

    name: str
    sentence: str
    split: str
    where: str


def read(root: Path, split: str | None = None) -> Iterator[Phrase]:
    """The lines of a split, or of all splits that are there.

    Raises:
        InputError: The split's file, or every file, is missing; or one is no text in UTF-8.
    """
    splits = [s for s in SPLITS if _path(root, s).exists()] if split is None else [split]
    if not splits:
        names = ", ".join(_path(root, s).name for s in SPLITS)
        raise InputError(f"{root} has none of {names}. Choose the data set's own folder.")
    for each in splits:
        path = _path(root, each)
        try:
            with path.open(encoding="utf-8-sig") as lines:
                for number, line in enumerate(lines, 1):
                    name, *words = line.split() or [""]
                    if name:
                        yield Phrase(name, " ".join(words), each, f"{path}, line {number}")
        except (OSError, UnicodeDecodeError) as cause:
            raise InputError(f"{path} cannot be read: {cause}") from cause


def _path(root: Path, split: str) -> Path:
    return root / f"output_phrase_{split}.txt"
