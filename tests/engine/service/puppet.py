"""A process that says what a test has it say: for answers that no engine should give."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterable

import pytest

from engine.service import client as client_module
from engine.service.client import EngineClient


class Puppet:
    """Stands in for an EngineProcess; it ends when its last line is said, or when it is killed."""

    def __init__(self) -> None:
        self.input = io.BytesIO()
        reading, writing = os.pipe()
        self.output = os.fdopen(reading, "rb")
        self._mouth = os.fdopen(writing, "wb")
        self._over = threading.Event()

    def say(self, lines: Iterable[bytes]) -> None:
        self._mouth.writelines(lines)
        self._mouth.flush()

    def end(self) -> None:
        """Says nothing more, and ends."""
        self._mouth.close()
        self._over.set()

    @property
    def ended(self) -> bool:
        return self._over.is_set()

    def wait(self, seconds: float | None = None) -> bool:
        return self._over.wait(seconds)

    def kill(self) -> None:
        if not self.ended:
            self.end()

    def ending(self, seconds: float) -> str:
        return "it ended"

    def last_words(self) -> str:
        return ""


def puppet(monkeypatch: pytest.MonkeyPatch, log: list[str]) -> tuple[EngineClient, Puppet]:
    """A client of a puppet, and the puppet."""
    process = Puppet()
    monkeypatch.setattr(client_module, "EngineProcess", lambda *_: process)
    client = EngineClient(["puppet"], on_log=lambda level, message: log.append(message))
    client._launch()
    return client, process
