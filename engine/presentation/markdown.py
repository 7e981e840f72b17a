"""Markdown tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence

Table = Sequence[Sequence[str]]


def table(rows: Table, words: Collection[int] = (0,)) -> str:
    """A table, its head first: columns of words at the left, the others, numbers, at the right."""
    head, *rest = ([_escaped(cell) for cell in row] for row in rows)
    rule = ["---" if column in words else "---:" for column in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rest))


def _escaped(cell: str) -> str:
    return " ".join(cell.replace("\\", "\\\\").replace("|", "\\|").split())
