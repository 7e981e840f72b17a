"""Building the engine's Python as a QgsTask."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Optional
from urllib.parse import quote

from qgis.core import QgsNetworkAccessManager, QgsTask
from qgis.PyQt.QtCore import QCoreApplication, pyqtSignal
from qgis.PyQt.QtNetwork import QNetworkProxy

from ...engine.service.client import clean_environment
from ..text.verbatim import inert
from . import environment
from .programs import EnvironmentFailure

translate = QCoreApplication.translate


class PythonTask(QgsTask):
    """Something with the engine's Python, in a background thread.

    Signals:
        progressed: A line about what is happening.
        ready: The interpreter is there and can run the engine.
        failed: Why it is not, for the analyst.
        stopped: It is not because the analyst cancelled.
    """

    progressed = pyqtSignal(str)
    ready = pyqtSignal()
    failed = pyqtSignal(str)
    stopped = pyqtSignal()

    def __init__(self, description: str, place: Path) -> None:
        super().__init__(inert(description))
        self._place = place
        self._environ = {**clean_environment(os.environ), **proxy_variables()}
        self._problem: Optional[str] = None

    def run(self) -> bool:
        """Works and checks; QGIS calls it in a thread of its own."""
        try:
            self._problem = self._work() or None
        except EnvironmentFailure as cause:
            self._problem = str(cause)
        return self._problem is None

    def finished(self, succeeded: bool) -> None:
        """Tells how it ended; QGIS calls it in the main thread."""
        if self.isCanceled():
            self.stopped.emit()
        elif succeeded:
            self.ready.emit()
        else:
            self.failed.emit(
                self._problem
                or translate(
                    "Installation",
                    "The installation failed; the log messages panel has the details.",
                )
            )

    def _work(self) -> str:
        """Does it, and gives what is wrong with the Python; nothing where it can be used."""
        raise NotImplementedError

    def _check(self, python: Path) -> str:
        return environment.check(python, environ=self._environ, cancelled=self.isCanceled).problem


class CheckTask(PythonTask):
    """Finds out whether a Python can run the engine."""

    def __init__(self, python: Path) -> None:
        super().__init__(translate("Installation", "Looking at {}").format(python), python)

    def _work(self) -> str:
        return self._check(self._place)


class InstallTask(PythonTask):
    """Builds the engine's Python into `venv`."""

    def __init__(self, venv: Path) -> None:
        super().__init__(
            translate("Installation", "Installing the engine of Segment by Text"), venv
        )

    def _work(self) -> str:
        problem = self._check(self._build())
        # What was complete once may have lost files since.
        return problem and self._check(self._build(again=True))

    def _build(self, again: bool = False) -> Path:
        return environment.build(
            self._place,
            environ=self._environ,
            progress=self.progressed.emit,
            cancelled=self.isCanceled,
            again=again,
        )


def proxy_variables() -> dict[str, str]:
    """QGIS's proxy as the variables other programs read."""
    proxy = QgsNetworkAccessManager.instance().fallbackProxy()
    kinds = {
        QNetworkProxy.ProxyType.HttpProxy: "http",
        QNetworkProxy.ProxyType.HttpCachingProxy: "http",
        QNetworkProxy.ProxyType.Socks5Proxy: "socks5",
    }
    kind = kinds.get(proxy.type())
    if kind is None or not proxy.hostName():
        return {}
    user = quote(proxy.user(), safe="")
    password = quote(proxy.password(), safe="")
    login = f"{user}:{password}@" if user else ""
    url = f"{kind}://{login}{proxy.hostName()}:{proxy.port()}"
    return {"HTTP_PROXY": url, "HTTPS_PROXY": url, "ALL_PROXY": url}
