"""Makes the zip that QGIS installs, and refuses what the plugin site would refuse."""

from __future__ import annotations

import argparse
import configparser
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "segment_by_text"
LARGEST = 20_000_000
"""Bytes; the plugin site takes 25,000,000."""

SHIPPED = (
    "metadata.txt",
    "__init__.py",
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    "plugin",
    "engine",
    "resources",
    "requirements/engine.in",
    "requirements/engine.lock",
    "requirements/cluster.lock",
    "requirements/uv.lock",
)
TRANSLATIONS = "i18n"
SOURCES_OF_TRANSLATIONS = ".ts"
BINARIES = {".bat", ".dll", ".dylib", ".exe", ".pyc", ".pyd", ".sh", ".so"}

REQUIRED = (
    "name",
    "description",
    "about",
    "version",
    "qgisMinimumVersion",
    "qgisMaximumVersion",
    "author",
    "email",
    "tracker",
    "repository",
    "changelog",
)

MIDNIGHT = (1980, 1, 1, 0, 0, 0)
"""The date of every file, so that the same tree makes the same zip."""


def shipped(root: Path) -> Iterator[Path]:
    """The files of the plugin that git knows, in a fixed order: what QGIS or an editor left is not.

    Raises:
        SystemExit: One is missing, or is of a kind that the plugin site does not take.
    """
    listed = _listed(root)
    for entry in (*SHIPPED, TRANSLATIONS):
        files = [file for file in listed if file == entry or file.startswith(f"{entry}/")]
        if not files and entry != TRANSLATIONS:
            sys.exit(f"{entry} belongs to the plugin and is missing")
        for file in map(Path, files):
            if file.suffix == SOURCES_OF_TRANSLATIONS:
                continue
            if file.suffix in BINARIES or any(part.startswith(".") for part in file.parts):
                sys.exit(f"{file} is hidden or binary: the site refuses it")
            if not os.path.lexists(root / file):
                sys.exit(f"{file} is in git's index and not on the disk: restore it")
            if (root / file).is_symlink() or not str(file).isprintable():
                sys.exit(f"{file!r} is a link, or not UTF-8: no zip holds it for every system")
            yield root / file


def _listed(root: Path) -> list[str]:
    """The files in git's index, each once, sorted.

    Raises:
        SystemExit: There is no index.
    """
    git = ["git", "-C", str(root), "ls-files", "-z"]
    told = subprocess.run(git, check=False, stdout=subprocess.PIPE)
    if told.returncode != 0:
        sys.exit(f"{root} is no checkout of git, which tells what belongs to the plugin")
    return sorted({name for name in os.fsdecode(told.stdout).split("\0") if name})


def problems(metadata: Path) -> Iterator[str]:
    """What the plugin site would say about metadata.txt."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(metadata, encoding="utf-8")
    general = parser["general"]
    for key in REQUIRED:
        if not general.get(key, "").strip():
            yield f"metadata.txt: {key} is missing"
    if "plugin" in general.get("name", "").lower():
        yield "metadata.txt: the word 'plugin' is in the name"
    if "/" in general.get("author", ""):
        yield "metadata.txt: there is a / in the author"
    if "supportsQt6" in general:
        yield "metadata.txt: supportsQt6 has no effect; qgisMaximumVersion says it"
    for key in ("tracker", "repository"):
        if not general.get(key, "").startswith("https://"):
            yield f"metadata.txt: {key} is not an address"


def package(root: Path, archive: Path) -> None:
    """Writes the files into `archive`, under the plugin's folder.

    Raises:
        SystemExit: The plugin site would refuse it.
    """
    found = list(problems(root / "metadata.txt"))
    if found:
        sys.exit("\n".join(found))
    files = list(shipped(root))
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as zipped:
        for file in files:
            entry = zipfile.ZipInfo(f"{PACKAGE}/{file.relative_to(root).as_posix()}", MIDNIGHT)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(entry, file.read_bytes())
    size = archive.stat().st_size
    if size > LARGEST:
        archive.unlink()
        sys.exit(f"{archive.name} has {size:,} bytes, more than {LARGEST:,}")
    print(f"{archive}: {size:,} bytes")


def main() -> None:
    """Packages the repository this file lies in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("archive", type=Path)
    package(Path(__file__).resolve().parent.parent, parser.parse_args().archive)


if __name__ == "__main__":
    main()
