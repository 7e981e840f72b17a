"""Cards that a stranger wrote, in the real engine and the real dialog: shown, or damaged."""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QMessageBox
from segment_by_text.plugin.engine.process import Engine, interpreter
from segment_by_text.plugin.models.dialog import ModelsDialog
from segment_by_text.plugin.settings import Settings

from tests.plugin.waiting import until

ROOT = Path(__file__).resolve().parents[3]
BASE = "rsrefseg2-compact"
ENGINES_PYTHON = """
import datetime, json, sys, tomli_w
from pathlib import Path
for name, card in json.load(sys.stdin).items():
    def said(value):
        if isinstance(value, dict):
            return {key: said(each) for key, each in value.items()}
        if isinstance(value, list):
            return [said(each) for each in value]
        return datetime.date(2026, 1, 2) if value == "a date" else value
    folder = Path(sys.argv[1], name)
    folder.mkdir(parents=True)
    (folder / "card.toml").write_text(tomli_w.dumps(said(card)), "utf-8")
"""

LETTERS = (
    "x",
    "W",
    " a",
    "\u6c60",
    "e\u0301\u0302\u0303",
    "&<b>",
    "a\u200d",
    "\U0001f3ca",
    "\u0634",
)
STRANGE = [
    "a date",
    float("nan"),
    float("inf"),
    -1,
    2**62,
    1e300,
    "",
    "a\nb",
    "\u202eb",
    [],
    {},
    True,
]


def longest(most: int, letter: str = "x") -> str:
    """As many bytes as so many letters of ours have."""
    return (letter * most)[:most]


def card(letter: str = "x", size: int = 0) -> dict:
    """A card as the engine takes it; of the largest sizes, where one is given."""
    names = [f"{number}{longest(size, letter)}"[:300] for number in range(200 if size else 1)]
    row = {"n": 2**40, "before": 0.25, "after": 1.0}
    return {
        "title": longest(100 if size else 5, letter),
        "system": "rsrefseg2",
        "configuration": "compact",
        "languages": [longest(64 if size else 2, letter)] * (64 if size else 1),
        "vocabulary": "vhr10",
        "finest": 0.08,
        "coarsest": 2.0,
        "view": 1280,
        "window": 768,
        "overlap": 192,
        "licence": longest(4000 if size else 9, letter),
        "about": longest(1000 if size else 9, letter),
        "weights": [
            {"name": name, "sha256": "0" * 64, "bytes": 2**40}
            for name in ("adapter_model.safetensors", "adapter_config.json")
        ],
        "metrics": {
            "mIoU after": 0.5,
            **{f"{number}": longest(1000 if size else 3, letter) for number in range(10)},
            "expressions": dict.fromkeys([name[:90] for name in names], row),
        },
        "taught": [name[:100] for name in names],
        "base": {"id": BASE, "sha256": "0" * 64},
        "data": {"train": 3},
    }


def changed(rng: random.Random, value: object) -> object:
    """The same with one thing in it replaced by a strange one."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        name = rng.choice(sorted(value))
        return {**value, name: changed(rng, value[name])}
    if isinstance(value, list) and value and rng.random() < 0.6:
        return [changed(rng, value[0]), *value[1:]]
    return rng.choice([*STRANGE, rng.choice(LETTERS) * rng.randrange(400)])


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict]:
    """Cards among the user's models, by their ids."""
    rng = random.Random(7)
    cards = {f"large-{number}": card(letter, 300) for number, letter in enumerate(LETTERS)}
    for number in range(60):
        whole = card(rng.choice(LETTERS))
        name = rng.choice(sorted(whole))
        cards[f"odd-{number}"] = {**whole, name: changed(rng, whole[name])}
    told = {name: {**each, "id": name} for name, each in cards.items()}
    folder = tmp_path / "models"
    monkeypatch.setenv("SEGMENT_BY_TEXT_MODELS", str(folder))
    subprocess.run(
        [str(interpreter(Settings())), "-c", ENGINES_PYTHON, str(folder)],
        input=json.dumps(told).encode(),
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": ""},
    )
    return told


@pytest.fixture
def dialog(models: dict, open_dock) -> Iterator[ModelsDialog]:
    engine = Engine(Settings())  # one of its own, which sees the folder
    dialog = ModelsDialog(open_dock(engine).session)
    dialog.show()
    yield dialog
    dialog.close()
    dialog.deleteLater()
    engine.close()


def test_every_card_is_shown_or_is_damaged_and_can_be_deleted(
    models: dict, dialog: ModelsDialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, damaged = set(), set()
    for row in range(dialog.names.count()):
        dialog.names.setCurrentRow(row)
        QTest.qWait(1)
        shown = dialog.card
        (damaged if "damaged" in shown else whole).add(shown["id"])
        text = dialog.text.toPlainText()
        assert shown["title"].split()[0] in text
        assert len(text) < 100_000
        assert dialog.remove.isEnabled() == (shown["id"] in models)
        assert dialog.give.isEnabled() == (shown["id"] in models and "damaged" not in shown)
    assert whole | damaged >= set(models)
    assert len([name for name in whole if name.startswith("large")]) == len(LETTERS)
    assert len([name for name in damaged if name.startswith("odd")]) > 9
    monkeypatch.setattr(QMessageBox, "exec", lambda _: QMessageBox.StandardButton.Yes)
    QTest.mouseClick(dialog.remove, Qt.MouseButton.LeftButton)
    deleted = dialog.card["id"]
    assert deleted in damaged
    until(lambda: deleted not in {each["id"] for each in dialog._session.damaged})
