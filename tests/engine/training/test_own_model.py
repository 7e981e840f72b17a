"""What is taught becomes a card that keeps to its own limits, whatever it was taught with."""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.models import limits, zoo
from engine.models.card import ADAPTER_FILES, OWN_CARD, ModelCard
from engine.models.folders import MODELS_VARIABLE
from engine.systems.adapter_config import AdapterConfig
from engine.training import own_model
from engine.training.config import said

BASE = "rsrefseg2-compact"
MEASURED = {"n": 1.0, "mIoU": 0.5}
FILES = [{"name": name, "sha256": "0" * 64, "bytes": 1} for name in ADAPTER_FILES]


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path))
    return tmp_path


def published(
    models: Path, texts: dict[str, str], names: list[str], start: ModelCard | None = None
) -> ModelCard:
    """The card of a model of these texts that was taught these names, as it is read again."""
    config = AdapterConfig(BASE, texts.pop("id", "mine"), **texts)
    task: Any = SimpleNamespace(base=zoo.card(BASE), base_sha256="0" * 64, start=start)
    facts = {"source": f"jsonl: {''.join(names)}", "train": len(names), "val": 1}
    data: Any = SimpleNamespace(taught=tuple(names), facts=facts)
    measured = dict.fromkeys(names, MEASURED)
    metrics = own_model._compared(measured, measured)
    card = own_model._card(config, task, data, FILES, metrics)
    (models / config.id).mkdir(exist_ok=True)
    (models / config.id / OWN_CARD).write_text(tomli_w.dumps(said(card)), "utf-8")
    return zoo.read_own(models / config.id / OWN_CARD, config.id)


texts = st.text(st.characters(), max_size=40)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=texts, about=texts, licence=texts, names=st.lists(texts, max_size=5, unique=True))
def test_any_texts_and_names_become_a_card(
    models: Path, title: str, about: str, licence: str, names: list[str]
) -> None:
    card = published(models, {"title": title, "about": about, "licence": licence}, names)
    assert card.title == (limits.legible(title, 100) or "mine")
    assert set(card.metrics.get("expressions", {})) == set(card.taught)


@pytest.mark.parametrize("letter", ["x", "\u6c60", "\U0001f3ca", "\u202e"])
def test_the_longest_texts_and_most_names_become_a_card(models: Path, letter: str) -> None:
    long = letter * 5000
    names = [f"{number} {letter * 400}" for number in range(2000)]
    card = published(models, {"title": long, "about": long, "licence": long}, names)
    assert (models / card.id / OWN_CARD).stat().st_size < limits.LARGEST_CARD
    assert len(card.taught) > 50


def test_a_model_that_is_taught_further_for_ever_keeps_a_card(models: Path) -> None:
    card = None
    for number in range(40):
        terms = f"Terms of data set {number} {'x' * 200}"
        texts = {"id": f"model-{number}", "licence": terms}
        card = published(models, texts, [f"name {number}"], card)
    assert card is not None
    assert card.taught[0] == "name 39"
    assert card.data["start"]["data"]["start"]["id"] == "model-37"
    assert len(card.licence) <= limits.LONGEST_TERMS


def test_a_strangers_model_that_is_taught_further_leaves_its_excess_behind(models: Path) -> None:
    deep: dict[str, Any] = {}
    for _ in range(60):
        deep = {"start": deep, "excess": ["x" * 900]}
    first = published(models, {"id": "first"}, ["pond"])
    told = {"start": {"id": 5, "data": deep}, "source": "x" * 1000}
    path = models / first.id / OWN_CARD
    strange = {**tomllib.loads(path.read_text("utf-8")), "data": told}
    path.write_text(tomli_w.dumps(strange), "utf-8")
    card = published(models, {"id": "second"}, ["lake"], zoo.card("first"))
    assert card.taught == ("lake", "pond")
    assert (models / "second" / OWN_CARD).stat().st_size < 20_000
