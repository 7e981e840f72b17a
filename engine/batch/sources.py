"""The sources that a command line names: paths, patterns, and lists of them in text files."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.errors import InputError

LIST = "@"
"""What a list's name starts with, as in GDAL's own commands."""


def read(arguments: Sequence[str]) -> list[str]:
    """The sources that arguments name, in their order and each once.

    Args:
        arguments: Names that GDAL can open; patterns such as `tiles/**/*.tif`, of which one that
            matches no file stands for itself; `@FILE`, a text file with one of these a line, and
            `@-`, the same from standard input. Blank lines, and lines that start with #, are left
            out. Relative paths start at the current folder.

    Raises:
        InputError: A list cannot be read, or no source is named.
    """
    # a.tif and ./a.tif are one.
    once: dict[str, str] = {}
    for argument in arguments:
        for source in _named(argument):
            once.setdefault(absolute(source), source)
    sources = list(once.values())
    if not sources:
        raise InputError(f"{' '.join(arguments)} names no source. Write one path a line.")
    return sources


def absolute(source: str) -> str:
    """The absolute path of a file or folder; any other name, as `/vsizip/...`, as it is."""
    return os.path.abspath(source) if os.path.exists(source) else source


def _named(argument: str) -> Iterator[str]:
    if not argument.startswith(LIST):
        yield from _matches(argument)
        return
    text = _text(argument.removeprefix(LIST))
    if "\0" in text:
        raise InputError(f"The list {argument.removeprefix(LIST)} cannot be read: it is no UTF-8.")
    for line in text.splitlines():
        entry = line.strip()
        if entry and not entry.startswith("#"):
            yield from _matches(entry)


def _matches(name: str) -> list[str]:
    """The files of a pattern. A file whose own name looks like one is no pattern."""
    if os.path.exists(name) or not glob.has_magic(name):
        return [name]
    return sorted(glob.glob(name, recursive=True)) or [name]


def _text(file: str) -> str:
    try:
        if file == "-":
            return sys.stdin.read()
        return Path(file).read_text(encoding="utf-8-sig", errors="surrogateescape")
    except (OSError, UnicodeDecodeError) as cause:
        reason = cause.strerror if isinstance(cause, OSError) else "it is not UTF-8"
        raise InputError(f"The list {file} cannot be read: {reason}.") from cause
