"""The report of samples in plain words."""

from __future__ import annotations

from html import escape
from typing import Any

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication

translate = QCoreApplication.translate

SHOWN = 12
"""Ids and expressions that are listed."""


def words(report: dict[str, Any]) -> str:
    """What an analyst should read of a SampleReport, as rich text: warnings first."""
    return "".join(
        [_warnings(report["warnings"]), _numbers(report), _counts(report["counts"]), _left(report)]
    )


def can_train(report: dict[str, Any]) -> bool:
    """Whether there is anything to train on."""
    return bool(report["samples"]["train"])


def _warnings(warnings: list[str]) -> str:
    icon = QgsApplication.iconPath("mIconWarning.svg")
    image = f"<img src='{escape(icon)}' width='16' height='16'>"
    rows = "".join(
        f"<tr><td style='padding-right: 6px'>{image}</td><td>{escape(text)}</td></tr>"
        for text in warnings
    )
    return f"<table cellpadding='3'>{rows}</table>" if rows else ""


def _numbers(report: dict[str, Any]) -> str:
    train, val = report["samples"]["train"], report["samples"]["val"]
    texts = [
        translate(
            "SampleReport", "{:,} of {:,} polygons are shown in {:,} samples on {:,} views."
        ).format(report["used"], report["features"], train + val, sum(report["views"].values())),
        translate(
            "SampleReport", "{:,} samples to learn from, {:,} held out to judge the model by."
        ).format(train, val),
    ]
    nothing = sum(report["negatives"].values())
    if nothing:
        texts.append(
            translate(
                "SampleReport", "{:,} of them show nothing of what they ask for, on purpose."
            ).format(nothing)
        )
    if report["resolution"]:
        texts.append(
            translate("SampleReport", "Ground resolution: {:.3g} m per pixel.").format(
                report["resolution"]
            )
        )
    return f"<p>{'<br>'.join(escape(text) for text in texts)}</p>"


def _counts(counts: dict[str, dict[str, int]]) -> str:
    frequent = sorted(counts.items(), key=lambda each: (-sum(each[1].values()), each[0]))
    heads = [
        translate("SampleReport", "Name or sentence"),
        translate("SampleReport", "to learn from"),
        translate("SampleReport", "held out"),
    ]
    head = (
        f"<tr><th align='left'>{escape(heads[0])}</th>"
        f"<th align='right'>{escape(heads[1])}</th><th align='right'>{escape(heads[2])}</th></tr>"
    )
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td align='right'>{each['train']:,}</td>"
        f"<td align='right'>{each['val']:,}</td></tr>"
        for name, each in frequent[:SHOWN]
    )
    more = len(frequent) - SHOWN
    rest = translate("SampleReport", "and {:,} more").format(more) if more > 0 else ""
    return f"<table cellpadding='3'>{head}{rows}</table>{escape(rest)}"


def _left(report: dict[str, Any]) -> str:
    rows = []
    for left in report["skipped"]:
        ids = left["features"]
        shown = ", ".join(str(number) for number in ids[:SHOWN]) + (", …" * (len(ids) > SHOWN))
        rows.append(
            translate("SampleReport", "{}: {:,} (ids {})").format(left["reason"], len(ids), shown)
        )
    if not rows:
        return ""
    head = translate("SampleReport", "Left out")
    items = "".join(f"<li>{escape(row)}</li>" for row in rows)
    return f"<p><b>{escape(head)}</b></p><ul>{items}</ul>"
