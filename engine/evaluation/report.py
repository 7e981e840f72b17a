"""An evaluation as JSON, as Markdown, and as lines for a terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from engine.evaluation.evaluate import Evaluation
from engine.evaluation.metrics import PRECISION_LEVELS, ReferringMetrics
from engine.presentation.markdown import table

Report = dict[str, Any]
Table = list[list[str]]

COLUMNS = (*(f"Pr@{level}" for level in PRECISION_LEVELS), "oIoU", "mIoU")
"""The columns of the papers' tables."""

GROUPS = {"kinds": "Kind of expression", "categories": "Category"}

FACTS = {
    "model": "Model",
    "weights_sha256": "SHA-256 of its weights",
    "device": "Device",
    "dataset": "Data set",
    "annotations": "Annotations",
    "split": "Split",
    "protocol_description": "Protocol",
    "threshold": "Threshold",
    "n": "Samples",
}
"""What the page says of how it came about, where the report has it."""

SHARES = (
    ("no_target_accuracy", "no_target_n", "Nothing meant, nothing found (no-target accuracy)"),
    ("target_answered_nothing", "target_n", "Something meant, nothing found"),
    ("two_class_accuracy", "two_class_n", "Right class in images that hold two"),
)

SECONDS = (("encode", "encodes", "an image"), ("decode", "decodes", "an expression"))


def report(evaluation: Evaluation, facts: Mapping[str, Any]) -> Report:
    """Every number, in JSON's types; shares are 0 to 1, and None where there is nothing to share.

    Args:
        evaluation: What was measured.
        facts: What it was measured on and with: model, weights_sha256, device, dataset, split,
            command and the like.
    """
    protocol = evaluation.protocol
    groups = {"kinds": evaluation.by("kind"), "categories": evaluation.by("category")}
    return {
        **facts,
        "protocol": protocol.name,
        "protocol_description": protocol.description,
        "side": protocol.side,
        "threshold": evaluation.threshold,
        **_numbers(evaluation.metrics()),
        "two_class_accuracy": evaluation.two_class_accuracy,
        "two_class_n": evaluation.two_class_n,
        **{
            key: {name: _numbers(metrics) for name, metrics in group.items()}
            for key, group in groups.items()
        },
        "seconds": evaluation.seconds,
        "samples": [
            {
                "image": row.image,
                "expression": row.expression,
                "kind": row.kind,
                "category": row.category,
                "iou": _or_none(row.overlap.iou(protocol)),
                "intersection": row.overlap.intersection,
                "union": row.overlap.union,
                "truth": row.overlap.truth,
                "predicted": row.overlap.predicted,
            }
            for row in evaluation.rows
        ],
    }


def title(report: Report) -> str:
    """What was measured on what, in a few words."""
    return ", ".join(str(report[key]) for key in ("model", "dataset", "split") if report.get(key))


def markdown(report: Report) -> str:
    """The report as a page, the papers' table first; shares in percent."""
    parts = [f"# {title(report)}", table(_main_table(report))]
    for key, heading in GROUPS.items():
        if report[key]:
            parts += [f"## {heading}", table(_group_table(report, key))]
    parts += ["## Nothing, something, and something else", table(_shares(report))]
    parts += ["## How it was measured", table(_facts(report), words=(0, 1))]
    if report.get("command"):
        parts.append(f"```\n{report['command']}\n```")
    return "\n\n".join(parts) + "\n"


def lines(report: Report) -> str:
    """The report for a terminal."""
    tables = [_main_table(report), *(_group_table(report, key) for key in GROUPS if report[key])]
    tables.append(_shares(report))
    return "\n\n".join([report["protocol_description"], *map(_aligned, tables)])


def _numbers(metrics: ReferringMetrics) -> dict[str, Any]:
    return {**metrics.summary(), **metrics.no_target()}


def _or_none(value: float) -> float | None:
    """JSON knows no NaN."""
    return None if math.isnan(value) else value


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f}"


def _main_table(report: Report) -> Table:
    return [["Model", *COLUMNS], [str(report["model"]), *_values(report)]]


def _group_table(report: Report, key: str) -> Table:
    groups = report[key].items()
    return [
        [GROUPS[key], *COLUMNS, "n"],
        *([name, *_values(numbers), str(numbers["n"])] for name, numbers in groups),
    ]


def _values(numbers: Mapping[str, float]) -> list[str]:
    return [_percent(numbers[column]) for column in COLUMNS]


def _shares(report: Report) -> Table:
    """What the main table does not tell apart, where there are samples for it."""
    told = [
        [label, _percent(report[share]), str(report[n])] for share, n, label in SHARES if report[n]
    ]
    return [["Share of samples", "%", "n"], *told]


def _facts(report: Report) -> Table:
    told = [[label, str(report[key])] for key, label in FACTS.items() if report.get(key)]
    seconds = report["seconds"]
    for key, count, what in SECONDS:
        if seconds[count]:
            told.append([f"Seconds {what}", f"{seconds[key]:.3f} (median of {seconds[count]})"])
    return [["", ""], *told]


def _aligned(table: Table) -> str:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join("  ".join(_padded(row, widths)).rstrip() for row in table)


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *others = (*zip(row, widths, strict=True),)
    return [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
