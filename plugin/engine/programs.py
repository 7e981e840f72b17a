"""Runs the programs that build the engine's environment, stops them, explains their failures.

Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess  # nosec B404  # running programs is what this file is for
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Callable, Optional

TAIL_LINES = 30

PIECE = 2**13
PIECES = 128
"""How many of them are kept of what a short program prints; it may be anything, without end."""

CLOSING_SECONDS = 5.0
"""How long the pipes of a program that has ended may take to close."""

ADVICE = {
    "A download is not the file it should be. Try again. If it happens again, something between "
    "this computer and the package index changes files: ask your network's administrator.": (
        "hash mismatch",
        "do not match the hashes",
    ),
    "The disk is full. Free 8 GB, or choose another folder.": (
        "os error 28)",
        "os error 112)",
        "no space left",
    ),
    "The proxy wants a name and a password. Enter them in QGIS's network settings.": (
        "407 proxy authentication",
        "proxy authorization required",
    ),
    "The connection's certificate is not trusted. Add the certificate of your organisation to the "
    "certificates of the system.": (
        "invalid peer certificate",
        "certificate_verify_failed",
    ),
    "There is no Python 3.11 or newer. Install one, and choose it in the plugin's settings.": (
        "no interpreter found",
    ),
    "The folder holds something else. Choose an empty one.": ("not a virtual environment",),
    "This Python cannot make virtual environments. On Debian and Ubuntu install the package "
    "python3-venv, or choose another Python.": ("ensurepip",),
    "The folder with the packages lacks some of them.": (
        "in the provided package locations",
        "no matching distribution",
        "were not found in the cache",
    ),
    "The package index cannot be reached. Check the network and QGIS's proxy settings, or choose a "
    "folder with the packages.": (
        "dns error",
        "error sending request",
        "failed to fetch",
        "failed to download",
        "failed to establish a new connection",
    ),
}
"""What to do, and the words of uv and pip that tell so. The first that fits counts."""


class EnvironmentFailure(Exception):
    """The engine's environment cannot be built. The message says why, and what to do."""


class BuildCancelled(EnvironmentFailure):
    """Building was cancelled; the next build goes on from there."""


@dataclass(frozen=True)
class Runner:
    """Runs programs.

    Attributes:
        environ: Their variables.
        progress: Called with every line a program prints.
        cancelled: Asked several times a second, from a thread of its own.
    """

    environ: dict[str, str]
    progress: Callable[[str], None] = print
    cancelled: Callable[[], bool] = lambda: False

    def run(self, *command: object) -> None:
        """Runs a program to its end.

        Raises:
            BuildCancelled: It was stopped.
            EnvironmentFailure: It failed.
        """
        if self.cancelled():
            raise BuildCancelled("Building the engine's environment was cancelled.")
        tail: deque[str] = deque(maxlen=TAIL_LINES)
        with self._start(command) as process:
            threading.Thread(target=self._stop_if_cancelled, args=(process,), daemon=True).start()
            try:
                for line in process.stdout or ():
                    tail.append(line.rstrip())
                    self.progress(line.rstrip())
                process.wait()
            finally:
                _kill(process)
        if self.cancelled():
            raise BuildCancelled("Building the engine's environment was cancelled.")
        if process.returncode != 0:
            raise EnvironmentFailure(explain("\n".join(tail)))

    def output(
        self, *command: object, seconds: Optional[float] = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs a short program and gives its exit code and what it printed.

        Args:
            command: The program and its arguments.
            seconds: How long it may take; None for as long as it likes.

        Raises:
            BuildCancelled: It was stopped.
            EnvironmentFailure: It cannot be started, or took too long.
        """
        with self._start(command, stderr=subprocess.PIPE) as process:
            threading.Thread(target=self._stop_if_cancelled, args=(process,), daemon=True).start()
            ends = [_End(stream) for stream in (process.stdout, process.stderr) if stream]
            try:
                process.wait(timeout=seconds)
            except subprocess.TimeoutExpired as cause:
                problem = f"{command[0]} did not answer within {seconds:.0f} seconds."
                raise EnvironmentFailure(problem) from cause
            finally:
                _kill(process)
                for end in ends:
                    end.join(CLOSING_SECONDS)
        if self.cancelled():
            raise BuildCancelled("Cancelled.")
        texts = (end.text for end in ends)
        return subprocess.CompletedProcess(process.args, process.returncode, *texts)

    def _start(
        self, command: Sequence[object], stderr: int = subprocess.STDOUT
    ) -> subprocess.Popen[str]:
        try:
            return subprocess.Popen(  # nosec B603  # no shell; the program is a Python or uv
                [str(part) for part in command],
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                encoding="utf-8",
                errors="replace",
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                start_new_session=sys.platform != "win32",
            )
        except OSError as cause:
            raise EnvironmentFailure(f"{command[0]} cannot be started: {cause}") from cause

    def _stop_if_cancelled(self, process: subprocess.Popen[str]) -> None:
        while process.poll() is None:
            if self.cancelled():
                _kill(process)
            time.sleep(0.1)


class _End(threading.Thread):
    """Reads all of a stream, and keeps the end of it."""

    def __init__(self, stream: IO[str]) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._pieces: deque[str] = deque(maxlen=PIECES)
        self.start()

    def run(self) -> None:
        """Reads until there is no more."""
        with contextlib.suppress(OSError, ValueError):  # closed meanwhile
            self._pieces.extend(iter(lambda: self._stream.read(PIECE), ""))

    @property
    def text(self) -> str:
        """What was read last."""
        return "".join(self._pieces)


def explain(output: str) -> str:
    """What to do about a program that failed, and what it printed last."""
    lower = output.lower()
    fitting = (advice for advice, words in ADVICE.items() if any(word in lower for word in words))
    return f"{next(fitting, 'The environment could not be built.')}\n{output}"


def _kill(process: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
