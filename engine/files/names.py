"""Names of files that are not UTF-8: other names for GDAL, which takes no such, and for people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.errors import EngineError, RasterError


def readable(path: str | Path) -> str:
    """A path as text that can be written anywhere; what is not UTF-8 in it becomes an escape."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


@contextmanager
def in_utf8(path: str) -> Iterator[str]:
    """Give a name under which GDAL opens a file, and what lies beside it and belongs to it.

    That is its own, or for as long as the block runs that of a link. Errors of ours that name the
    link name the file instead.

    Raises:
        RasterError: it is no file, or links cannot be made here.
    """
    if readable(path) == path:
        yield path
        return
    with TemporaryDirectory(prefix="segment_by_text_") as folder:
        link = _linked(Path(path), Path(folder))
        try:
            yield link
        except EngineError as error:
            text = str(error).replace(link, path)
            raise type(error)(readable(text)) from error


def _linked(file: Path, folder: Path) -> str:
    """Links to a file and its sidecars in a folder; the name of the first."""
    try:
        for each in [file, *file.parent.iterdir()]:
            link = folder / _plain(each.name)
            if each.name.startswith(file.stem) and not link.exists():
                link.symlink_to(each.absolute())
        file.stat()
    except (OSError, ValueError) as error:
        raise RasterError(
            f"{readable(file)} cannot be read: its name is not UTF-8, and it is no file that could "
            "have another name here. Rename it."
        ) from error
    return str(folder / _plain(file.name))


def _plain(name: str) -> str:
    return name.encode("utf-8", "replace").decode("utf-8").replace("?", "_")
