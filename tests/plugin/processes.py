"""The engines this process has started, as the system knows them."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def engines(program: str = "") -> set[int]:
    """The process ids of the children that serve, in this Python alone if one is named."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rsplit(")", 1)[1].split()[1])
            command = (status.parent / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it ended meanwhile
        wanted = not program or program.encode() in command
        if parent == os.getpid() and b"serve" in command and wanted:
            found.add(int(status.parent.name))
    return found


def kill_engine(program: str) -> None:
    """Kills the engine that runs in this Python."""
    (process,) = engines(program)
    os.kill(process, signal.SIGKILL)
