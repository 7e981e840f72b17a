"""Reports: every number in JSON, the papers' tables in Markdown and on a terminal."""

from __future__ import annotations

import json
import math

import pytest

from engine.evaluation import report as reports
from engine.evaluation.evaluate import Evaluation, Row
from engine.evaluation.metrics import Overlap
from engine.evaluation.protocols import PROTOCOLS

HEAD = ["Pr@0.5", "Pr@0.6", "Pr@0.7", "Pr@0.8", "Pr@0.9", "oIoU", "mIoU"]
FACTS = {
    "model": "tiny",
    "weights_sha256": "c0ffee",
    "device": "cpu",
    "dataset": "jsonl",
    "annotations": "refs.jsonl",
    "split": "val",
    "command": "python -m engine evaluate --split val",
}
ROWS = (
    Row("a.png", "the ship", "unique", "ship", Overlap(6, 8, 7)),
    Row("a.png", "all ships", "all", "ship", Overlap(1, 4, 3)),
    Row("b.png", "the pier", "all", "pier | dock", Overlap(0, 5, 0)),
    Row("b.png", "no bus", "absent", "bus", Overlap(0, 0, 0)),
    Row("b.png", "a car", "", "", Overlap(0, 0, 2)),
)


def report(
    protocol: str = "ours",
    rows: tuple[Row, ...] = ROWS,
    right: tuple[float | None, int] = (0.25, 4),
) -> dict:
    seconds = {"encode": 0.25, "encodes": 2, "decode": 0.0625, "decodes": 5}
    evaluation = Evaluation(PROTOCOLS[protocol], 0.4, rows, *right, (), (), seconds)
    return reports.report(evaluation, FACTS)


def tables(page: str) -> dict[str, list[list[str]]]:
    """The tables of a Markdown page, by the name of their first column."""
    found = {}
    for block in page.split("\n\n"):
        if block.startswith("|"):
            head, _, *rows = (
                [cell.strip() for cell in line.strip("|").split(" | ")]
                for line in block.splitlines()
            )
            found[head[0]] = [head[1:], *rows]
    return found


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_numbers_follow_from_the_samples_beside_them(protocol: str) -> None:
    told = json.loads(json.dumps(report(protocol), allow_nan=False))
    samples = told["samples"]
    ious = [s["iou"] for s in samples if s["iou"] is not None]
    assert told["mIoU"] == pytest.approx(sum(ious) / len(ious))
    unions = sum(s["union"] for s in samples)
    assert told["oIoU"] == pytest.approx(sum(s["intersection"] for s in samples) / unions)
    assert told["n"] == len(samples) == 5
    for group, name in (("kinds", "kind"), ("categories", "category")):
        assert {key: value["n"] for key, value in told[group].items()} == {
            key: sum(s[name] == key for s in samples) for key in {s[name] for s in samples} if key
        }
    assert told["kinds"]["all"]["mIoU"] == pytest.approx((1 / 6 + 0) / 2)


def test_a_sample_can_be_found_again() -> None:
    assert report()["samples"][0] == {
        "image": "a.png",
        "expression": "the ship",
        "kind": "unique",
        "category": "ship",
        "iou": pytest.approx(6 / 9),
        "intersection": 6,
        "union": 9,
        "truth": 8,
        "predicted": 7,
    }


def test_an_iou_that_is_no_number_is_none() -> None:
    assert math.isnan(ROWS[3].overlap.iou(PROTOCOLS["rsrefseg"]))
    assert report("rsrefseg")["samples"][3]["iou"] is None


def test_the_page_has_the_papers_tables_in_percent() -> None:
    told = report()
    found = tables(reports.markdown(told))
    # Means of 6/9, 1/6, 0, 1 and 0; sums of 7 and 22 pixels.
    values = ["40.00", "40.00", "20.00", "20.00", "20.00", "31.82", "36.67"]
    assert found["Model"] == [HEAD, ["tiny", *values]]
    assert found["Kind of expression"][0] == [*HEAD, "n"]
    assert [(row[0], row[-2], row[-1]) for row in found["Kind of expression"][1:]] == [
        ("absent", "100.00", "1"),
        ("all", "8.33", "2"),
        ("unique", "66.67", "1"),
    ]
    assert [row[0] for row in found["Category"][1:]] == ["bus", r"pier \| dock", "ship"]
    assert [row[1:] for row in found["Share of samples"][1:]] == [
        ["50.00", "2"],
        ["33.33", "3"],
        ["25.00", "4"],
    ]


def test_the_page_says_how_it_was_measured() -> None:
    page = reports.markdown(report("rsrefseg"))
    facts = {row[0]: row[1] for row in tables(page)[""][1:]}
    assert facts.pop("Protocol") == PROTOCOLS["rsrefseg"].description
    assert facts == {
        "Model": "tiny",
        "SHA-256 of its weights": "c0ffee",
        "Device": "cpu",
        "Data set": "jsonl",
        "Annotations": "refs.jsonl",
        "Split": "val",
        "Threshold": "0.4",
        "Samples": "5",
        "Seconds an image": "0.250 (median of 2)",
        "Seconds an expression": "0.062 (median of 5)",
    }
    assert f"\n```\n{FACTS['command']}\n```\n" in page


def test_a_terminal_shows_the_same_numbers_in_columns() -> None:
    told = report()
    lines = reports.lines(told).splitlines()
    for table in tables(reports.markdown(told)).values():
        for row in table[1:]:
            cells = [cell.replace("\\", "") for cell in row]
            if cells[0] not in reports.FACTS.values() and "median" not in cells[-1]:
                (line,) = [line for line in lines if line.startswith(f"{cells[0]} ")]
                assert line.split()[-len(cells[1:]) :] == cells[1:]
    kinds = lines[lines.index("") + 4 :][:4]
    assert len({len(line) for line in kinds}) == 1


def test_what_was_not_measured_is_left_out() -> None:
    rows = tuple(Row("a.png", "the ship", "", "", Overlap(1, 1, 1)) for _ in range(2))
    told = report(rows=rows, right=(None, 0))
    page = reports.markdown(told)
    assert set(tables(page)) == {"Model", "Share of samples", ""}
    assert [row[1:] for row in tables(page)["Share of samples"][1:]] == [["0.00", "2"]]
    assert (told["no_target_accuracy"], told["two_class_accuracy"]) == (None, None)
