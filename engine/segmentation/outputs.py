"""The files of a run: apart from what it reads, all or none, and nothing edited is lost."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from engine.files import seal
from engine.files.atomic import check_apart, replacing
from engine.files.boundary import writing
from engine.files.outputs import FILES, UNFINISHED
from engine.files.placing import kept, sidecars
from engine.raster import stored

OUTPUTS = ("mask", "polygons")
INTACT = {"probability": stored.intact, "mask": stored.intact, "polygons": seal.intact}


@dataclass
class Outputs:
    """Where each output is written to, and what had to be kept of an earlier one.

    Attributes:
        files: Where to write, by output.
        kept: What was edited since it was written, or is not this plugin's, and its new name; known
            at the end.
    """

    files: dict[str, Path]
    kept: dict[Path, Path] = field(default_factory=dict)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the analyst should know of that."""
        return tuple(
            f"{path} was edited, or was not written by this version: it is kept as {copy.name}."
            for path, copy in self.kept.items()
        )


def places(folder: Path, outputs: Collection[str] = tuple(FILES)) -> list[Path]:
    """All files that a run writes in a folder, or removes there."""
    written = [folder / name for output, name in FILES.items() if output in outputs]
    beside = [each for path in written if os.path.isdir(folder) for each in sidecars(path)]
    return [*written, *beside, folder / UNFINISHED]


def check_places(folder: Path, outputs: Collection[str], read: Iterable[str | Path]) -> None:
    """Refuse a folder where an output would take the place of what is read.

    Args:
        folder: Where the outputs go.
        outputs: Which.
        read: All files that are read.

    Raises:
        OutputError: Names both; or an output's name is that of a folder.
    """
    check_apart(places(folder, outputs), read)


@contextmanager
def together(folder: Path, outputs: Collection[str]) -> Iterator[Outputs]:
    """Where to write each output: all become the folder's files together, or vanish together.

    Raises:
        OutputError: A file cannot be written or replaced.
    """
    paths = {output: folder / name for output, name in FILES.items() if output in outputs}
    with ExitStack() as copies, ExitStack() as stack:
        files = {output: stack.enter_context(replacing(path)) for output, path in paths.items()}
        found = Outputs(files)
        yield found
        for output, path in paths.items():
            if path.is_file() and not INTACT[output](path):
                with writing(path):
                    found.kept[path] = copies.enter_context(kept(path))
