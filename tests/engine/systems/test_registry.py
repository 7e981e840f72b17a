"""Every system declares itself, and nothing is imported before it is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine import systems
from engine.errors import ModelError
from engine.models import zoo
from engine.systems import registry
from engine.systems.description import describe
from engine.systems.registry import System

ROOT = Path(__file__).resolve().parents[3]
SYSTEMS = registry.every()

LISTING = """
import sys
from engine.models import zoo
from engine.systems import registry
from engine.systems.description import describe
from engine.systems.description import describe
print(*(describe(card)["id"] for card in zoo.cards()), *registry.trained())
heavy = {"torch", "transformers", "peft", "sam2"} & set(sys.modules)
sys.exit(f"imported: {heavy}" if heavy else 0)
"""


def test_listing_needs_no_torch() -> None:
    done = subprocess.run([sys.executable, "-c", LISTING], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {"rsrefseg2-compact", "rs2-sam2-rrsisd", "rs2-sam2-large"} <= set(done.stdout.split())


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=list(SYSTEMS))
def test_everything_a_system_names_is_there(system: System) -> None:
    places = [*system.configurations.values(), system.load]
    places += [place for taught in system.objectives.values() for place in taught.values()]
    if system.adapters is not None:
        places += [system.adapters.load, system.adapters.teach]
    assert all(callable(system.at(place)) for place in places)
    assert set(system.objectives) <= set(system.configurations)
    assert SYSTEMS[system.name] is system, "cards call it by the name of its folder"


def test_every_card_is_of_a_system_and_a_configuration_that_there_are() -> None:
    for card in zoo.cards():
        assert card.configuration in registry.find(card.system).configurations


def test_a_system_that_begins_anew_with_every_expression_says_so_on_its_cards() -> None:
    slow = {name for name, system in SYSTEMS.items() if system.second_expression == "whole model"}
    told = {card.system for card in zoo.cards() if "costs as much as the first" in card.about}
    assert slow == told == {"rs2_sam2"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "has no attribute 'SYSTEM'"),
        ("SYSTEM = 5", "SYSTEM is no System of the name 'new'"),
        ("import no_such_module", "No module named 'no_such_module'"),
        ("def", "invalid syntax"),
        (
            "from engine.systems.registry import System\n"
            "SYSTEM = System('rsrefseg2', {}, 'a:b', 'decoder')",
            "SYSTEM is no System of the name 'new'",
        ),
        (
            "from engine.systems.registry import System\n"
            "SYSTEM = System('new', {}, 'a:b', 'decoder', {'ghost': {}})",
            "there is no configuration ghost",
        ),
    ],
)
def test_a_folder_that_declares_nothing_is_named_and_stops_no_other_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, told: str
) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "__init__.py").write_text(content, "utf-8")
    monkeypatch.setattr(systems, "__path__", [*systems.__path__, str(tmp_path)])
    for module in [each for each in sys.modules if each.startswith("engine.systems.new")]:
        monkeypatch.delitem(sys.modules, module)
    with pytest.raises(ModelError, match=rf"engine/systems/new declares no system: .*{told}"):
        registry.find("new")
    sys.modules.pop("engine.systems.new", None)
    assert registry.find("rsrefseg2") is SYSTEMS["rsrefseg2"]
    assert describe(zoo.card("rsrefseg2-compact"))["teachable"]


def test_what_there_is_not_is_refused_with_advice() -> None:
    with pytest.raises(ModelError, match="knows no system 'sam9'"):
        registry.find("sam9")
    with pytest.raises(ModelError, match="no configuration 'huge' of the system 'rsrefseg2'"):
        SYSTEMS["rsrefseg2"].configuration("huge")
    with pytest.raises(ModelError, match="loads no adapters of the system 'rs2_sam2'"):
        SYSTEMS["rs2_sam2"].adapted(None, zoo.card("rs2-sam2-rrsisd"), "0" * 64)  # type: ignore[arg-type]
