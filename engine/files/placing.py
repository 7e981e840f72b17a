"""A file and its sidecars, put in the place of another file and its sidecars.

Standard library only, Python 3.9: the plugin places files too.
"""

from __future__ import annotations

import errno
import filecmp
import itertools
import os
import platform
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

PARTIAL = f".partial-{platform.node()}-"
"""What the folders of half-written files of this machine begin with; their process comes next."""

APPENDED = re.compile(r"(\.aux\.xml|\.ovr|\.msk)+|-wal|-shm|-journal", re.IGNORECASE)
"""What follows the whole name in GDAL's, QGIS's and SQLite's sidecars of it."""

SHARED = (".wld", ".prj", ".rrd", ".ige")
"""Sidecars that have the name without its ending, and that another file of it may own."""


@contextmanager
def partial(path: Path) -> Iterator[Path]:
    """Where to write what is to become `path`: in a temporary folder beside it, on the same disk.

    Raises:
        OSError: The folder of `path` cannot be written.
    """
    folder = mkdtemp(prefix=f"{PARTIAL}{os.getpid()}-", dir=path.parent)
    try:
        yield Path(folder, path.name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sidecars(path: Path) -> list[Path]:
    """The files that say more about a raster or a GeoPackage, and mean nothing without it."""
    others = [other for other in path.parent.iterdir() if other.name != path.name]
    own = [
        other
        for other in others
        if _is_appended(other, path)
        # That of mask.tif may be that of mask.tiff as well, which would be lost without it.
        or (_is_world_of(other, path) and not any(_is_world_of(other, each) for each in others))
    ]
    same = [other for other in others if other.stem == path.stem and other not in own]
    if all(other.suffix.lower() in SHARED for other in same):
        own += same
    return own


def is_special(path: Path) -> bool:
    """Whether what is there is neither a file nor a folder, as pipes and devices are."""
    return path.exists() and not (path.is_file() or path.is_dir())


def place(written: Path, path: Path) -> None:
    """Moves a file, and what was written beside it, to `path`; what belonged to that goes.

    Args:
        written: The file; its folder holds nothing but what belongs to it.
        path: What it becomes, on the same disk.

    Raises:
        OSError: It cannot be moved, a sidecar of its would take the place of another file's, or
            `path` is a pipe or a device; all is as it was.
    """
    if is_special(path):
        raise OSError(errno.EINVAL, "it is a pipe or a device")
    if written.is_dir():
        os.replace(written, path)
        return
    beside = [other for other in written.parent.iterdir() if other != written]
    aside = Path(mkdtemp(dir=written.parent))
    moved: list[tuple[Path, Path]] = []
    try:
        for old, new in _moves(beside, path, aside):
            os.replace(old, new)
            moved.append((old, new))
        os.replace(written, path)
    except OSError:
        for old, new in reversed(moved):
            with suppress(OSError):
                os.replace(new, old)
        raise


@contextmanager
def kept(path: Path) -> Iterator[Path]:
    """Keeps a file that will be replaced in the block, under a name of its own; gives that.

    Where the block fails before it is replaced, it keeps its one name.

    Raises:
        OSError: It cannot be copied.
    """
    stem = _free_stem(path)
    files = [path, *sidecars(path)]
    copies = [path.with_name(stem + file.name[len(path.stem) :]) for file in files]
    try:
        for file, copy in zip(files, copies):
            _link(file, copy)
        yield copies[0]
    except BaseException:
        for file, copy in zip(files, copies):
            with suppress(OSError):
                if os.path.samefile(file, copy):
                    copy.unlink()
        raise


def _link(file: Path, copy: Path) -> None:
    try:
        os.link(file, copy)
    except OSError:  # not every disk has links
        shutil.copy2(file, copy)


def _free_stem(path: Path) -> str:
    """The name without its ending of a file beside `path` that is not there."""
    for number in itertools.count(1):
        stem = f"{path.stem}-kept" if number == 1 else f"{path.stem}-kept-{number}"
        if not path.with_name(stem + path.suffix).exists():
            break
    return stem


def _moves(beside: list[Path], path: Path, aside: Path) -> Iterator[tuple[Path, Path]]:
    """Old sidecars go aside, new ones take their place."""
    old = sidecars(path)
    arriving = [path.with_name(new.name) for new in beside]
    for new, name in zip(beside, arriving):
        if name.exists() and name not in old:
            # As a shapefile's .prj.
            if not filecmp.cmp(new, name, shallow=False):
                raise FileExistsError(errno.EEXIST, f"{name.name} beside it is another file's")
            old.append(name)
    for each in old:
        yield each, aside / each.name
    yield from zip(beside, arriving)


def _is_appended(other: Path, path: Path) -> bool:
    end = other.name[len(path.name) :]
    return other.name.startswith(path.name) and APPENDED.fullmatch(end) is not None


def _is_world_of(other: Path, path: Path) -> bool:
    ending = path.suffix.lower()
    # Of .tif these are .tfw and .tifw.
    world = (f"{ending[:2]}{ending[-1:]}w", f"{ending}w")
    return other.stem == path.stem and len(ending) > 2 and other.suffix.lower() in world
