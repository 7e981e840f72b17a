"""Corrections: results that an analyst has put right, kept for the next training."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Optional

from qgis.core import QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication

from ..settings import Settings
from ..text.log import log
from . import drawing
from .extents import Refusal
from .folders import slug, training_folder, writing
from .layers import Source

translate = QCoreApplication.translate

FACTS = "correction.json"
FORMAT = 1


@dataclass(frozen=True)
class Correction:
    """Polygons as they should be, and where they were looked for.

    Attributes:
        folder: Where it is kept.
        expression: What was asked for.
        raster: The parameters of the engine's Source, with the extent that was looked at.
        count: Polygons.
        made: When.
    """

    folder: Path
    expression: str
    raster: dict[str, Any]
    count: int
    made: datetime

    @property
    def labelled(self) -> dict[str, Any]:
        """The parameters of the engine's LabelledLayer."""
        return {
            "raster": self.raster,
            "polygons": str(self.folder / drawing.FILE),
            "layer": drawing.LAYER,
            "expression": self.expression,
        }


def corrections(settings: Settings) -> list[Correction]:
    """All that are kept, the latest first; what cannot be read is logged."""
    found = []
    for file in _folder(settings).glob(f"[!.]*/{FACTS}"):
        try:
            found.append(_read(file.parent))
        except (OSError, ValueError, KeyError, TypeError) as cause:
            log(f"{file}: {cause}")
    return sorted(found, key=lambda each: each.made, reverse=True)


def keep(
    layer: Optional[QgsVectorLayer], expression: str, source: Source, settings: Settings
) -> Correction:
    """Copies polygons, edits that are not saved among them, with the place they belong to.

    Args:
        layer: The polygons of a result.
        expression: What was asked for.
        source: What was looked at.
        settings: Where corrections are kept.

    Raises:
        Refusal: The raster has no file, there are no polygons, or they cannot be copied.
    """
    if not isinstance(source, dict):
        raise Refusal(
            translate(
                "Corrections",
                "The layer “{}” has no file that a training could read later. Export it first "
                "(right-click > Export > Save As…), segment the exported layer and correct that.",
            ).format(source.name)
        )
    drawn = drawing.drawing_of(layer)
    now = datetime.now()
    parent = _folder(settings)
    name = f"{now:%Y-%m-%d_%H%M%S%f}_{slug(expression)}"
    folder = parent / f".{name}"
    facts = {
        "format": FORMAT,
        "expression": expression,
        "raster": source,
        "count": drawn.count,
        "made": now.isoformat(),
    }
    try:
        with writing(parent):
            folder.mkdir(parents=True)
            drawn.write(folder / drawing.FILE)
            (folder / FACTS).write_text(json.dumps(facts, indent=1, ensure_ascii=False), "utf-8")
            return _read(folder.rename(parent / name))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove(correction: Correction) -> None:
    """Deletes a correction.

    Raises:
        Refusal: It cannot be deleted.
    """
    with writing(correction.folder):
        shutil.rmtree(correction.folder)


def _folder(settings: Settings) -> Path:
    return training_folder(settings) / "corrections"


def _read(folder: Path) -> Correction:
    told: dict[str, Any] = json.loads((folder / FACTS).read_text("utf-8"))
    if told["format"] != FORMAT:
        raise ValueError(f"the format {told['format']} is of another version of the plugin")
    return Correction(
        folder,
        str(told["expression"]),
        dict(told["raster"]),
        int(told["count"]),
        datetime.fromisoformat(told["made"]),
    )
