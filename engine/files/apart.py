"""No output is an input: the files that a name of GDAL's stands on, and which of them are one.

Standard library only, Python 3.9: the plugin compares files too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from html import unescape
from typing import Optional

Listed = Callable[[str], Sequence[str]]
"""The files that GDAL lists for what it opens under a name; none where it cannot open it."""

INLINE = re.compile(r"[\"'<>{}?&|=,\n]")
"""What may surround a path within a longer name, as in `vrt://a.tif?bands=1`."""

COLON = re.compile(r":(//)?")
ARCHIVE = re.compile(r"(/vsi\w+/)+")

VIRTUAL = (b"<VRTDataset", b"<GDALTileIndexDataset")
"""How files begin whose own list does not tell what their parts stand on."""

NAMED = re.compile(r"<\w*(?:Filename|Dataset)\b[^>]*>([^<]+)<")
"""Where such a file names its parts, those of a mask among them, which GDAL does not list."""

HEAD, LARGEST_VIRTUAL = 512, 2**26
"""Bytes that are looked at, and the size of a file beyond which it is certain to hold pixels."""


def files_of(name: str, listed: Listed) -> list[str]:
    """Every file that a raster stands on, its own first: VRTs within VRTs, archives, sidecars.

    Args:
        name: A path, or any other name that GDAL can open.
        listed: Asks GDAL.
    """
    found = dict.fromkeys(mentioned(name))
    due = [name]
    while due:
        virtual = due.pop()
        for part in [*listed(virtual), *_named(virtual)]:
            for file in mentioned(part):
                if file not in found:
                    found[file] = None
                    if is_virtual(file):
                        due.append(part)
    return list(found)


def mentioned(name: str) -> list[str]:
    """The files a name speaks of: itself, or those in `/vsizip/a.zip/b.tif` and `GPKG:a.gpkg:b`."""
    if os.path.isfile(name):
        return [name]
    parts = (part for piece in INLINE.split(name) for part in _parts(piece))
    return list(dict.fromkeys(part for part in parts if part))


def shared(outputs: Iterable[str], inputs: Iterable[str]) -> Optional[tuple[str, str]]:
    """The first input that is an output, and the output; links are followed."""
    there = {_identity(output): output for output in outputs if os.path.exists(output)}
    for file in inputs if there else ():
        if os.path.exists(file) and _identity(file) in there:
            return file, there[_identity(file)]
    return None


def doubled(outputs: Iterable[str]) -> Optional[tuple[str, str]]:
    """Two outputs that are one file, or would be where upper and lower case are the same."""
    places: dict[str, str] = {}
    for output in outputs:
        place = os.path.realpath(output).casefold()
        if place in places:
            return places[place], output
        places[place] = output
    return None


def _parts(piece: str) -> Iterator[str]:
    """The files in a piece of a name: behind each colon, each as long as it can be."""
    for start in [0, *(match.end() for match in COLON.finditer(piece))]:
        part = ARCHIVE.sub("", piece[start:], count=1)
        while part and not os.path.isfile(part):
            part = part[: max(*map(part.rfind, ":/\\"), 0)]
        yield part


def _named(name: str) -> Iterator[str]:
    """The parts that a raster which is made of others names, as they are and from its folder."""
    if not is_virtual(name):
        return
    with open(name, encoding="utf-8", errors="surrogateescape") as stream:
        for part in dict.fromkeys(NAMED.findall(stream.read())):
            for place in (unescape(part), os.path.join(os.path.dirname(name), unescape(part))):
                if os.path.isfile(place):
                    yield place


def is_virtual(file: str) -> bool:
    """Whether a file is a raster that is made of others."""
    try:
        if os.path.getsize(file) > LARGEST_VIRTUAL:
            return False
        with open(file, "rb") as stream:
            head = stream.read(HEAD)
    except OSError:
        return False
    return any(mark in head for mark in VIRTUAL)


def _identity(file: str) -> Hashable:
    """What two names of one file have in common: symbolic and hard links, upper and lower case."""
    status = os.stat(file)
    if not status.st_ino:
        return os.path.normcase(os.path.realpath(file))
    return status.st_dev, status.st_ino
