"""The figures as a Markdown table."""

from __future__ import annotations

from typing import Any

HEAD = ("what", "ours", "peer", "target", "met")
VERDICTS = {True: "yes", False: "**no**", None: ""}


def markdown(figures: dict[str, Any]) -> str:
    """A page of what `run` gathered."""
    machine, versions = figures["machine"], figures["versions"]
    lines = [
        f"# Benchmarks of {figures['date']}",
        "",
        f"{machine['processor']}, {machine['cores']} cores of which {figures['cores']} were used, "
        f"{machine['memory_gib']} GiB, {machine['system']}. Commit {figures['commit']}.",
        "",
        *(f"- {side}: {_listed(of)}" for side, of in versions.items()),
        "",
        *([QUICK, ""] if figures["quick"] else []),
        _line(HEAD),
        _line(["---"] * len(HEAD)),
    ]
    for found in figures["measurements"].values():
        lines += [_line(_cells(row)) for row in found["rows"]]
    loads = (found["load_before"] for found in figures["measurements"].values())
    lines += ["", f"Load of the machine before each measurement: {_joined(loads)}."]
    return "\n".join(lines) + "\n"


QUICK = "**A quick run**: small sizes, few rounds. It shows that everything runs, not how fast."


def _cells(row: dict[str, Any]) -> list[str]:
    return [row["what"], row["ours"], row["peer"], row["target"], VERDICTS[row["met"]]]


def _line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


def _listed(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _joined(values: Any) -> str:
    return ", ".join(str(value) for value in values)
