"""The sources that a command line names: paths, patterns, and lists of them in text files."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from engine.errors import InputError

LIST = "@"
"""What a list's name starts with, as in GDAL's own commands."""


class Within:
    """Says of the files that patterns find which lie in a folder, and keeps these.

    A pattern that starts in that folder means what it finds there.

    Attributes:
        left_out: The files, absolute, each once.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = os.path.realpath(folder)
        self.left_out: list[str] = []

    def __call__(self, file: str, pattern: str) -> bool:
        """Whether the file lies in the folder and the pattern starts outside it."""
        if not self._holds(file) or self._holds(_start(pattern)):
            return False
        if absolute(file) not in self.left_out:
            self.left_out.append(absolute(file))
        return True

    def _holds(self, path: str) -> bool:
        return Path(os.path.realpath(path)).is_relative_to(self._folder)


def read(
    arguments: Sequence[str], leave: Callable[[str, str], bool] = lambda file, pattern: False
) -> list[str]:
    """The sources that arguments name, in their order and each once.

    Args:
        arguments: Names that GDAL can open; patterns such as `tiles/**/*.tif`, of which one that
            matches no file stands for itself; `@FILE`, a text file with one of these a line, and
            `@-`, the same from standard input. Blank lines, and lines that start with #, are left
            out. Relative paths start at the current folder.
        leave: Asked with each file that a pattern has found, and the pattern: whether to leave the
            file out.

    Raises:
        InputError: A list cannot be read, or no source is named.
    """
    # a.tif and ./a.tif are one.
    once: dict[str, str] = {}
    for argument in arguments:
        for source in _named(argument, leave):
            once.setdefault(absolute(source), source)
    sources = list(once.values())
    if not sources:
        raise InputError(
            f"{' '.join(arguments)} names no source, or only files that lie where the results go. "
            "Choose another folder for the results, or name the sources, in a list one a line."
        )
    return sources


def absolute(source: str) -> str:
    """The absolute path of a file or folder; any other name, as `/vsizip/...`, as it is."""
    return os.path.abspath(source) if os.path.exists(source) else source


def _named(argument: str, leave: Callable[[str, str], bool]) -> Iterator[str]:
    if not argument.startswith(LIST):
        yield from _matches(argument, leave)
        return
    text = _text(argument.removeprefix(LIST))
    if "\0" in text:
        raise InputError(f"The list {argument.removeprefix(LIST)} cannot be read: it is no UTF-8.")
    for line in text.splitlines():
        entry = line.strip()
        if entry and not entry.startswith("#"):
            yield from _matches(entry, leave)


def _matches(name: str, leave: Callable[[str, str], bool]) -> list[str]:
    """The files of a pattern. A file whose own name looks like one is no pattern."""
    if os.path.exists(name) or not glob.has_magic(name):
        return [name]
    found = sorted(glob.glob(name, recursive=True)) or [name]
    return [file for file in found if not leave(file, name)]


def _start(pattern: str) -> str:
    """The folder that a pattern is looked for in."""
    while glob.has_magic(pattern):
        pattern = os.path.dirname(pattern)
    return pattern or os.curdir


def _text(file: str) -> str:
    try:
        if file == "-":
            return sys.stdin.read()
        return Path(file).read_text(encoding="utf-8-sig", errors="surrogateescape")
    except (OSError, UnicodeDecodeError) as cause:
        reason = cause.strerror if isinstance(cause, OSError) else "it is not UTF-8"
        raise InputError(f"The list {file} cannot be read: {reason}.") from cause
