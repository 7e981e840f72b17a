"""What the engine is told, with whole paths: it works in another folder than QGIS."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

PATHS = ("annotations", "images", "job", "out", "path", "polygons", "probability", "samples")
"""The parameters of the engine's methods that are paths."""

RASTERS = ("raster", "source")
"""Those that are Sources, whose path may be any name that GDAL can open."""

ARCHIVE = re.compile(r"(/vsi(?:zip|tar|gzip|7z|rar)/)(?![/{])(?!vsi)(.+)")
"""A file in an archive; what follows may be relative."""


MODELS = "SEGMENT_BY_TEXT_MODELS"
"""The variable that says in which folder the engine finds models."""


def with_models(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables, with the folder of models as it is meant from QGIS's working directory."""
    models = environ.get(MODELS)
    return {**environ, MODELS: os.path.abspath(models)} if models else dict(environ)


def absolute(params: dict[str, Any]) -> dict[str, Any]:
    """The parameters, with every path as it is meant from QGIS's working directory."""
    return {name: _absolute(name, value) for name, value in params.items()}


def _absolute(name: str, value: Any) -> Any:
    if name in RASTERS and isinstance(value, dict) and value.get("path"):
        return {**value, "path": raster_name(value["path"])}
    if name == "layers":
        return [absolute(layer) for layer in value]
    if name in PATHS and isinstance(value, str) and value:
        return os.path.abspath(value)
    return value


def raster_name(name: str) -> str:
    """A name that GDAL opens, with the paths of files in it whole; URLs and the like stay."""
    archive = ARCHIVE.fullmatch(name)
    if archive:
        return f"{archive.group(1)}{os.path.abspath(archive.group(2))}"
    if os.path.exists(name) or not re.match(r"[/\\<]|[\w+.-]+:", name):
        return os.path.abspath(name)
    # A part of a file: DRIVER:"file":part.
    return re.sub(r'[^:"]+', _if_there, name)


def _if_there(part: re.Match[str]) -> str:
    return os.path.abspath(part.group()) if os.path.exists(part.group()) else part.group()
