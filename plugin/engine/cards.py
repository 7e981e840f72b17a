"""Model cards and the engine's facts in words."""

from __future__ import annotations

from html import escape
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication

translate = QCoreApplication.translate

Card = dict[str, Any]

MOST = 12
"""Names in a sentence about what a model knows."""

LONGEST = 60
"""Letters of a name in such a sentence."""

ALL = 500
"""Names on the page of a model."""


def knowledge(card: Card, most: int = MOST) -> str:
    """What the model can find, in one sentence that lists so many names at most."""
    if card["categories"] is None:
        return translate("Cards", "Open vocabulary: describe anything.")
    # What it was taught comes first: that is what it was made for.
    names = dict.fromkeys([*card.get("taught", ()), *card["categories"]])
    return translate("Cards", "Knows: {}").format(listed(list(names), most))


def listed(names: list[str], most: int) -> str:
    """Names in a line, so many of them at most."""
    names = [name if len(name) <= LONGEST else f"{name[:LONGEST]}…" for name in names]
    left_out = len(names) - most
    if left_out <= 1:
        return ", ".join(names)
    shown = ", ".join(names[:most])
    return translate("Cards", "{} and {:,} more").format(shown, left_out)


def sentences(card: Card, most: int = MOST) -> list[str]:
    """What an analyst should know before choosing the model."""
    texts = [
        card["about"],
        knowledge(card, most),
        translate("Cards", "Ground resolution: {:g} to {:g} m per pixel").format(
            card["finest"], card["coarsest"]
        ),
        translate("Cards", "Languages: {}").format(", ".join(card["languages"])),
        translate("Cards", "Licence: {}").format(card["licence"]),
    ]
    if not card["installed"]:
        texts.append(
            translate("Cards", "Its weights are not on this computer. Put {} into {}.").format(
                ", ".join(file["name"] for file in card["weights"]), card["folder"]
            )
        )
    return [text for text in texts if text]


def tooltip(card: Card) -> str:
    """The card as rich text for a tooltip."""
    body = "<br>".join(escape(text) for text in sentences(card))
    return f"<p><b>{escape(card['title'])}</b><br>{body}</p>"


def damage(model: Card) -> str:
    """What is wrong with a damaged model, as rich text for reading."""
    told = translate("Cards", "This model is damaged, and is not offered anywhere.")
    texts = "".join(f"<p>{escape(text)}</p>" for text in (told, model["damaged"]))
    return f"<h3>{escape(model['title'])}</h3>{texts}"


def page(card: Card) -> str:
    """The card as rich text for reading, with its files and what was measured."""
    body = "".join(f"<p>{escape(text)}</p>" for text in sentences(card, ALL))
    files = [
        (file["name"], translate("Cards", "SHA-256 {}").format(file["sha256"]))
        for file in card["weights"]
    ]
    metrics = [
        (name, str(value)) for name, value in card["metrics"].items() if name != "expressions"
    ]
    for text, row in card["metrics"].get("expressions", {}).items():
        metrics.append((f"“{text}”", f"{row['before']:.2f} → {row['after']:.2f} (n = {row['n']})"))
    return (
        f"<h3>{escape(card['title'])}</h3>{body}"
        + _table(translate("Cards", "Weights"), files)
        + _table(translate("Cards", "Measured"), metrics)
    )


def _table(heading: str, rows: list[tuple[str, str]]) -> str:
    if not rows:
        return ""
    cells = "".join(f"<tr><td>{escape(a)}</td><td>{escape(b)}</td></tr>" for a, b in rows)
    return f"<h4>{escape(heading)}</h4><table cellpadding='3'>{cells}</table>"


def device_line(facts: dict[str, Any]) -> str:
    """What the engine computes on, and why."""
    if facts["device"] == "cpu":
        return translate("Cards", "CPU: {}").format(facts["reason"])
    return translate("Cards", "{}, {} GB").format(
        facts["device_name"], round(facts["memory_bytes"] / 2**30)
    )
