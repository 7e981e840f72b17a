"""Where cards and weights lie."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_path

CARDS = Path(__file__).resolve().parents[2] / "resources" / "models"
"""The cards that come with the plugin, and the bundled weights."""

MODELS_VARIABLE = "SEGMENT_BY_TEXT_MODELS"


def models_folder() -> Path:
    """Where downloaded and home-made models lie."""
    chosen = os.environ.get(MODELS_VARIABLE)
    return Path(chosen) if chosen else user_data_path("segment-by-text", appauthor=False) / "models"
