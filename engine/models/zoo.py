"""The models there are, a card each.

The plugin's cards are `resources/models/*.toml`; the user's own models have theirs beside them, in
`card.toml`. Such a model is an adapter on one of the others.
"""

from __future__ import annotations

import functools
import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from engine.errors import ModelError
from engine.models import folders
from engine.models.card import ADAPTER_FILES, OWN_CARD, ModelCard
from engine.models.limits import LARGEST_CARD, LONGEST_NAME, legible

TEXTS = re.compile(
    r'"""(?:\\.|[^\\])*?(?:"{3,5}|\Z)|"(?:\\.|[^"\\\n])*+"?'
    r"|'''.*?(?:'{3,5}|\Z)|'[^'\n]*+'?|#[^\n]*",
    re.DOTALL,
)
"""What TOML's dots do not count in."""

LONGEST_REASON = 500

MOST_DOTS = 200
"""In a line: `tomllib` needs minutes for a key of some ten thousand parts."""


def cards() -> list[ModelCard]:
    """All cards that can be read: the bundled model's first, the user's own last."""
    return [*given(), *(entry for entry in _own() if isinstance(entry, ModelCard))]


def given() -> list[ModelCard]:
    """The cards that come with the plugin, the bundled model's first."""
    return sorted(
        (_read(path) for path in folders.CARDS.glob("*.toml")),
        key=lambda card: (not card.bundled, card.id),
    )


def damaged() -> list[Damaged]:
    """The user's own models whose cards cannot be read, with the reasons."""
    return [entry for entry in _own() if isinstance(entry, Damaged)]


@dataclass(frozen=True)
class Damaged:
    """A folder among the user's models whose card is wrong.

    Attributes:
        id: The folder's name.
        reason: What is wrong, for people.
    """

    id: str
    reason: str


def card(model_id: str) -> ModelCard:
    """The card of a model.

    Raises:
        ModelError: There is no such model, or its card is damaged.
    """
    known = {entry.id: entry for entry in cards()}
    if model_id not in known:
        for entry in damaged():
            if entry.id == model_id:
                raise ModelError(entry.reason)
        raise ModelError(f"There is no model '{model_id}'. Known: {', '.join(known)}.")
    return known[model_id]


def read_own(path: Path, model_id: str = "") -> ModelCard:
    """The card of a user's own model, which may come from anywhere.

    Args:
        path: The file.
        model_id: What the model should be called; whatever it says if empty.

    Raises:
        ModelError: It cannot be read, makes no sense, or its base is none of this version's.
    """
    found = _read(path)
    bases = {entry.id: entry for entry in given()}
    base = bases.get(found.base.id) if found.base else None
    same = ("system", "configuration", "vocabulary")
    problems = {
        f"its id is '{found.id}', its folder's name '{legible(model_id, 80)}'": found.id
        != (model_id or found.id),
        f"the plugin has a model '{found.id}' of its own": found.id in bases,
        "its base is none of this version's models: "
        + (found.base.id if found.base else "none"): base is None,
        "it is of another kind than its base": base is not None
        and any(getattr(found, name) != getattr(base, name) for name in same),
        f"it must name {' and '.join(ADAPTER_FILES)} with their SHA-256": not _adapter_files(found),
        "its resolutions make no sense": found.finest >= found.coarsest,
        "its windows make no sense": not 2 * found.overlap <= found.window <= found.view,
    }
    for problem, holds in problems.items():
        if holds:
            raise ModelError(f"The model card {path} is damaged: {problem}.")
    return found


def _adapter_files(card: ModelCard) -> bool:
    return sorted(file.name for file in card.weights) == sorted(ADAPTER_FILES) and all(
        re.fullmatch("[0-9a-f]{64}", file.sha256) and not file.repository and not file.alternatives
        for file in card.weights
    )


def _own() -> Iterator[ModelCard | Damaged]:
    """The user's own models; a wrong one hides no other."""
    for path in sorted(folders.models_folder().glob(f"[!.]*/{OWN_CARD}")):
        try:
            yield read_own(path, path.parent.name)
        except ModelError as error:
            reason = f"{legible(str(error), LONGEST_REASON)} Delete this model, or import it again."
            yield Damaged(path.parent.name, reason)


def _read(path: Path) -> ModelCard:
    try:
        return _schema().validate_python(tomllib.loads(_text(path)))
    except ValidationError as cause:
        wrong = cause.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, wrong["loc"]))
        reason = f"{place}: {wrong['msg']}" if place else wrong["msg"]
    except (OSError, ValueError, RecursionError) as cause:
        reason = str(cause)
    raise ModelError(f"The model card {path} cannot be read: {legible(reason, LONGEST_NAME)}.")


@functools.cache
def _schema() -> TypeAdapter[ModelCard]:
    return TypeAdapter(ModelCard)


def _text(path: Path) -> str:
    """What stands in a card.

    Raises:
        ValueError: It is no text, or one that takes long to read.
    """
    content = _content(path) if path.is_file() else None
    if content is None or len(content) > LARGEST_CARD:
        raise ValueError(f"it is no file of up to {LARGEST_CARD:,} bytes")
    text = content.decode("utf-8-sig")
    if any(line.count(".") > MOST_DOTS for line in TEXTS.sub("", text).split("\n")):
        raise ValueError(f"a key has more than {MOST_DOTS} parts")
    return text


def _content(path: Path) -> bytes | None:
    """What a file holds, or the begin of it; None where it would have to be waited for.

    Its size is not asked: files of the system say that they have none, and may never end.
    """
    with open(path, "rb", opener=_at_once) as file:
        return file.read(LARGEST_CARD + 1)


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
