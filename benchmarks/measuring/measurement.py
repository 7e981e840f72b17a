"""What a measurement is given, and what it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measuring.child import ROOT, call

ENGINE_PYTHON = ROOT / ".venv/bin/python"
PEERS_PYTHON = ROOT / ".venv-peers/bin/python"


@dataclass(frozen=True)
class Setting:
    """How to measure.

    Attributes:
        folder: Where rasters and outputs lie.
        quick: Small sizes and few rounds: proves that it runs, says little.
        cores: The cores that every subject may use.
    """

    folder: Path
    quick: bool
    cores: tuple[int, ...]

    def ours(self, function: str, **arguments: Any) -> Any:
        """Calls a function of `benchmarks.subjects.engine`."""
        return self.engine("benchmarks.subjects.engine", function, **arguments)

    def engine(self, module: str, function: str, **arguments: Any) -> Any:
        """Calls any function in the engine's environment."""
        return call(ENGINE_PYTHON, self.cores, module, function, **arguments)

    def peer(self, name: str, function: str, tuned: bool = True, **arguments: Any) -> Any:
        """Calls a function of `benchmarks.subjects.NAME` in the peers' environment."""
        module = f"benchmarks.subjects.{name}"
        return call(PEERS_PYTHON, self.cores, module, function, tuned, **arguments)


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        what: What was measured.
        ours: The engine's figure, with its unit.
        peer: The peer's, with its name; empty where there is none.
        target: What was promised; empty where nothing was.
        met: Whether it was kept; None where nothing was promised, or the sizes were small.
    """

    what: str
    ours: str
    peer: str = ""
    target: str = ""
    met: bool | None = None


@dataclass(frozen=True)
class Measurement:
    """What came out: the lines of the table, and all that was measured."""

    rows: tuple[Row, ...]
    details: dict[str, Any]


Measure = Callable[[Setting], Measurement]
