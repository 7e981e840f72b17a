"""The second page: what the model is called, what it starts from, and how long it is taught."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Optional

from qgis.core import Qgis
from qgis.PyQt import uic
from qgis.PyQt.QtCore import QCoreApplication, pyqtSignal
from qgis.PyQt.QtWidgets import QLabel, QRadioButton, QWidget

from ...engine.cards import Card, knowledge
from ...map.extents import Refusal
from ...paths import FORMS, ROOT
from ...text.verbatim import verbatim
from ..jobs import DEVICES, model_id

translate = QCoreApplication.translate

MODEL_ID = re.compile(rf"(?!({DEVICES})$)[a-z0-9][a-z0-9_-]{{0,62}}")


@dataclass(frozen=True)
class PresetField:
    """The fields of one preset."""

    name: str
    choice: QRadioButton
    cost: QLabel


class ModelPage(QWidget):
    """Drives name, start and preset.

    Signals:
        start_chosen: Another base, or another model of one's own to teach further.
        told: A message for the analyst and its Qgis.MessageLevel.
    """

    start_chosen = pyqtSignal()
    told = pyqtSignal(str, object)

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        uic.loadUi(str(ROOT / "plugin" / "finetune" / "pages" / "model_page.ui"), self, FORMS)
        self._cards: dict[str, Card] = {}
        self._typed_id = False
        self._presets = (
            PresetField("quick", self.quick, self.quickCost),
            PresetField("balanced", self.balanced, self.balancedCost),
            PresetField("thorough", self.thorough, self.thoroughCost),
        )
        self.steps.setClearValue(0)
        self.title.textChanged.connect(self._name)
        self.identifier.textEdited.connect(self._type_id)
        self.start.currentIndexChanged.connect(self._choose)

    @property
    def base(self) -> str:
        """Id of the model without an adapter that it starts from; empty without one."""
        card = self._cards.get(self.start.currentData() or "")
        return _base_of(card) if card else ""

    @property
    def further(self) -> str:
        """Id of the own model that is taught further; empty for none."""
        start = self.start.currentData() or ""
        return "" if start == self.base else start

    def show_models(self, cards: list[Card]) -> None:
        """Offers the models that can be taught; keeps what was chosen."""
        chosen = self.start.currentData()
        self._cards = {card["id"]: card for card in cards}
        self.start.blockSignals(True)
        self.start.clear()
        for card in cards:
            if card.get("teachable") and card["installed"]:
                self.start.addItem(card["title"], card["id"])
        self.start.setCurrentIndex(max(0, self.start.findData(chosen)))
        self.start.blockSignals(False)
        self._choose()

    def start_from(self, model: str) -> None:
        """Chooses the model to start from."""
        index = self.start.findData(model)
        if index >= 0:
            self.start.setCurrentIndex(index)

    def settings(self) -> dict[str, Any]:
        """The settings of the engine's `finetune`.

        Raises:
            Refusal: Something is missing or taken.
        """
        title = " ".join(self.title.text().split())
        model = self.identifier.text().strip()
        if not title:
            self.title.setFocus()
            raise Refusal(self.tr("Give the model a name, for example: Fish ponds."))
        if not MODEL_ID.fullmatch(model):
            self.identifier.setFocus()
            raise Refusal(
                self.tr(
                    "“{}” cannot be a model's id. Use up to 63 small letters, digits, - and _."
                ).format(model)
            )
        if model in self._cards:
            self.title.setFocus()
            raise Refusal(
                self.tr("There is a model “{}” already. Choose another name.").format(model)
            )
        if not self.base:
            raise Refusal(self.tr("There is no model that can be taught. Start the engine first."))
        settings = {
            "id": model,
            "title": title,
            "about": self.about.text().strip(),
            "licence": self.licence.text().strip(),
            "base": self.base,
            "start": self.further,
            "preset": next(each.name for each in self._presets if each.choice.isChecked()),
        }
        return {**settings, "steps": self.steps.value()} if self.steps.value() else settings

    def show_measuring(self, text: str) -> None:
        """Says that costs are being measured; empty once that has ended."""
        self.measuring.setText(text)
        self.measuring.setVisible(bool(text))
        if text:
            for each in self._presets:
                each.cost.clear()
                each.choice.setEnabled(True)

    def show_presets(self, presets: list[dict[str, Any]]) -> None:
        """Shows what each preset costs; what does not fit into the memory cannot be chosen."""
        self.show_measuring("")
        told = {preset["preset"]: preset for preset in presets}
        for each in self._presets:
            preset = told.get(each.name)
            each.choice.setEnabled(preset is None or preset["fits"])
            each.cost.setText("" if preset is None else cost(preset))
            each.choice.setToolTip("" if preset is None else verbatim(details(preset)))
        if not any(each.choice.isChecked() and each.choice.isEnabled() for each in self._presets):
            for each in self._presets:
                if each.choice.isEnabled():
                    each.choice.setChecked(True)
        if presets and not any(preset["fits"] for preset in presets):
            self.told.emit(
                self.tr(
                    "There is not enough free memory to teach this model here. Close other "
                    "programs, or start from a smaller model."
                ),
                Qgis.MessageLevel.Warning,
            )

    def _name(self, title: str) -> None:
        if not self._typed_id:
            self.identifier.setText(model_id(title))

    def _type_id(self, text: str) -> None:
        self._typed_id = bool(text)

    def _choose(self) -> None:
        card = self._cards.get(self.start.currentData() or "")
        texts = [] if card is None else [knowledge(card)]
        if card is not None and card.get("base"):
            texts.insert(0, self.tr("Your own model; it is left as it is."))
        self.startAbout.setText("\n".join(texts))
        if self.base:
            self.start_chosen.emit()


def _base_of(card: Card) -> str:
    base = card.get("base")
    return base["id"] if base else card["id"]


def cost(preset: dict[str, Any]) -> str:
    """What a preset takes, in a line."""
    memory = translate("ModelPage", "{:.1f} GB").format(preset["memory_bytes"] / 2**30)
    if not preset["fits"]:
        return translate("ModelPage", "needs {} of memory").format(memory)
    return translate("ModelPage", "{}, {}").format(duration(preset["seconds"]), memory)


def details(preset: dict[str, Any]) -> str:
    """How a preset is run."""
    return translate("ModelPage", "{:,} steps of {} views, {}").format(
        preset["steps"], preset["batch"] * preset["accumulate"], preset["precision"]
    )


def duration(seconds: float) -> str:
    """About so long, for people."""
    minutes = seconds / 60
    if minutes < 1:
        return translate("ModelPage", "less than a minute")
    if minutes < 90:
        return translate("ModelPage", "about {} min").format(round(minutes))
    hours = minutes / 60
    if hours < 36:
        return translate("ModelPage", "about {:.1f} h").format(hours)
    return translate("ModelPage", "about {:.1f} days").format(hours / 24)
