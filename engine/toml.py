"""Tables as TOML, which the standard library reads but does not write."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

BARE = re.compile(r"[A-Za-z0-9_-]+")


def dumps(table: Mapping[str, Any], path: tuple[str, ...] = ()) -> str:
    """A table as TOML; tables in it, and lists of tables, as sections of their own.

    None is left out.

    Raises:
        TypeError: A value is of no kind that TOML has.
    """
    table = {name: value for name, value in table.items() if value is not None}
    plain = {name: value for name, value in table.items() if not _sections(value)}
    parts = ["".join(f"{_key(name)} = {_value(value)}\n" for name, value in plain.items())]
    for name, value in table.items():
        if name in plain:
            continue
        inner = (*path, name)
        heading = ".".join(map(_key, inner))
        if isinstance(value, Mapping):
            parts.append(f"[{heading}]\n{dumps(value, inner)}")
        else:
            parts.extend(f"[[{heading}]]\n{dumps(entry, inner)}" for entry in value)
    return "\n".join(part for part in parts if part)


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else _text(name)


def _sections(value: object) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(entry, Mapping) for entry in value)
    return isinstance(value, Mapping)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    raise TypeError(f"TOML has no {type(value).__name__}")


def _text(text: str) -> str:
    """JSON's strings are TOML's, but for the one control character that JSON leaves as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
