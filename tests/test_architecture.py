"""Who knows whom in the house, and that `docs/architecture.md` draws it as it is."""

from __future__ import annotations

import re
import sys

import networkx as nx
import pytest

from tests.imports import ROOT, SHIPPED, graph, imports, module, name, offenders, within

KNOWS = {
    "engine.errors": "",
    "engine.progress": "",
    "engine.variables": "",
    "engine.presentation": "",
    "engine.files": "errors",
    "engine.language": "errors",
    "engine.compute": "errors",
    "engine.backbones": "errors",
    "engine.raster": "errors files",
    "engine.vector": "errors files raster",
    "engine.models": "errors files language progress",
    "engine.data": "errors files language presentation progress raster",
    "engine.systems": "backbones compute data errors language models",
    "engine.segmentation": "compute errors files language models progress raster systems vector",
    "engine.evaluation": "data errors files presentation raster segmentation systems",
    "engine.training": "compute data errors evaluation files language models presentation progress "
    "raster systems",
    "engine.finetuning": "compute data errors files models progress systems training",
    "engine.batch": "compute errors files models presentation progress raster segmentation systems "
    "variables vector",
    "engine.service": "compute data errors evaluation finetuning models progress raster "
    "segmentation systems variables vector",
    "engine.command": "batch compute data errors evaluation files language models progress raster "
    "segmentation systems training vector",
    "engine.__main__": "command compute service variables",
    "plugin.paths": "",
    "plugin.text": "",
    "plugin.settings": "paths",
    "plugin.options": "engine paths settings text",
    "plugin.map": "paths settings text",
    "plugin.results": "map paths settings text engine.files",
    "plugin.engine": "map paths settings text engine.service",
    "plugin.dock": "engine map paths results settings text",
    "plugin.finetune": "engine map paths settings text",
    "plugin.models": "dock engine text",
    "plugin.processing": "engine finetune map paths results settings text engine.files "
    "engine.service",
    "plugin.main": "dock engine finetune models options paths processing settings",
}
"""What each room, and each file beside the rooms, knows of the others. A room knows no other one
that knows it, however far around."""

LIGHT = {
    "plugin/engine/environment.py",
    "plugin/engine/programs.py",
    "engine/files/apart.py",
    "engine/files/outputs.py",
    "engine/files/placing.py",
    "engine/service/client.py",
    "engine/service/process.py",
    "engine/service/protocol.py",
    "engine/variables.py",
    "engine/files/seal.py",
}
"""What runs before there is an environment, and what QGIS shares with the engine: standard library
only."""

MOST_ENTRIES = 14

SYSTEMS = sorted(path.parent.name for path in (ROOT / "engine/systems").glob("*/__init__.py"))


def room(each: str) -> str:
    """The room of a module, or a file beside the rooms."""
    return ".".join(each.split(".")[:2])


def rooms() -> nx.DiGraph:
    """The rooms, and who knows whom; what `engine` itself says, its version, is free."""
    found = nx.DiGraph()
    for each, known in graph().items():
        if "." in each:
            found.add_node(room(each))
            others = {room(other) for other in known if "." in other} - {room(each)}
            found.add_edges_from((room(each), other) for other in others)
    return found


@pytest.mark.parametrize(
    ("line", "imported"),
    [
        ("import torch.nn", "torch.nn"),
        ("def f():\n    from qgis.core import QgsTask", "qgis.core.QgsTask"),
        ("if TYPE_CHECKING:\n    from . import paths", "plugin.paths"),
        ("from .dock.widget import Dock", "plugin.dock.widget.Dock"),
        ("from ..engine import service", "engine.service"),
        ("from ..engine.service import client", "engine.service.client"),
    ],
)
def test_imports_are_read_as_python_means_them(line, imported):
    assert list(imports(ROOT / "plugin" / "main.py", line)) == [imported]


def test_no_files_import_each_other_in_a_circle():
    circles = nx.simple_cycles(nx.DiGraph(graph()))
    assert [" -> ".join(circle) for circle in circles] == []


def test_every_room_knows_whom_its_line_says_and_nobody_else():
    told = {
        each: {f"{each.split('.')[0]}.{other}" if "." not in other else other for other in known}
        for each, known in ((each, line.split()) for each, line in KNOWS.items())
    }
    assert told == {each: set(found) for each, found in rooms().adjacency()}


def test_rooms_are_stories_and_none_stands_on_one_above_it():
    assert list(nx.simple_cycles(rooms())) == []


def test_the_drawing_shows_the_rooms_as_they_are():
    """An arrow for whom a room knows, but for those whom it also knows through another."""
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    (drawing,) = re.findall(r"```mermaid\n(.*?)```", page, re.DOTALL)
    titles = dict(re.findall(r'(\w+)\["(\w+/\w+)"\]', drawing))
    arrows = {
        (titles[one], titles[other])
        for one, others in re.findall(r"^\s*(\w+) --> (.+)$", drawing, re.MULTILINE)
        for other in others.split(" & ")
    }
    lines = [line for line in drawing.splitlines() if re.search(r"[-=.]{2,}[>ox]?", line)]
    assert all(re.fullmatch(r"\s*\w+ --> \w+( & \w+)*", line) for line in lines)
    real = nx.transitive_reduction(rooms())
    assert set(titles.values()) == {each.replace(".", "/") for each in real}
    assert arrows == {(a.replace(".", "/"), b.replace(".", "/")) for a, b in real.edges}


@pytest.mark.parametrize("top", ["engine", "plugin"])
def test_a_folder_can_be_taken_in_at_a_glance(top):
    folders = {file.parent for file in SHIPPED} - {ROOT, ROOT / top}
    crowded = {}
    for folder in (folder for folder in folders if ROOT / top in folder.parents):
        entries = [e.name for e in folder.iterdir() if not e.name.startswith("__")]
        if len(entries) > MOST_ENTRIES:
            crowded[name(folder)] = sorted(entries)
    assert crowded == {}


@pytest.mark.parametrize("top", ["engine", "plugin", "benchmarks"])
def test_tests_lie_where_what_they_test_lies(top):
    folders = {
        path.parent.relative_to(ROOT / "tests")
        for path in (ROOT / "tests" / top).rglob("test_*.py")
    }
    assert [folder.as_posix() for folder in folders if not (ROOT / folder).is_dir()] == []


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
    ("folder", "forbidden"),
    [
        ("engine", ("qgis", "plugin", "processing")),
        ("engine.files", ("torch",)),
        ("engine.language", ("torch", "numpy", "rasterio")),
        ("engine.presentation", ("torch",)),
        ("engine.raster", ("torch",)),
        ("engine.vector", ("torch",)),
        ("engine.models.zoo", ("torch", "engine.models.weights", "engine.models.adapter")),
        ("engine.service.worker", ("torch", "engine.segmentation", "engine.systems")),
    ],
)
def test_a_room_needs_only_what_its_work_needs(folder, forbidden):
    assert offenders(folder, *forbidden) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_systems_do_not_know_each_other(system):
    others = [f"engine.systems.{other}" for other in SYSTEMS if other != system]
    assert offenders(f"engine.systems.{system}", *others) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_nothing_but_its_own_folder_names_a_system(system):
    own = ROOT / "engine" / "systems" / system
    strangers = {
        name(file): found
        for file in SHIPPED
        for found in imports(file)
        if own not in file.parents and within(found, f"engine.systems.{system}")
    }
    assert strangers == {}


def test_the_packages_themselves_import_nothing_of_ours():
    tops = [ROOT / top / "__init__.py" for top in ("engine", "plugin")]
    assert [each for top in tops for each in imports(top) if within(each, "engine", "plugin")] == []
    assert graph()["__init__"] == {"plugin.main"}, "which QGIS loads"


def test_modules_are_imported_by_name_in_the_registry_alone():
    ways = re.compile(r"\b(import_module|resolve_name|__import__)\b")
    dynamic = {name(file) for file in SHIPPED if ways.search(file.read_text("utf-8"))}
    # The second asks another Python what it can import.
    assert dynamic == {"engine/systems/registry.py", "plugin/engine/environment.py"}


@pytest.mark.parametrize("file", sorted(LIGHT))
def test_what_runs_before_there_is_an_environment_needs_the_standard_library_alone(file):
    own = {"plugin", "engine"}
    # With a module its packages are loaded.
    packages = [
        folder / "__init__.py" for folder in (ROOT / file).parents if ROOT in folder.parents
    ]
    found = {each for part in (ROOT / file, *packages) for each in imports(part)}
    assert {each.split(".")[0] for each in found} - set(sys.stdlib_module_names) - own == set()
    light = {module(ROOT / each) for each in LIGHT}
    assert {each for each in found if within(each, *own) and not within(each, *light)} == set()


def test_the_plugin_knows_of_the_engine_only_what_is_light():
    light = {module(ROOT / file) for file in LIGHT}
    known = {each for file in SHIPPED if within(module(file), "plugin") for each in imports(file)}
    assert {each for each in known if within(each, "engine") and not within(each, *light)} == set()
