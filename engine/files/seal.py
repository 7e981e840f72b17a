"""The seal of a GeoPackage: a digest of its rows, within it, which tells of edits.

Standard library only, Python 3.9: the plugin asks for it too.
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

SEAL = "SEGMENT_BY_TEXT_SEAL"
"""Its name among the metadata of a layer."""

WRITTEN = re.compile(rf'key="{SEAL}">(\w*)<')
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"
SIGNED = "SELECT 1 FROM pragma_table_info('segments') WHERE name = 'weights_sha256'"
STANDARD = ("gpkg_", "rtree_", "sqlite_")
"""How the names of tables begin that hold nothing of an analyst's."""


def digest(path: Path) -> str:
    """SHA-256 of all rows of all tables: features, attributes, styles.

    Not of the file: a program that only shows a GeoPackage writes into it as well.

    Raises:
        sqlite3.Error: it is no database, or damaged.
    """
    rows_seen = hashlib.sha256()
    with _opened(path) as database:
        names = [name for (name,) in database.execute(TABLES)]
        for name in sorted(name for name in names if not name.startswith(STANDARD)):
            quoted = name.replace('"', '""')
            rows = database.execute(f'SELECT * FROM "{quoted}" ORDER BY rowid')  # nosec B608
            rows_seen.update(repr((name, rows.description)).encode())
            for row in rows:
                rows_seen.update(repr(row).encode())
    return rows_seen.hexdigest()


def is_result(path: Path) -> bool:
    """Whether a file is a GeoPackage that this plugin wrote, edited since or not."""
    if not path.is_file():
        return False
    try:
        with _opened(path) as database:
            return database.execute(SIGNED).fetchone() is not None
    except sqlite3.Error:
        return False


def intact(path: Path) -> bool:
    """Whether a file is a GeoPackage as this plugin wrote it."""
    try:
        return _seal(path) == digest(path)
    except sqlite3.Error:
        return False


def _seal(path: Path) -> str | None:
    with _opened(path) as database:
        for (metadata,) in database.execute("SELECT metadata FROM gpkg_metadata"):
            found = WRITTEN.search(str(metadata))
            if found:
                return found[1]
    return None


def _opened(path: Path) -> closing[sqlite3.Connection]:
    """The database, read without a trace: SQLite leaves journals where there are none."""
    # os.path takes a name that the disk cannot have for one that is not there.
    how = "mode=ro" if os.path.exists(f"{path}-wal") else "immutable=1"
    return closing(sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True))
