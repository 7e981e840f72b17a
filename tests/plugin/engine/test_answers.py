"""Answers of the wrong shape: an error for whoever asked, and never a busy dock."""

from __future__ import annotations

import ast
import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from qgis.core import QgsApplication, QgsProcessingException, QgsProject, QgsRasterLayer
from segment_by_text.engine.service.client import EngineDied, EngineFailure
from segment_by_text.plugin.engine.answers import SHAPES, checked
from segment_by_text.plugin.processing.provider import Provider

from tests.plugin.waiting import until

ROOT = Path(__file__).resolve().parents[3]
WRONG = (None, True, -1.5, 10**400, float("inf"), "x", [], [None], {}, {"x": None})


def example(shape: object) -> object:
    """An answer of this shape."""
    if isinstance(shape, tuple):
        return example(shape[0])
    if isinstance(shape, list):
        return [example(shape[0]) for _ in range(2)]
    if isinstance(shape, dict):
        return {
            "other" if name is str else name.rstrip("?"): example(each)
            for name, each in shape.items()
        }
    plain = {int: 5, float: 0.5, str: "text", bool: True, object: "anything"}
    return plain[shape] if isinstance(shape, type) else shape


def places(value: object, way: tuple = ()) -> Iterator[tuple]:
    """The way to everything in an answer."""
    parts = value.items() if isinstance(value, dict) else ()
    parts = enumerate(value) if isinstance(value, list) else parts
    for key, each in parts:
        yield (*way, key)
        yield from places(each, (*way, key))


def with_fault(value: object, way: tuple, fault: object) -> object:
    spoilt = copy.deepcopy(value)
    inner = spoilt
    for key in way[:-1]:
        inner = inner[key]
    inner[way[-1]] = fault
    return spoilt


def refused(method: str, answer: object) -> str:
    try:
        checked(method, answer)
    except EngineFailure as failure:
        return failure.message
    return ""


def test_every_method_of_the_engine_has_a_shape() -> None:
    source = ast.parse((ROOT / "engine" / "service" / "methods.py").read_text("utf-8"))
    (methods,) = [node for node in source.body if getattr(node, "name", "") == "Methods"]
    named = {
        node.name
        for node in methods.body
        if isinstance(node, ast.FunctionDef)
        and node.args.args[1:2]
        and node.args.args[1].arg == "request"
    }
    assert named == set(SHAPES)


@pytest.mark.parametrize("method", SHAPES)
def test_a_right_answer_passes_and_every_fault_in_it_is_named(method: str) -> None:
    right = example(SHAPES[method])
    assert refused(method, right) == ""
    for way in places(right):
        faults = [refused(method, with_fault(right, way, wrong)) for wrong in WRONG]
        named = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in way)
        found = [fault for fault in faults if fault]
        # What may be anything has no fault; what is text, a number, or nothing has most of these.
        assert len(found) >= 5 or "features" in way, named
        if isinstance(SHAPES[method], (dict, list)):
            assert all(f"{method}{named}" in fault for fault in found), found
    for wrong in (None, 5, "x", [5], True):
        assert "cannot be understood" in refused(method, wrong)


@pytest.mark.parametrize("method", SHAPES)
def test_what_is_missing_is_named(method: str) -> None:
    right = example(SHAPES[method])
    for way in [way for way in places(right) if isinstance(way[-1], str) and "other" not in way]:
        spoilt = copy.deepcopy(right)
        inner = spoilt
        for key in way[:-1]:
            inner = inner[key]
        del inner[way[-1]]
        optional = way[-1] in ("taught", "expressions", "mIoU before", "mIoU after")
        assert (refused(method, spoilt) == "") is optional, way


def ask(engine, expression: str, method: str = "segment") -> object:
    params = {"expression": expression, "model": "fake"}
    if method == "segment":
        params.update(source={}, out="", threshold=0.5, outputs=[])
    return engine.ask(method, params, lambda _: None, lambda: False)


@pytest.mark.parametrize("answer", [None, 5, "text", [], {}, {"count": 1}, [[[]]]])
def test_the_process_goes_on_after_a_wrong_answer(faulty_engine, answer: object) -> None:
    with pytest.raises(EngineFailure, match="cannot be understood") as failure:
        ask(faulty_engine, f"answer {json.dumps(answer)}")
    assert not isinstance(failure.value, EngineDied)
    assert faulty_engine.running


RESULT = {
    "probability": "p.tif",
    "mask": "m.tif",
    "polygons": None,
    "count": None,
    "area_m2": None,
    "expression": "x",
    "model": "fake",
    "weights_sha256": "0",
    "source": "s.tif",
    "threshold": 0.5,
    "warnings": [],
}
FAULTS = {
    "nothing": None,
    "text": "done",
    "empty": {},
    **{f"no {name}": {k: v for k, v in RESULT.items() if k != name} for name in RESULT},
    "count text": {**RESULT, "count": "5"},
    "area list": {**RESULT, "count": 1, "area_m2": [1]},
    "warnings text": {**RESULT, "warnings": "none"},
    "warnings numbers": {**RESULT, "warnings": [1]},
    "probability nothing": {**RESULT, "probability": None},
    "mask number": {**RESULT, "mask": 7},
    "threshold nothing": {**RESULT, "threshold": None},
}


@pytest.mark.parametrize("answer", FAULTS.values(), ids=FAULTS)
def test_a_wrong_result_is_a_message_in_the_dock_and_the_next_click_works(
    faulty_dock, project: QgsProject, answer: object
) -> None:
    dock = faulty_dock
    dock.form.expression.setCurrentText(f"answer {json.dumps(answer)}")
    dock.segment()
    until(lambda: not dock.session.state.busy and dock.messages.text)
    assert "cannot be understood" in dock.messages.text
    assert dock.form.segment.isEnabled()
    dock.form.expression.setCurrentText("storage tank")
    dock.segment()
    until(lambda: len(project.layerTreeRoot().children()) == 2)


@pytest.mark.parametrize("answer", [None, [], {}, {"known": "x", "unknown": 1, "message": ""}])
def test_a_wrong_check_is_a_message_in_the_dock(faulty_dock, answer: object) -> None:
    faulty_dock.form.expression.setCurrentText(f"check {json.dumps(answer)}")
    faulty_dock.segment()
    until(lambda: not faulty_dock.session.state.busy and faulty_dock.messages.text)
    assert "cannot be understood" in faulty_dock.messages.text


@pytest.mark.parametrize(
    "news",
    [
        None,
        [],
        {},
        {"id": 3},
        {"id": 3, "done": "a", "total": 1, "stage": "", "message": ""},
        {"id": 3, "done": 1, "total": 2**40, "stage": "", "message": ""},
        {"id": 3, "done": 1, "total": 2, "stage": None, "message": None},
    ],
)
def test_wrong_news_change_nothing(faulty_dock, project: QgsProject, news: object) -> None:
    faulty_dock.form.expression.setCurrentText(f"news {json.dumps(news)}")
    faulty_dock.segment()
    until(lambda: len(project.layerTreeRoot().children()) == 2)
    assert not faulty_dock.session.state.busy


@pytest.fixture
def run(qgis_processing, faulty_engine, raster: QgsRasterLayer, tmp_path: Path) -> Iterator:
    import processing

    provider = Provider(faulty_engine, faulty_engine)
    QgsApplication.processingRegistry().addProvider(provider)
    usual = {"INPUT": raster, "MASK": str(tmp_path / "mask.tif")}
    yield lambda **given: processing.run("segmentbytext:segment", {**usual, **given})
    QgsApplication.processingRegistry().removeProvider(provider)


@pytest.mark.parametrize("fault", ["nothing", "no warnings", "count text"])
def test_a_wrong_result_ends_the_algorithm_with_its_reason(
    run: Callable, tmp_path: Path, fault: str
) -> None:
    with pytest.raises(QgsProcessingException, match="cannot be understood"):
        run(EXPRESSION=f"answer {json.dumps(FAULTS[fault])}")
    assert not (tmp_path / "mask.tif").exists()
