"""What Dask workers load first in the tests: their models mean what is painted."""

from __future__ import annotations

from engine import zoo
from tests.engine.painting import Oracle


def dask_setup(worker: object) -> None:
    zoo.load = lambda model, device: Oracle()
