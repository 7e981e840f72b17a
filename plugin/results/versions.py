"""Which files of former thresholds go: those that nobody can stand on."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from urllib.parse import unquote

from qgis.core import QgsMapLayer, QgsProject, QgsProviderRegistry
from qgis.PyQt.QtCore import QObject

from ...engine.files import seal
from ...engine.files.outputs import FILES, UNFINISHED
from ...engine.files.placing import sidecars
from ..text.log import log

PASSING_SECONDS = 10.0
"""How long a threshold may be on the map and count as one the slider only passed through."""

MADE = (FILES["mask"], FILES["polygons"], UNFINISHED)
"""What the engine makes of a version."""


class Versions(QObject):
    """The folders that this session has made for thresholds of a project's results.

    Each threshold has a folder of its own. None that was on the map is deleted while the project is
    open. A saved project, its backup or a copy of it, a duplicated layer, a layer definition, a
    virtual raster, a script or another QGIS may use it, and most of these cannot be asked.

    When the project is closed, a folder goes only if all of this holds:

    - this session made it, and another threshold took its place within `PASSING_SECONDS`;
    - no project was saved while it was on the map, under whatever name;
    - no layer of the project uses it, and its polygons were edited by nobody, in another layer or
      another program either.

    The first threshold of a run lies in the folder of the run and never goes. What a crash leaves
    behind stays as well: a file too many is better than one too few. Only files that the engine
    made are deleted, and a folder only where it is empty then.
    """

    def __init__(self, project: QgsProject) -> None:
        super().__init__()
        self._project = project
        self._shown: dict[Path, float] = {}
        self._passed: set[Path] = set()
        self._going: set[Path] = set()
        project.writeProject.connect(self._saved)
        project.removeAll.connect(self._choose)
        project.cleared.connect(self._sweep)

    def show(self, folder: Path) -> None:
        """A version is on the map from now on."""
        self._shown[folder] = time.monotonic()

    def replace(self, folder: Path) -> None:
        """Another version has taken its place."""
        since = self._shown.pop(folder, None)
        if since is not None and time.monotonic() - since < PASSING_SECONDS:
            self._passed.add(folder)

    def keep(self, folder: Path) -> None:
        """A version is the analyst's own from now on."""
        self._shown.pop(folder, None)
        self._passed.discard(folder)

    def close(self) -> None:
        """Deletes nothing any more."""
        self._project.writeProject.disconnect(self._saved)
        self._project.removeAll.disconnect(self._choose)
        self._project.cleared.disconnect(self._sweep)

    def _saved(self) -> None:
        self._shown.clear()
        self._passed = self._unused()

    def _choose(self) -> None:
        """The project is about to lose its layers, which can still be asked."""
        self._going = self._unused()

    def _sweep(self) -> None:
        for folder in filter(_as_made, self._going):
            delete(folder)
        self._shown.clear()
        self._passed.clear()
        self._going.clear()

    def _unused(self) -> set[Path]:
        layers = self._project.mapLayers().values()
        return {
            folder for folder in self._passed if not any(uses(layer, folder) for layer in layers)
        }


def uses(layer: QgsMapLayer, folder: Path) -> bool:
    """Whether a layer may read a file in the folder of a version, however its path is spelled."""
    text = unquote(layer.source()).replace("\\", "/")
    if folder.parent.name in text and f"/{folder.name}/" in text:
        return True
    return folder.resolve() in file_of(layer).resolve().parents


def file_of(layer: QgsMapLayer) -> Path:
    """The file that a layer reads, without its filter and the like."""
    parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    return Path(parts.get("path") or "")


def _as_made(folder: Path) -> bool:
    polygons = folder / FILES["polygons"]
    return not polygons.exists() or seal.intact(polygons)


def drop(folder: Path) -> None:
    """Deletes all that was made for a version that never came onto the map."""
    shutil.rmtree(folder, ignore_errors=True)


def delete(folder: Path) -> None:
    """Deletes the files of a version; what another program holds open stays, and is logged."""
    if not folder.is_dir():
        return
    try:
        for made in (folder / name for name in MADE):
            for file in (made, *sidecars(made)):
                file.unlink(missing_ok=True)
        if not any(folder.iterdir()):
            folder.rmdir()
    except OSError as cause:
        log(f"{folder}: {cause}")
