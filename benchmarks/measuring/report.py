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
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, "
        f"{machine['system']}.",
        "",
        *(f"- {side}: {_listed(of)}" for side, of in versions.items()),
        "",
        *([QUICK, ""] if figures["quick"] else []),
        _line(HEAD),
        _line(["---"] * len(HEAD)),
    ]
    for found in figures["measurements"].values():
        lines += [_line(_cells(row)) for row in found["rows"]]
    lines += ["", "Measured:", ""]
    for name, found in figures["measurements"].items():
        lines.append(
            f"- {name}: {found['date']}, commit {found['commit']}, {found['cores']} cores, load "
            f"before {found['load_before']}, took {found['seconds']} s"
        )
    return "\n".join(lines) + "\n"


QUICK = "**A quick run**: small sizes, few rounds. It shows that everything runs, not how fast."


def _cells(row: dict[str, Any]) -> list[str]:
    return [row["what"], row["ours"], row["peer"], row["target"], VERDICTS[row["met"]]]


def _line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


def _listed(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())
