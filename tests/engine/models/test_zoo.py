"""Model cards, and weights that are the ones a card names or none."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from engine.errors import InputError, ModelError
from engine.language.categories import VHR10
from engine.models import folders, zoo
from engine.models.folders import MODELS_VARIABLE
from engine.models.integrity import verify
from engine.systems.description import describe
from engine.systems.loading import load

COMPACT, LARGE = "rsrefseg2-compact", "rsrefseg2-large"
PUBLISHED = ("rs2-sam2-refsegrs", "rs2-sam2-rrsisd", LARGE)


@pytest.fixture
def cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of cards of its own: the bundled model's, its weights pinned by their SHA-256."""
    folder = tmp_path / "cards"
    folder.mkdir()
    weights = f"{COMPACT}.safetensors"
    shutil.copy(folders.CARDS / weights, folder)
    digest = hashlib.sha256((folder / weights).read_bytes()).hexdigest()
    lines = (folders.CARDS / f"{COMPACT}.toml").read_text("utf-8").splitlines()
    pinned = [line for line in lines if not line.startswith("sha256")]
    pinned.insert(pinned.index(f'name = "{weights}"') + 1, f'sha256 = "{digest}"')
    (folder / f"{COMPACT}.toml").write_text("\n".join(pinned), "utf-8")
    monkeypatch.setattr(folders, "CARDS", folder)
    return folder


def test_an_unknown_model_is_refused_with_those_there_are() -> None:
    for ask in (zoo.card, load):
        with pytest.raises(ModelError, match=rf"'no-such'.*{COMPACT}, {', '.join(PUBLISHED)}"):
            ask("no-such")


def test_the_bundled_model_is_listed_first_and_ready() -> None:
    first, *others = zoo.cards()
    assert (first.id, first.bundled, first.missing) == (COMPACT, True, ())
    assert not any(card.bundled for card in others)


def test_every_card_is_json_and_says_what_a_list_shows() -> None:
    told = {card["id"]: card for card in json.loads(json.dumps([describe(c) for c in zoo.cards()]))}
    assert told[COMPACT]["categories"] == [category.name for category in VHR10]
    assert told[COMPACT]["installed"] is True
    assert told[LARGE]["categories"] is None
    assert told[LARGE]["bundled"] is False
    assert told[LARGE]["bytes"] == sum(file["bytes"] for file in told[LARGE]["weights"])
    assert all(card["finest"] < card["coarsest"] for card in told.values())
    assert all(card["overlap"] < card["window"] <= card["view"] for card in told.values())


def test_a_model_tells_what_it_knows_of_an_expression() -> None:
    assert zoo.card(COMPACT).check("all the tanks").known == ("storage tank",)
    assert zoo.card(COMPACT).check("the xylophone").unknown
    assert not zoo.card(LARGE).check("the xylophone").unknown


def test_weights_that_are_not_there_are_named_with_their_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path))
    files = [file.name for file in zoo.card(LARGE).weights]
    with pytest.raises(ModelError) as refused:
        load(LARGE)
    assert str(tmp_path / LARGE) in str(refused.value)
    assert all(name in str(refused.value) for name in files)

    (tmp_path / LARGE).mkdir()
    (tmp_path / LARGE / files[0]).touch()
    with pytest.raises(ModelError) as refused:
        load(LARGE)
    assert files[0] not in str(refused.value)


def test_missing_bundled_weights_are_named(cards: Path) -> None:
    (cards / f"{COMPACT}.safetensors").unlink()
    with pytest.raises(ModelError, match=rf"{COMPACT}\.safetensors.*{cards}"):
        load(COMPACT)
    assert describe(zoo.card(COMPACT))["installed"] is False


def test_one_wrong_byte_in_the_weights_is_found(cards: Path) -> None:
    weights = cards / f"{COMPACT}.safetensors"
    (file,) = zoo.card(COMPACT).weights
    assert verify(weights, file) == file.sha256

    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    with pytest.raises(ModelError) as refused:
        load(COMPACT)
    found = hashlib.sha256(content).hexdigest()
    assert found in str(refused.value)
    assert file.sha256 in str(refused.value)
    assert found != file.sha256


def test_a_loaded_model_knows_its_card_its_weights_and_its_device(cards: Path) -> None:
    model = load(COMPACT, "cpu")
    assert model.card == zoo.card(COMPACT)
    assert model.weights_sha256 == model.card.weights[0].sha256
    assert model.device.type == "cpu"


def test_an_unknown_device_is_refused(cards: Path) -> None:
    with pytest.raises(InputError, match="abacus"):
        load(COMPACT, "abacus")


def test_a_card_of_a_later_version_is_refused(cards: Path) -> None:
    card = cards / f"{COMPACT}.toml"
    card.write_text(card.read_text("utf-8").replace('system = "rsrefseg2"', 'system = "rsrefseg9"'))
    with pytest.raises(ModelError, match="no system 'rsrefseg9'"):
        load(COMPACT)


@pytest.mark.parametrize(
    "content", ["id = ", 'id = "x"', 'weights = [{name = "w", size = 3}]', "weights = 3"]
)
def test_a_card_that_cannot_be_read_is_named(cards: Path, content: str) -> None:
    (cards / "broken.toml").write_text(content)
    with pytest.raises(ModelError, match=r"broken\.toml"):
        zoo.cards()


def test_the_models_folder_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path))
    assert zoo.card(LARGE).folder == tmp_path / LARGE
    assert zoo.card(COMPACT).folder == folders.CARDS, "bundled weights lie beside their card"
    monkeypatch.delenv(MODELS_VARIABLE)
    assert zoo.card(LARGE).folder.parts[-2:] == ("models", LARGE)
