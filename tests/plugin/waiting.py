"""Letting QGIS work until something is true."""

from __future__ import annotations

from collections.abc import Callable

from qgis.PyQt.QtTest import QTest

STEP = 20
"""Milliseconds."""


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Returns once `condition` holds; fails when it never does."""
    for _ in range(int(1000 * seconds / STEP)):
        if condition():
            return
        QTest.qWait(STEP)
    raise AssertionError("it never happened")
