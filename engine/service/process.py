"""The engine's process as QGIS starts it: apart from QGIS's libraries, in a group of its own.

Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess  # nosec B404  # the engine is a process of its own
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from typing import BinaryIO, Optional, cast

from ..variables import OTHERS

TAIL_LINES = 200
"""How much of the standard error is remembered."""

LIBRARIES = ("CPL_", "DYLD_", "GDAL_", "LD_", "OGR_", "PROJ_", "QGIS_", "QML", "QT_")
PYTHONS = ("CONDA", "OSGEO4W", "PYTHON", "VIRTUAL_ENV", "__PYVENV")
"""How the variables begin that QGIS sets for its own libraries and its own Python."""

NETWORK = ("CPL_CURL", "CPL_VSIL_CURL", "GDAL_CURL", "GDAL_HTTP", "GDAL_PROXY", "PROJ_CURL")
"""How those of them begin that say how GDAL and PROJ reach the network."""


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of QGIS without what QGIS set for itself.

    Its libraries, data folders and Python must not reach the engine's own. PATH, HOME, proxies,
    certificates, CUDA_VISIBLE_DEVICES and everything else stay.
    """
    return {name: value for name, value in environ.items() if not _belongs_to_qgis(name.upper())}


def _belongs_to_qgis(name: str) -> bool:
    set_by_qgis = name.startswith(LIBRARIES + PYTHONS) and not name.startswith(NETWORK)
    return set_by_qgis or name in OTHERS


class EngineProcess:
    """A running process.

    Attributes:
        input: Its standard input.
        output: Its standard output.

    Raises:
        OSError: It cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Optional[Mapping[str, str]],
        cwd: Optional[os.PathLike[str]],
    ) -> None:
        self._popen = subprocess.Popen(  # nosec B603  # no shell; the command comes from the settings
            [os.fspath(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=None if environment is None else dict(environment),
            cwd=cwd,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            start_new_session=sys.platform != "win32",
        )
        self.input = cast(BinaryIO, self._popen.stdin)
        self.output = cast(BinaryIO, self._popen.stdout)
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._listener = threading.Thread(target=self._listen, name="engine-stderr", daemon=True)
        self._listener.start()

    @property
    def ended(self) -> bool:
        """Whether the end has come, as far as whoever waits for it knows."""
        return self._popen.returncode is not None

    def wait(self, seconds: Optional[float] = None) -> bool:
        """Waits for the end, for `seconds` or for ever; returns whether it has come."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(seconds)
        return self.ended

    def kill(self) -> None:
        """Ends the process and what it started, at once."""
        if sys.platform == "win32":
            if self._popen.poll() is not None:
                return
            taskkill = os.path.join(os.environ["SYSTEMROOT"], "System32", "taskkill.exe")
            subprocess.run(  # nosec B603  # no shell, fixed program
                [taskkill, "/F", "/T", "/PID", str(self._popen.pid)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                creationflags=subprocess.CREATE_NO_WINDOW,
                check=False,
            )
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._popen.pid, signal.SIGKILL)

    def ending(self, seconds: float) -> str:
        """How the process ended, and what it last wrote to standard error.

        Args:
            seconds: How long to wait for the rest of its standard error.
        """
        self._listener.join(seconds)
        return f"{_how(self._popen.returncode)}.{self.last_words()}"

    def last_words(self) -> str:
        """What the process last wrote to standard error, as the end of a message."""
        return "\n".join(["", "Its last words:", *self._tail]) if self._tail else ""

    def _listen(self) -> None:
        with cast(BinaryIO, self._popen.stderr) as stream:
            for line in iter(lambda: stream.readline(500), b""):
                self._tail.append(line.decode("utf-8", "replace").rstrip())


def _how(code: int) -> str:
    if code == -9:
        return "killed by signal 9, as when the computer runs out of memory"
    if code < 0:
        return f"killed by signal {-code} ({signal.strsignal(-code)})"
    return f"exit code {code:#x}" if code > 255 else f"exit code {code}"
