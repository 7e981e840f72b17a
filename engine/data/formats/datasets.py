"""The data sets of referring segmentation by the name of their format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.data.formats import jsonl, refsegrs, risbench, rrsis_d
from engine.data.sample import ReferringSample
from engine.errors import InputError

FOLDERS: dict[str, Callable[[Path, str | None], Iterator[ReferringSample]]] = {
    "refsegrs": refsegrs.read,
    "rrsis-d": rrsis_d.read,
    "risbench": risbench.read,
}
FORMATS = ("jsonl", *FOLDERS)


@dataclass(frozen=True)
class Dataset:
    """A data set on disk.

    Attributes:
        format: One of `FORMATS`.
        root: The folder as published; for jsonl, the file.
        images: The folder of a jsonl file's images; that of the file by default.
    """

    format: str
    root: Path
    images: Path | None = None

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise InputError(
                f"'{self.format}' is no format of a data set. Choose from {', '.join(FORMATS)}."
            )
        if self.images is not None and self.format != "jsonl":
            raise InputError(f"A {self.format} folder has its own images; leave {self.images} out.")

    def files(self) -> Iterator[Path]:
        """The files it is made of, but for the images of a jsonl file."""
        if self.format == "jsonl":
            yield self.root
            return
        for path in self.root.rglob("*"):
            # Reports may lie in the folder itself, beside lists of phrases.
            if path.parent != self.root or path.suffix == ".txt":
                yield path

    def samples(self, split: str | None = None) -> Iterator[ReferringSample]:
        """The samples of a split, or of all.

        Raises:
            InputError: The data set cannot be read.
        """
        if self.format == "jsonl":
            return jsonl.read(self.root, self.images or self.root.parent, split)
        return FOLDERS[self.format](self.root, split)
