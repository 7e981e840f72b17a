"""The rules of docs/architecture.md that can be read off the imports."""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("plugin", "engine")
SHIPPED = sorted(
    [ROOT / "__init__.py", *(f for room in ROOMS for f in (ROOT / room).rglob("*.py"))]
)
SYSTEMS = sorted(
    folder.name
    for folder in (ROOT / "engine" / "systems").iterdir()
    if (folder / "__init__.py").exists()
)
STANDARD = (
    "plugin/environment.py",
    "plugin/programs.py",
    "engine/client.py",
    "engine/process.py",
    "engine/protocol.py",
)


def name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@functools.cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


def imports(file: Path, source: str | None = None) -> Iterator[str]:
    """Every module that a file imports, wherever in it, as seen from the repository's root."""
    package = file.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(source) if source else parsed(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # `from .. import engine` of the plugin means a module beside it, not an outer package.
            above = package[: len(package) + 1 - node.level] if node.level else ()
            module = ".".join([*above, *(node.module or "").split(".")]).strip(".")
            yield from (f"{module}.{alias.name}".strip(".") for alias in node.names)


def within(imported: str, *modules: str) -> bool:
    return any(imported == module or imported.startswith(f"{module}.") for module in modules)


def calls() -> Iterator[tuple[Path, ast.Call]]:
    for file in SHIPPED:
        nodes = ast.walk(parsed(file))
        yield from ((file, node) for node in nodes if isinstance(node, ast.Call))


def offenders(folder: str, *forbidden: str) -> list[str]:
    """`file: module` for every import in a folder, or in a file, of what it must not know."""
    files = [file for file in SHIPPED if within(name(file).replace("/", "."), folder)]
    assert files, f"there is no {folder}"
    return [
        f"{name(f)}: {found}" for f in files for found in imports(f) if within(found, *forbidden)
    ]


@pytest.mark.parametrize(
    ("line", "module"),
    [
        ("import torch.nn", "torch.nn"),
        ("def f():\n    from qgis.core import QgsTask", "qgis.core.QgsTask"),
        ("from . import paths", "plugin.paths"),
        ("from .dock.widget import Dock", "plugin.dock.widget.Dock"),
        ("from ..engine import client", "engine.client"),
        ("from ..engine.client import Call", "engine.client.Call"),
    ],
)
def test_imports_are_read_as_python_means_them(line, module):
    assert list(imports(ROOT / "plugin" / "main.py", line)) == [module]


def test_the_plugin_knows_of_the_engine_only_its_client_and_its_protocol():
    known = ("engine.client", "engine.protocol")
    assert [
        found for found in offenders("plugin", "engine") if not within(found.split(": ")[1], *known)
    ] == []


def test_the_plugin_never_imports_what_only_the_engine_has():
    libraries = (
        "torch",
        "torchvision",
        "transformers",
        "sam2",
        "rasterio",
        "shapely",
        "pyogrio",
        "numpy",
    )
    assert offenders("plugin", *libraries) == []


def test_qt_is_imported_through_qgis_alone():
    assert offenders("plugin", "PyQt5", "PyQt6", "PySide2", "PySide6", "sip") == []


@pytest.mark.parametrize(
    ("room", "forbidden"),
    [
        ("engine", ("qgis", "plugin", "processing")),
        ("engine.raster", ("torch", "engine.vector", "engine.systems", "engine.segment")),
        ("engine.vector", ("torch", "engine.systems", "engine.backbones", "engine.segment")),
        ("engine.backbones", ("engine.systems",)),
        ("engine.worker", ("torch", "engine.segment", "engine.systems")),
    ],
)
def test_a_room_does_not_know_what_lies_outside_it(room, forbidden):
    assert offenders(room, *forbidden) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_systems_do_not_know_each_other(system):
    others = [f"engine.systems.{other}" for other in SYSTEMS if other != system]
    assert offenders(f"engine.systems.{system}", *others) == []


def test_only_the_entry_point_imports_the_command_line():
    found = offenders("engine", "engine.cli") + offenders("plugin", "engine.cli")
    assert {line.split(":")[0] for line in found} <= {"engine/__main__.py"}


@pytest.mark.parametrize("file", STANDARD)
def test_what_runs_before_there_is_an_environment_needs_the_standard_library_alone(file):
    own = {"plugin", "engine"}
    roots = {found.split(".")[0] for found in imports(ROOT / file)}
    assert roots - set(sys.stdlib_module_names) - own == set()
    neighbours = {found for found in imports(ROOT / file) if within(found, *own)}
    assert {
        found
        for found in neighbours
        if not within(found, *(f[:-3].replace("/", ".") for f in STANDARD))
    } == set()


def test_nothing_shipped_runs_code_it_has_read():
    libraries = ("cPickle", "dill", "joblib", "marshal", "shelve")
    assert [line for room in ROOMS for line in offenders(room, *libraries)] == []
    called = {(ast.unparse(node.func), name(file)) for file, node in calls()}
    pickle = {what for what, _ in called if what.startswith(("pickle.", "torch.package."))}
    assert pickle | {what for what, _ in called if what in ("eval", "exec", "compile")} == set()


def test_pickles_are_read_in_one_file_that_admits_no_class():
    imported = {line for room in ROOMS for line in offenders(room, "pickle")}
    unpicklers = [
        (name(file), node)
        for file in SHIPPED
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.ClassDef) and "pickle.Unpickler" in map(ast.unparse, node.bases)
    ]
    # The second names pickle's error only: nothing calls pickle, as the test above says.
    assert imported == {
        "engine/data/plain_pickle.py: pickle",
        "engine/weights.py: pickle",
    }
    assert [file for file, _ in unpicklers] == ["engine/data/plain_pickle.py"]
    admits = {node.name: ast.unparse(node.returns) for node in unpicklers[0][1].body[1:]}
    assert admits["find_class"] == admits["persistent_load"] == "NoReturn"


def test_weights_are_read_as_weights_only():
    loads = [(file, node) for file, node in calls() if ast.unparse(node.func) == "torch.load"]
    unsafe = [
        f"{name(file)}:{node.lineno}"
        for file, node in loads
        if "weights_only=True" not in map(ast.unparse, node.keywords)
    ]
    assert unsafe == []


def test_nothing_shipped_asserts_or_swallows_an_error():
    found = [
        f"{name(file)}:{node.lineno}"
        for file in SHIPPED
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Assert)
        or (isinstance(node, ast.ExceptHandler) and node.type is None)
        or (isinstance(node, ast.ExceptHandler) and all(isinstance(s, ast.Pass) for s in node.body))
    ]
    assert found == []
