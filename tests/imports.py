"""What the shipped files import, as Python means it, wherever in a file it stands."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = sorted(
    [ROOT / "__init__.py", *(f for top in ("plugin", "engine") for f in (ROOT / top).rglob("*.py"))]
)


def name(file: Path) -> str:
    """A file's path from the repository's root."""
    return file.relative_to(ROOT).as_posix()


def module(file: Path) -> str:
    """What a file is imported as."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


def imports(file: Path, source: str | None = None) -> Iterator[str]:
    """Every module that a file imports, type checking included, as seen from the root."""
    package = file.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(source) if source else parsed(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # `from .. import engine` of the plugin means a module beside it, not an outer package.
            above = package[: len(package) + 1 - node.level] if node.level else ()
            origin = ".".join([*above, *(node.module or "").split(".")]).strip(".")
            yield from (f"{origin}.{alias.name}".strip(".") for alias in node.names)


def within(imported: str, *modules: str) -> bool:
    """Whether something imported is one of the modules, or in one of them."""
    return any(imported == each or imported.startswith(f"{each}.") for each in modules)


def offenders(folder: str, *forbidden: str) -> list[str]:
    """`file: module` for every import in a folder, or in a file, of what it must not know."""
    files = [file for file in SHIPPED if within(name(file).replace("/", "."), folder)]
    assert files, f"there is no {folder}"
    return [
        f"{name(f)}: {found}" for f in files for found in imports(f) if within(found, *forbidden)
    ]


@functools.cache
def graph() -> dict[str, set[str]]:
    """The modules of ours that each module of ours imports."""
    modules = {module(file) or "__init__": file for file in SHIPPED}

    def ours(imported: str) -> str | None:
        """The module that holds what is imported: it may be a name in it."""
        above = imported.rpartition(".")[0]
        return next((each for each in (imported, above) if each in modules), None)

    return {
        each: {found for found in map(ours, imports(file)) if found} - {each}
        for each, file in modules.items()
    }
