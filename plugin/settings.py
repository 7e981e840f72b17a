"""What the plugin remembers between sessions of QGIS."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsSettings

from .paths import PLUGIN

HISTORY_LENGTH = 30
DEFAULT_MODEL = "rsrefseg2-compact"


class Settings:
    """The plugin's keys in QGIS's settings, with their types and defaults."""

    def _get(self, key: str, default: Any, kind: type) -> Any:
        return QgsSettings().value(f"{PLUGIN}/{key}", default, type=kind)

    def _set(self, key: str, value: Any) -> None:
        QgsSettings().setValue(f"{PLUGIN}/{key}", value)

    @property
    def history(self) -> list[str]:
        """The expressions used before, latest first."""
        return [text for text in self._get("history", [], list) if isinstance(text, str) and text]

    def remember(self, expression: str) -> None:
        """Puts `expression` first in the history, once."""
        others = [text for text in self.history if text != expression]
        self._set("history", [expression, *others][:HISTORY_LENGTH])

    @property
    def model(self) -> str:
        """The id of the model used last; empty before the first run."""
        return self._get("model", "", str)

    @model.setter
    def model(self, value: str) -> None:
        self._set("model", value)

    @property
    def threshold(self) -> int:
        """The threshold in percent."""
        return min(100, max(1, self._get("threshold", 50, int)))

    @threshold.setter
    def threshold(self, value: int) -> None:
        self._set("threshold", value)

    @property
    def outputs(self) -> str:
        """Which layers a run adds: `polygons`, `mask` or `both`."""
        return self._get("outputs", "both", str)

    @outputs.setter
    def outputs(self, value: str) -> None:
        self._set("outputs", value)

    @property
    def device(self) -> str:
        """Where the model runs: `auto`, `cpu` or `cuda`."""
        return self._get("device", "auto", str)

    @device.setter
    def device(self, value: str) -> None:
        self._set("device", value)

    @property
    def results_folder(self) -> str:
        """Where results are kept; empty means beside the project, or in the user's profile."""
        return self._get("results_folder", "", str)

    @results_folder.setter
    def results_folder(self, value: str) -> None:
        self._set("results_folder", value)

    @property
    def training_folder(self) -> str:
        """Where trainings and corrections are kept; empty means in the user's profile."""
        return self._get("training_folder", "", str)

    @training_folder.setter
    def training_folder(self, value: str) -> None:
        self._set("training_folder", value)

    @property
    def interpreter(self) -> str:
        """A Python that has the engine's requirements; empty means the plugin's own."""
        return self._get("interpreter", "", str)

    @interpreter.setter
    def interpreter(self, value: str) -> None:
        self._set("interpreter", value)
