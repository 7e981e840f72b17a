"""A stranger's card: within its limits, or damaged and harmless; never in the way of the others."""

from __future__ import annotations

import datetime
import os
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.errors import InputError, ModelError
from engine.finetuning.settings import Settings
from engine.models import exchange, limits, zoo
from engine.models.card import ADAPTER_FILES, OWN_CARD
from engine.models.folders import MODELS_VARIABLE
from engine.service import protocol
from engine.service.methods import Methods
from engine.systems.adapter_config import AdapterConfig

BASE, OWN = "rsrefseg2-compact", "ponds"
MOMENT = datetime.datetime(2026, 1, 2, 3, 4)
STRANGE = (MOMENT, MOMENT.date(), MOMENT.time(), float("nan"), float("inf"), -float("inf"))
LONG = "x" * 300_000


def good() -> dict[str, Any]:
    """A card as the plugin writes it."""
    base = asdict(zoo.card(BASE))
    row = {"n": 3, "before": 0.1, "after": 0.5}
    said = {
        **base,
        "id": OWN,
        "title": "Ponds",
        "weights": [{"name": name, "sha256": "0" * 64, "bytes": 9} for name in ADAPTER_FILES],
        "metrics": {
            "n": 3, "n known": 2, "mIoU known": 0.9, "mIoU before": 0.1, "mIoU after": 0.5,
            "expressions": {"the red pond": row},
        },
        "taught": ["the red pond"],
        "base": {"id": BASE, "sha256": "0" * 64},
        "data": {"source": "jsonl: a.jsonl", "train": 3, "start": {"id": "a", "data": {"val": 1}}},
    }  # fmt: skip
    return tomllib.loads(tomli_w.dumps(said))


def places(value: Any, above: tuple = ()) -> Iterator[tuple]:
    """The way to everything in a card."""
    lists = list(enumerate(value)) if isinstance(value, list) else []
    for name, each in value.items() if isinstance(value, dict) else lists:
        yield (*above, name)
        yield from places(each, (*above, name))


def put(card: dict[str, Any], place: tuple, value: Any) -> dict[str, Any]:
    *above, last = place
    table: Any = card
    for name in above:
        table = table[name]
    table[last] = value
    return card


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's models: one that is as it should be, and a place for a stranger's."""
    folder = tmp_path / "models"
    monkeypatch.setenv(MODELS_VARIABLE, str(folder))
    for model in ("fields", OWN):
        (folder / model).mkdir(parents=True)
    write(folder / "fields", {**good(), "id": "fields"})
    return folder


def write(folder: Path, card: dict[str, Any]) -> None:
    (folder / OWN_CARD).write_text(tomli_w.dumps(card), "utf-8")


def check_harmless(model: str = OWN) -> bool:
    """That the models are told, this one as itself or as damaged; whether it is itself."""
    answer = Methods().models(None, damaged=True)  # type: ignore[arg-type]
    line = protocol.encode(protocol.result(1, answer))
    told = {each["id"]: each for each in protocol.decode(line)["result"]}
    assert "damaged" not in told["fields"]
    assert set(told) >= {BASE, "fields", model}
    assert len(line) < protocol.LONGEST_LINE / 8
    entry = told[model]
    reason = entry.get("damaged", "")
    assert limits.one_line(entry["title"] + reason)
    assert len(entry["title"]) <= limits.LONGEST_TITLE
    assert len(reason) < 1000
    return not reason


def test_the_card_that_is_changed_below_is_a_good_one(models: Path) -> None:
    write(models / OWN, good())
    assert check_harmless()


toml = st.recursive(
    st.sampled_from([*STRANGE, LONG, "", "\u202e", "a\nb", 2**70, -1, 1e300, True])
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.integers()
    | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_stands_in_one_place_the_models_are_told(
    models: Path, data: st.DataObject
) -> None:
    place = data.draw(st.sampled_from(list(places(good()))))
    write(models / OWN, put(good(), place, data.draw(toml)))
    check_harmless()


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(part=st.binary(max_size=8), start=st.floats(0, 1), length=st.integers(0, 30))
def test_whatever_bytes_stand_there_the_models_are_told(
    models: Path, part: bytes, start: float, length: int
) -> None:
    whole = tomli_w.dumps(good()).encode()
    at = int(start * len(whole))
    (models / OWN / OWN_CARD).write_bytes(whole[:at] + part + whole[at + length :])
    check_harmless()


@pytest.mark.parametrize("value", STRANGE, ids=repr)
@pytest.mark.parametrize("place", list(places(good())), ids=str)
def test_what_json_has_no_word_for_is_damaged_and_its_place_is_named(
    models: Path, place: tuple, value: Any
) -> None:
    write(models / OWN, put(good(), place, value))
    assert not check_harmless()
    (entry,) = zoo.damaged()
    assert str(place[0]) in entry.reason
    exchange.delete(OWN)
    assert not zoo.damaged()
    assert not (models / OWN).exists()


TEXTS = [(("title",), ""), (("about",), ""), (("licence",), ""), (("languages", 0), ""),
         (("taught", 0), "a"), (("metrics", "data"), ""), (("data", "source"), "")]  # fmt: skip


@pytest.mark.parametrize(("place", "begin"), TEXTS, ids=str)
@pytest.mark.parametrize("text", [LONG, "a\u202eb", "a\u2066b", "a\x00b", "a\x1bb", "a\ufeffb"])
def test_texts_are_short_and_all_of_them_is_seen(
    models: Path, place: tuple, begin: str, text: str
) -> None:
    write(models / OWN, put(good(), place, begin + text))
    assert not check_harmless()


@pytest.mark.parametrize("title", ["", "  ", "a\nb", "a\tb", "\u00a0", "x" * 101])
def test_a_title_is_one_line_with_something_on_it(models: Path, title: str) -> None:
    write(models / OWN, {**good(), "title": title})
    assert not check_harmless()


@pytest.mark.parametrize("title", ["Étangs : la Brenne", "استخرهای می‌خواهم", "池", "🏊‍♀️"])
def test_titles_of_all_languages_are_taken(models: Path, title: str) -> None:
    write(models / OWN, {**good(), "title": title})
    assert check_harmless()
    assert zoo.card(OWN).title == title


NUMBERS: list[dict[str, Any]] = [
    {"window": 1, "view": 1, "overlap": 0},
    {"window": 16, "view": 16, "overlap": 0},
    {"window": 255, "overlap": 0},
    {"view": 2049},
    {"view": 8192},
    {"view": 2**70},
    {"view": 512},
    {"overlap": -1},
    {"overlap": 767},
    {"overlap": 385},
    {"finest": 0.0},
    {"finest": -1.0},
    {"finest": 1e-300},
    {"coarsest": 1e300},
    {"finest": 2.0, "coarsest": 2.0},
    {"languages": ["en"] * 65},
    {"taught": ["a"] * 1001},
    {"taught": ["x" * 300] * 300},
    {"weights": []},
    {"weights": [{"name": name, "sha256": "0" * 64, "bytes": -1} for name in ADAPTER_FILES]},
    {"weights": [{"name": name, "sha256": "0" * 64, "bytes": 2**63} for name in ADAPTER_FILES]},
    {"metrics": {f"m{number}": 1 for number in range(51)}},
    {"metrics": {"mIoU after": 1.5}},
    {"metrics": {"mIoU known": "good"}},
    {"metrics": {"n": "many"}},
    {"metrics": {"expressions": "many"}},
    {"metrics": {"expressions": ["a"]}},
    {"metrics": {"expressions": {"a": 0.5}}},
    {"metrics": {"expressions": {"a": {"n": 1}}}},
    {"metrics": {"expressions": {"a": {"n": 1, "before": "0", "after": [0.5]}}}},
    {"metrics": {"expressions": {f"s{n}": {"n": 1, "before": 0, "after": 1} for n in range(201)}}},
    {"data": {"n": 2**60}},
    {"data": {"x": 1e300}},
]


@pytest.mark.parametrize("change", NUMBERS, ids=lambda change: str(change)[:60])
def test_every_number_has_its_limits(models: Path, change: dict[str, Any]) -> None:
    write(models / OWN, {**good(), **change})
    assert not check_harmless()


DEVICES = ["con", "prn", "aux", "nul", "com1", "com0", "lpt9"]
IDS = [*DEVICES, "con.txt", "Ponds", "a.", "a ", " a", "-a", "", "a/b", "..", "é", "a\n", "x" * 64]


@pytest.mark.parametrize("model", IDS)
def test_an_id_is_a_folders_name_on_every_system(model: str) -> None:
    for ask in (
        lambda: AdapterConfig(BASE, model),
        lambda: Settings.from_dict({"id": model}),
    ):
        with pytest.raises(InputError, match="cannot be"):
            ask()


@pytest.mark.parametrize("model", DEVICES)
def test_a_card_of_such_an_id_is_damaged(models: Path, model: str) -> None:
    shutil.move(models / OWN, models / model)
    write(models / model, {**good(), "id": model})
    assert not check_harmless(model)
    assert "Windows" in zoo.damaged()[0].reason


@pytest.mark.parametrize("model", ["console", "com", "com10", "nul-1", "0", "x" * 63])
def test_ids_that_only_look_like_devices_are_taken(model: str) -> None:
    assert AdapterConfig(BASE, model).id == Settings.from_dict({"id": model}).id == model


@pytest.mark.parametrize("name", ["Ponds", "a\nb", "\u202ecod", "a" * 200, "con"])
def test_a_folder_of_any_name_is_told_and_deleted(models: Path, name: str) -> None:
    shutil.move(models / OWN, models / name)
    write(models / name, good())
    assert not check_harmless(name)
    exchange.delete(name)
    assert sorted(path.name for path in models.iterdir()) == ["fields"]


SLOW = [
    ".".join("a" * 100_000) + " = 1",
    'x = {a = """\n""", ' + ".".join("a" * 100_000) + ' = 1, b = ""}',
    "x = " + "[" * 100_000,
    "x = 0x" + "f" * 200_000,
    "x = " + "9" * 200_000,
    '"""\\' * 60_000,
    "a = 1\n" * 60_000,
    "# " + LONG,
    "\n".join(f"[t{number}]" for number in range(40_000)),
]


@pytest.mark.parametrize("text", SLOW, ids=lambda text: text[:20])
def test_a_card_that_takes_for_ever_to_read_is_not_read(models: Path, text: str) -> None:
    (models / OWN / OWN_CARD).write_text(text)
    assert not check_harmless()


def test_a_card_that_an_editor_of_windows_saved_is_taken(models: Path) -> None:
    text = tomli_w.dumps(good()).replace("\n", "\r\n")
    (models / OWN / OWN_CARD).write_bytes(text.encode("utf-8-sig"))
    assert check_harmless()


def test_sentences_full_of_dots_are_no_such_card(models: Path) -> None:
    write(models / OWN, {**good(), "about": "." * 1000, "taught": ["a" + "." * 299] * 20})
    assert check_harmless()


def endless(card: Path) -> None:
    """Makes the card a file that says it is empty; whoever may read it waits for ever."""
    card.symlink_to("/proc/kmsg")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, endless], ids=lambda make: make.__name__)
def test_a_card_that_is_no_file_is_damaged(models: Path, make: Any) -> None:
    make(models / OWN / OWN_CARD)
    assert not check_harmless()
    exchange.delete(OWN)
    assert not (models / OWN).exists()


@given(text=st.text(max_size=400), most=st.integers(1, 300))
@example("\ud800", 5)
def test_what_is_made_legible_is_a_text_of_a_card(text: str, most: int) -> None:
    line = limits.legible(text, most)
    assert limits.one_line(line) == line
    assert len(line) <= most
    assert tomllib.loads(tomli_w.dumps({"x": line})) == {"x": line}


def test_names_of_samples_are_cut_to_what_a_card_holds(models: Path) -> None:
    strange = ["\u202e", "a\nb", "a b", "x" * 400, *(f"{n:04} {'y' * 290}" for n in range(2000))]
    names = tuple(limits.first_of(strange, limits.MOST_NAMES))
    assert names[:2] == ("a b", "x" * 299 + "…")
    write(models / OWN, {**good(), "taught": list(names)})
    assert check_harmless()
    write(models / OWN, {**good(), "taught": [*names, "z" * 300]})
    with pytest.raises(ModelError, match="taught"):
        zoo.card(OWN)
