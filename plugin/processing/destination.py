"""Where an analyst wants a result: whether it can be there, before the run; and whole, after it."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Optional

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingOutputLayerDefinition,
    QgsProperty,
)
from qgis.PyQt.QtCore import QCoreApplication

from ...engine.files import apart
from ...engine.files.placing import is_special, partial, place, sidecars
from ..map.extents import Refusal
from . import raster_format
from .raster_format import Ground

translate = QCoreApplication.translate

ADDRESS = re.compile(r"\w\w+:")
"""How destinations begin that are no files, as `memory:` and `postgres:`."""

DEFAULT_VECTOR = ".gpkg"
"""What QGIS appends to the names of layers whose ending is none of a format."""


COMPANIONS = {
    ".shp": (".shx", ".dbf", ".prj", ".cpg", ".qix", ".sbn", ".sbx"),
    ".tab": (".dat", ".map", ".id", ".ind"),
    ".mif": (".mid",),
    ".gml": (".xsd", ".gfs"),
}
"""What formats of polygons write beside the file that is named: it may be a raster's."""


def named(value: Any, context: QgsProcessingContext) -> Optional[str]:
    """What a destination parameter names; None where that is nothing, or a temporary file."""
    if isinstance(value, QgsProcessingOutputLayerDefinition):
        value = value.sink
    if isinstance(value, QgsProperty):
        value, _ = value.valueAsString(context.expressionContext())
    if not isinstance(value, str) or not value or value == QgsProcessing.TEMPORARY_OUTPUT:
        return None
    return value


def path_of(value: Any, context: QgsProcessingContext) -> Optional[str]:
    """The file that a destination parameter names; None where it is no file, or a temporary one."""
    name = named(value, context)
    return None if name is None or ADDRESS.match(name) else name


def names_of(layer_source: str) -> list[str]:
    """The names of what a layer is read from: QGIS puts more behind a bar."""
    return [layer_source, layer_source.split("|")[0]]


def clash(outputs: Iterable[str], inputs: Iterable[str]) -> str:
    """What is wrong where an output is an input, or two outputs are one; empty where all is well.

    Args:
        outputs: Files that will be written.
        inputs: Names of what is read, as GDAL opens it: all files behind them count.
    """
    outputs = list(outputs)
    two = apart.doubled(outputs)
    if two:
        text = translate("Destination", "{} is wanted for two outputs. Choose two names.")
        return text.format(two[0])
    replaced = [
        each
        for path in outputs
        for each in (path, path + DEFAULT_VECTOR, *_beside(path), *_companions(path))
    ]
    files = (file for name in inputs for file in apart.files_of(name, raster_format.listed))
    both = apart.shared(replaced, files)
    if both:
        text = translate(
            "Destination", "{} is read, and the output {} would replace it. Choose another name."
        )
        return text.format(*both)
    return ""


def folder_problem(path: str) -> str:
    """What is wrong with the folder of a file; empty where the file can be made there."""
    if path.startswith("/vsi") or ADDRESS.match(path):
        return translate("Destination", "{} is not on a disk. Choose a file in a folder.").format(
            path
        )
    if os.path.isdir(path):
        return translate("Destination", "{} is a folder. Choose a file.").format(path)
    if is_special(Path(path)):
        return translate("Destination", "{} is a pipe or a device. Choose a file.").format(path)
    there = Path(path).absolute().parent
    while not there.exists():
        there = there.parent
    try:
        os.rmdir(tempfile.mkdtemp(dir=there))
    except OSError as cause:
        return translate("Destination", "{} cannot be written: {}. Choose another folder.").format(
            path, cause.strerror
        )
    return ""


def raster_problem(path: str, ground: Ground) -> str:
    """What is wrong with a file as the place of a raster; empty where it can be written there.

    Args:
        path: The file; its ending chooses the format.
        ground: Where the raster will lie, but for its origin.
    """
    return folder_problem(path) or raster_format.problem(path, ground)


def make_folder(path: Optional[str]) -> None:
    """Makes the folder of a file, as far as that is possible: its writer says what is missing."""
    if path:
        with suppress(OSError):
            Path(path).parent.mkdir(parents=True, exist_ok=True)


def put_raster(raster: str, path: str) -> None:
    """Puts a raster of the engine where it is wanted, in the format of that name, whole.

    Raises:
        Refusal: It cannot be written, or the format would change it; what was there stays.
    """
    with _placed(path) as written:
        raster_format.convert(Path(raster), written)


def put_file(file: str, path: str) -> None:
    """Puts any other file where it is wanted, whole.

    Raises:
        Refusal: It cannot be written; what was there stays.
    """
    with _placed(path) as written:
        shutil.copyfile(file, written)


@contextmanager
def _placed(path: str) -> Iterator[Path]:
    """Where to write a file, which becomes `path` with its sidecars when the block ends well."""
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with partial(target) as written:
            yield written
            place(written, target)
    except OSError as cause:
        text = translate("Destination", "{} cannot be written: {}. Choose another folder.")
        raise Refusal(text.format(path, cause.strerror)) from cause


def _companions(path: str) -> list[str]:
    stem, ending = os.path.splitext(path)
    return [stem + each for each in COMPANIONS.get(ending.lower(), ())]


def _beside(path: str) -> list[str]:
    there = os.path.isdir(os.path.dirname(os.path.abspath(path)))
    return [str(each) for each in sidecars(Path(path))] if there else []
