"""Every system declares itself, and nothing is imported before it is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import ModelError
from engine.models import zoo
from engine.systems import registry
from engine.systems.registry import System

ROOT = Path(__file__).resolve().parents[3]
SYSTEMS = registry.every()

LISTING = """
import sys
from engine.models import zoo
from engine.systems import registry
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


def test_what_there_is_not_is_refused_with_advice() -> None:
    with pytest.raises(ModelError, match="knows no system 'sam9'"):
        registry.find("sam9")
    with pytest.raises(ModelError, match="no configuration 'huge' of the system 'rsrefseg2'"):
        SYSTEMS["rsrefseg2"].configuration("huge")
    with pytest.raises(ModelError, match="loads no adapters of the system 'rs2_sam2'"):
        SYSTEMS["rs2_sam2"].adapted(None, zoo.card("rs2-sam2-rrsisd"), "0" * 64)  # type: ignore[arg-type]
