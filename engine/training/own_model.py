"""From a trained adapter to a model of the user's own: its folder, with PEFT's files and a card."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import tomli_w
import torch
from torch import Tensor, nn

from engine.data.scenes.views import View
from engine.errors import InputError
from engine.files.atomic import replacing
from engine.files.boundary import make_folder, writing
from engine.models import zoo
from engine.models.card import ADAPTER_FILES, OWN_CARD, Base, ModelCard
from engine.models.folders import models_folder
from engine.models.integrity import sha256
from engine.models.limits import (
    LONGEST_NAME,
    LONGEST_TERMS,
    LONGEST_TEXT,
    LONGEST_TITLE,
    MOST_NAMES,
    MOST_ROWS,
    first_of,
    legible,
)
from engine.systems.adapter_config import AdapterConfig
from engine.systems.task import AdapterTask
from engine.training.config import said
from engine.training.data import TrainingData
from engine.training.validation import validate_expressions

BEFORE = "before.json"
FACTS = ("source", "split", "train", "val", "rehearsed")
"""What a card tells of the data that a model was taught with."""

MOST_ORIGINS = 16
"""Models that a card says it came from, one from the other."""

NAMED = 5
"""Names that a sentence about a model tells."""

Metrics = dict[str, dict[str, float]]


def check_free(model_id: str) -> None:
    """That a model may be called so.

    Raises:
        InputError: There is such a model already.
    """
    known = {card.id for card in zoo.cards()}
    if model_id in known or (models_folder() / model_id).exists():
        raise InputError(f"There is a model '{model_id}' already. Delete it, or choose another id.")


def measure(task: AdapterTask, network: nn.Module, views: Sequence[View]) -> Metrics:
    """What a network makes of each sentence of the validation views."""
    network.eval()
    return validate_expressions(lambda *asked: task.predict(network, *asked), views)


def measured_before(
    folder: Path, task: AdapterTask, device: torch.device, views: Sequence[View]
) -> Metrics:
    """What the model made of them before it was taught, measured once for a run's folder.

    Raises:
        OutputError: The folder cannot be written.
    """
    path = folder / BEFORE
    start = "" if task.start is None else "".join(file.sha256 for file in task.start.weights)
    key = {"weights": task.base_sha256 + start, "views": len(views)}
    with suppress(OSError, ValueError):
        told = json.loads(path.read_text("utf-8"))
        if told["key"] == key:
            metrics: Metrics = told["metrics"]
            return metrics
    metrics = measure(task, task.network.to(device), views)
    with replacing(make_folder(folder) / BEFORE) as partial, writing(path):
        partial.write_text(json.dumps({"key": key, "metrics": metrics}), encoding="utf-8")
    return metrics


def publish(
    config: AdapterConfig,
    task: AdapterTask,
    data: TrainingData,
    before: Metrics,
    state: Mapping[str, Tensor],
) -> Path:
    """Puts the trained adapter among the user's models, whole or not at all.

    What is measured is the network with the adapter that was written.

    Args:
        config: What it is called.
        task: A fresh task: the base, with an adapter that was not taught yet.
        data: What it was taught with and is judged by.
        before: The base's metrics.
        state: The trained network's.

    Returns:
        Its folder.

    Raises:
        InputError: There is such a model already.
        ModelError: What was trained does not fit the base.
        OutputError: The folder cannot be written.
    """
    check_free(config.id)
    folder = make_folder(models_folder()) / config.id
    with replacing(folder) as partial:
        with writing(folder):
            partial.mkdir()
            task.export(dict(state), partial)
        task.load(task.network, partial)
        after = measure(task, task.network, data.views)
        kept = measure(task, task.network, data.known)
        metrics = {**_compared(before, after), **_kept(kept)}
        card = _card(config, task, data, _files(partial), metrics)
        with writing(folder):
            (partial / OWN_CARD).write_text(tomli_w.dumps(said(card)), encoding="utf-8")
        zoo.read_own(partial / OWN_CARD, config.id)
    return folder


def _about(base: ModelCard, taught: Sequence[str]) -> str:
    more = len(taught) - NAMED
    words = ", ".join(taught[:NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{base.title}, taught {words}." if words else f"{base.title}, taught further."


def _files(folder: Path) -> list[dict[str, Any]]:
    return [
        {"name": name, "sha256": sha256(folder / name), "bytes": (folder / name).stat().st_size}
        for name in ADAPTER_FILES
    ]


def _compared(before: Metrics, after: Metrics) -> dict[str, Any]:
    """By sentence, the most frequent first, and over all of them; empty if nothing was held out."""
    if not after:
        return {}
    frequent = sorted(after, key=lambda text: (-after[text]["n"], text))
    told = {legible(text, LONGEST_NAME): text for text in reversed(frequent)}
    return {
        "n": _count(after),
        "mIoU before": _mean({text: before[text] for text in after}),
        "mIoU after": _mean(after),
        "expressions": {
            name: {
                "n": int(after[told[name]]["n"]),
                "before": round(before[told[name]]["mIoU"], 4),
                "after": round(after[told[name]]["mIoU"], 4),
            }
            for name in first_of(frequent, MOST_ROWS)
        },
    }


def _kept(metrics: Metrics) -> dict[str, Any]:
    """How far the answers about what the base knew are still its own; empty if none were asked."""
    return {"n known": _count(metrics), "mIoU known": _mean(metrics)} if metrics else {}


def _count(metrics: Metrics) -> int:
    return int(sum(each["n"] for each in metrics.values()))


def _mean(metrics: Metrics) -> float:
    """The mIoU over all samples."""
    total = sum(each["mIoU"] * each["n"] for each in metrics.values())
    return round(total / _count(metrics), 4)


def _card(
    config: AdapterConfig,
    task: AdapterTask,
    data: TrainingData,
    files: list[dict[str, Any]],
    metrics: dict[str, Any],
) -> dict[str, Any]:
    known = task.base if task.start is None else task.start
    terms = dict.fromkeys(filter(None, (*known.licence.split("; "), config.licence)))
    facts: dict[str, Any] = {**_short(data.facts, FACTS), "scope": config.scope}
    if task.start is not None:
        facts["scope"] = task.start.data.get("scope", config.scope)
        facts["start"] = _origin(task.start)
    inherited = asdict(
        replace(
            known,
            id=config.id,
            title=legible(config.title, LONGEST_TITLE) or config.id,
            licence=legible("; ".join(terms), LONGEST_TERMS),
            about=legible(config.about or _about(known, data.taught), LONGEST_TEXT),
            weights=(),
            metrics=metrics,
            taught=tuple(first_of((*data.taught, *known.taught), MOST_NAMES)),
            base=Base(task.base.id, task.base_sha256),
            data=facts,
        )
    )
    return {**inherited, "weights": files}


def _origin(card: ModelCard) -> dict[str, Any]:
    """The model that was taught further, and what that one was."""
    return {
        "id": card.id,
        "title": card.title,
        "sha256": {file.name: file.sha256 for file in card.weights},
        "data": _recent(card.data),
    }


def _recent(data: Mapping[str, Any], models: int = MOST_ORIGINS) -> dict[str, Any]:
    """What a card told of its data and of so many models before it, as large as it may get."""
    told = _short(data, (*FACTS, "scope"))
    start = data.get("start")
    if models and isinstance(start, dict) and isinstance(start.get("data"), dict):
        told["start"] = {
            **_short(start, ("id", "title")),
            "sha256": _short(start.get("sha256"), ADAPTER_FILES),
            "data": _recent(start["data"], models - 1),
        }
    return told


def _short(table: object, names: Sequence[str]) -> dict[str, Any]:
    """The texts, shortened, and the numbers that a table has under these names."""
    found = table if isinstance(table, Mapping) else {}
    return {
        name: legible(found[name], LONGEST_TITLE) if isinstance(found[name], str) else found[name]
        for name in names
        if isinstance(found.get(name), str | int)
    }
