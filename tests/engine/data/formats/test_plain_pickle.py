"""Pickles are read as data; a hostile one does nothing."""

from __future__ import annotations

import contextlib
import os
import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.data.formats import plain_pickle
from engine.errors import InputError

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda values: st.lists(values) | st.dictionaries(st.text(max_size=4), values),
)


class Command:
    """A pickle that runs a command where pickles are trusted."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (self.command,)


class _Outside(pickle.Pickler):
    def persistent_id(self, value: object) -> str | None:
        return "elsewhere" if value == "kept elsewhere" else None


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "refs.p"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plain, st.integers(2, 5))
def test_plain_values_come_back_from_every_protocol(path: Path, value: object, protocol: int):
    path.write_bytes(pickle.dumps(value, protocol))
    assert plain_pickle.read(path) == value


def test_strings_of_python_2_are_read_as_latin_1(path: Path) -> None:
    path.write_bytes(b"\x80\x02}q\x00(U\x03rawq\x01U\x04caf\xe9q\x02U\x02idq\x03K\x07u.")
    assert plain_pickle.read(path) == {"raw": "café", "id": 7}


@pytest.mark.parametrize("protocol", range(2, 6))
def test_a_command_is_refused_by_its_name_and_not_run(path: Path, protocol: int) -> None:
    proof = path.with_name("proof")
    path.write_bytes(pickle.dumps([{"raw": Command(f"touch {proof}")}], protocol))
    with pytest.raises(InputError, match=rf"refs\.p is refused: it wants {os.name}\.system,"):
        plain_pickle.read(path)
    assert not proof.exists()


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (np.float32(1), r"numpy\.\S*scalar"),
        (np.zeros(2), r"numpy\.\S*_reconstruct"),
        (OrderedDict(), r"collections\.OrderedDict"),
        (len, r"(__builtin__|builtins)\.len"),
    ],
)
def test_every_class_and_function_is_refused_by_its_name(path: Path, value: object, name: str):
    path.write_bytes(pickle.dumps({"area": value}, 2))
    with pytest.raises(InputError, match=f"it wants {name}, which may run code"):
        plain_pickle.read(path)


def test_what_is_kept_outside_the_file_is_refused(path: Path) -> None:
    with path.open("wb") as file:
        _Outside(file, 2).dump(["kept elsewhere"])
    with pytest.raises(InputError, match=r"refs\.p is refused: .*persistent id"):
        plain_pickle.read(path)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"no pickle at all", id="text"),
        pytest.param(pickle.dumps(["a sentence"] * 9, 2)[:-3], id="truncated"),
        pytest.param(b"\x80\x02Nr\x00\x00\x00\x010N.", id="a place that takes 256 MB"),
        pytest.param(b"\x80\x05\x96" + b"\xff" * 6 + b"\x00\x00.", id="a length of 281 TB"),
        pytest.param(b"\x80\x02]}b.", id="a state for a list"),
    ],
)
def test_a_damaged_file_is_named(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"refs\.p is no pickle, or a damaged one"):
        plain_pickle.read(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.integers(0, 60))
@example(b"}", 20)
def test_whatever_a_file_holds_it_is_read_or_refused(path: Path, noise: bytes, place: int) -> None:
    honest = pickle.dumps([{"raw": "the ship", "ids": (1, 2.5, None)}], 2)
    path.write_bytes(honest[:place] + noise + honest[place + len(noise) :])
    with contextlib.suppress(InputError):
        plain_pickle.read(path)


def test_a_missing_file_is_named(path: Path) -> None:
    with pytest.raises(InputError, match=r"refs\.p cannot be read"):
        plain_pickle.read(path)


def test_a_file_too_large_is_refused_unread(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_pickle, "MAX_BYTES", 2**20)
    path.write_bytes(pickle.dumps("a" * 2**20))
    with pytest.raises(InputError, match="larger than 1 MiB"):
        plain_pickle.read(path)
