"""What became of each source of a batch, as JSON for programs and as a page for people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from engine.batch.run import DONE, LEFT_OUT, STATES, Outcome
from engine.files.atomic import replacing
from engine.files.boundary import writing
from engine.files.placing import kept
from engine.presentation.markdown import table

Report = dict[str, Any]

JSON, PAGE = "report.json", "report.md"

HEAD = ("Source", "State", "Polygons", "Area in m²", "Seconds", "Remarks")
WORDS = (0, 1, 5)
"""Its columns that are no numbers."""


def report(outcomes: Sequence[Outcome], facts: Mapping[str, Any]) -> Report:
    """All of it in JSON's types: the facts, how many sources ended in each state, every outcome.

    What was left out is no source: it has a list of its own.
    """
    sources = [outcome for outcome in outcomes if outcome.state != LEFT_OUT]
    others = [outcome for outcome in outcomes if outcome.state == LEFT_OUT]
    states = Counter(outcome.state for outcome in sources)
    return {
        **facts,
        "sources": len(sources),
        "states": {state: states[state] for state in STATES},
        "outcomes": [outcome.to_dict() for outcome in sources],
        "left_out": [{"path": each.source, "reason": " ".join(each.warnings)} for each in others],
    }


def summary(report: Report) -> str:
    """One line: how many sources, and how they ended."""
    number = report["sources"]
    told = [f"{n:,} {state}" for state, n in report["states"].items() if n or state == DONE]
    left = f" {len(report['left_out']):,} left out." if report["left_out"] else ""
    return f"{number:,} {'source' if number == 1 else 'sources'}: {', '.join(told)}.{left}"


def markdown(report: Report) -> str:
    """The report as a page."""
    rows = [HEAD, *map(_row, report["outcomes"])]
    parts = [f"# {report['expression']}", summary(report), table(rows, WORDS)]
    if report["left_out"]:
        left = [(each["path"], each["reason"]) for each in report["left_out"]]
        parts.append(table([("Left out", "Why"), *left], (0, 1)))
    parts.append(f"```\n{report['command']}\n```")
    return "\n\n".join(parts) + "\n"


def write(report: Report, folder: Path) -> tuple[list[Path], list[str]]:
    """Writes `report.json` and `report.md` into a folder, both or neither.

    Returns:
        Their paths, and warnings of what was kept: files of these names that no run wrote, or that
        were edited since.

    Raises:
        OutputError: They cannot be written.
    """
    values, page = folder / JSON, folder / PAGE
    warnings = []
    # What is kept has its one name again where the reports are not written after all.
    with (
        ExitStack() as copies,
        replacing(values) as partial_values,
        replacing(page) as partial_page,
        writing(folder),
    ):
        text = json.dumps(report, indent=1, ensure_ascii=False)
        partial_values.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
        partial_page.write_bytes(_page(report))
        for path in _foreign(values, page):
            copy = copies.enter_context(kept(path))
            warnings.append(f"{path} was edited, or was no report: it is kept as {copy.name}.")
    return [values, page], warnings


def _page(report: Report) -> bytes:
    return markdown(report).encode("utf-8", "backslashreplace")


def _foreign(values: Path, page: Path) -> list[Path]:
    """Which of them are there and not what a run wrote: a page says what the values say."""
    try:
        expected = _page(json.loads(values.read_bytes()))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return [path for path in (values, page) if path.is_file()]
    return [page] if page.is_file() and page.read_bytes() != expected else []


def _row(outcome: Mapping[str, Any]) -> list[str]:
    return [
        outcome["source"],
        outcome["state"],
        _number(outcome["polygons"], ",d"),
        _number(outcome["area_m2"], ",.1f"),
        _number(outcome["seconds"], ",.1f"),
        " ".join([outcome["error"], *outcome["warnings"]]),
    ]


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
