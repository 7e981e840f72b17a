"""What is remembered between sessions."""

from __future__ import annotations

import pytest
from qgis.core import QgsSettings
from segment_by_text.plugin.settings import HISTORY_LENGTH, Settings


def test_history_has_every_expression_once_latest_first() -> None:
    settings = Settings()
    for text in ("tank", "airplane", "tank"):
        settings.remember(text)
    assert settings.history == ["tank", "airplane"]


def test_history_does_not_grow_for_ever() -> None:
    settings = Settings()
    for number in range(2 * HISTORY_LENGTH):
        settings.remember(f"tank {number}")
    assert len(settings.history) == HISTORY_LENGTH
    assert settings.history[0] == f"tank {2 * HISTORY_LENGTH - 1}"


@pytest.mark.parametrize(("stored", "read"), [(0, 1), (-5, 1), (101, 100), (37, 37)])
def test_threshold_is_always_one_the_slider_can_show(stored: int, read: int) -> None:
    QgsSettings().setValue("segment_by_text/threshold", stored)
    assert Settings().threshold == read


@pytest.mark.parametrize(
    "name", ["model", "outputs", "device", "results_folder", "training_folder", "interpreter"]
)
def test_choice_is_read_as_it_was_written(name: str) -> None:
    setattr(Settings(), name, "wörd/with space")
    assert getattr(Settings(), name) == "wörd/with space"
