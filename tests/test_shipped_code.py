"""What no shipped file may do, as far as it can be read off the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.imports import SHIPPED, name, offenders, parsed


def calls() -> Iterator[tuple[Path, ast.Call]]:
    for file in SHIPPED:
        nodes = ast.walk(parsed(file))
        yield from ((file, node) for node in nodes if isinstance(node, ast.Call))


def test_nothing_shipped_runs_code_it_has_read():
    libraries = ("cPickle", "dill", "joblib", "marshal", "shelve")
    assert [line for room in ("plugin", "engine") for line in offenders(room, *libraries)] == []
    called = {(ast.unparse(node.func), name(file)) for file, node in calls()}
    pickle = {what for what, _ in called if what.startswith(("pickle.", "torch.package."))}
    assert pickle | {what for what, _ in called if what in ("eval", "exec", "compile")} == set()


def test_pickles_are_read_in_one_file_that_admits_no_class():
    imported = {line for room in ("plugin", "engine") for line in offenders(room, "pickle")}
    unpicklers = [
        (name(file), node)
        for file in SHIPPED
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.ClassDef) and "pickle.Unpickler" in map(ast.unparse, node.bases)
    ]
    # The second names pickle's error only: nothing calls pickle, as the test above says.
    assert imported == {
        "engine/data/formats/plain_pickle.py: pickle",
        "engine/models/weights.py: pickle",
    }
    assert [file for file, _ in unpicklers] == ["engine/data/formats/plain_pickle.py"]
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
