"""Origin: the files that a raster stands on, and whether they are still what they were."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine.errors import RasterError
from engine.files import apart
from engine.files.boundary import open_dataset, reading
from engine.raster import admission

UNWATCHED = (".aux.xml",)
"""Sidecars that are read at the beginning alone, and that QGIS writes when it shows a raster."""

State = tuple[int, int]
"""Size and time of a file."""


@dataclass(frozen=True)
class Origin:
    """The files behind a path, and their state when it was looked at.

    Attributes:
        path: what was asked for: a file, or any other name that GDAL can open.
        files: all files that it stands on, those of VRTs within VRTs among them.
        states: size and time of each of those whose change would change a result.
    """

    path: str
    files: tuple[str, ...]
    states: dict[str, State | None]

    @classmethod
    def of(cls, path: str | Path) -> Origin:
        """The origin of a raster or any other file; what cannot be opened stands on itself.

        Raises:
            RasterError: the path is a pipe or a device.
        """
        path = str(path)
        admission.check_path(path)
        files = tuple(apart.files_of(path, _listed))
        states = {file: _state(file) for file in files if not file.endswith(UNWATCHED)}
        return cls(path, files, states)

    @property
    def stamp(self) -> tuple[int, ...]:
        """What tells the present state from an earlier one; empty where there is no file."""
        return tuple(number for state in self.states.values() for number in state or (-1, -1))

    @property
    def changed(self) -> str | None:
        """A file that is no longer what it was, if there is one."""
        return next((f for f, state in self.states.items() if _state(f) != state), None)

    def check_unchanged(self) -> None:
        """Refuse what was made of a raster that was another one at the end.

        Raises:
            RasterError: names the file.
        """
        changed = self.changed
        if changed is not None:
            which = "" if changed == self.path else f" ({changed}, which it stands on)"
            raise RasterError(
                f"{self.path} was changed while it was read{which}, so the result would mix two "
                "states of it. Nothing was written. Wait until nothing writes to it, then run this "
                "again."
            )


def _listed(name: str) -> list[str]:
    try:
        with reading(name), open_dataset(name) as dataset:
            return list(dataset.files)
    except RasterError:
        return []


def _state(file: str) -> State | None:
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
