"""Which sources a command line names."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from engine.batch.sources import Within, read
from engine.errors import InputError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a.tif, b.tif, and c.tif in a folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("b.tif", "a.tif", "tiles/c.tif"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "sources"),
    [
        (["b.tif", "a.tif"], ["b.tif", "a.tif"]),
        (["*.tif"], ["a.tif", "b.tif"]),
        (["**/*.tif"], ["a.tif", "b.tif", "tiles/c.tif"]),
        (["b.tif", "*.tif", "./a.tif", "tiles/../b.tif"], ["b.tif", "a.tif"]),
        (["none-*.tif"], ["none-*.tif"]),
        (["/vsizip/x.zip/a.tif", "none.tif"], ["/vsizip/x.zip/a.tif", "none.tif"]),
        (["WMS:https://host/?SERVICE=WMS&LAYERS=a"], ["WMS:https://host/?SERVICE=WMS&LAYERS=a"]),
    ],
    ids=["files", "pattern", "deep", "each once", "matches nothing", "no file", "address"],
)
def test_names_and_patterns(arguments: list[str], sources: list[str]) -> None:
    assert read(arguments) == sources


def test_a_file_whose_name_looks_like_a_pattern_is_that_file() -> None:
    for name in ("scene[ab].tif", "scenea.tif"):
        Path(name).touch()
    assert read(["scene[ab].tif"]) == ["scene[ab].tif"]


LINES = "# the harbour\n\n  b.tif  \r\ntiles/*.tif\n#a.tif\nnone.tif"
NAMED = ["b.tif", "tiles/c.tif", "none.tif"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_list_names_one_a_line(encoding: str) -> None:
    Path("list.txt").write_text(LINES, encoding=encoding)
    assert read(["@list.txt"]) == NAMED
    assert read(["a.tif", "@list.txt"]) == ["a.tif", *NAMED]


def test_a_list_comes_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(LINES))
    assert read(["@-"]) == NAMED


def test_a_list_names_files_by_their_bytes() -> None:
    Path("list.txt").write_bytes(b"caf\xe9.tif\na|b.tif\n")
    assert read(["@list.txt"]) == ["caf\udce9.tif", "a|b.tif"]


def test_a_list_that_cannot_be_used_is_named() -> None:
    Path("empty.txt").write_text("# nothing yet\n")
    Path("image.txt").write_bytes(b"II*\0\xff\xfe")
    for name, words in (("none", "No such file"), ("image", "UTF-8"), ("empty", "no source")):
        with pytest.raises(InputError, match=rf"{name}\.txt.*{words}"):
            read([f"@{name}.txt"])


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("**/*.tif", ["tiles/c.tif"]),
        ("ti*/*.tif", ["tiles/c.tif"]),
        ("./**/c.*", ["tiles/c.tif"]),
        ("tiles/*.tif", []),
        ("tiles/../tiles/c*", []),
        ("tiles/c.tif", []),
    ],
)
def test_what_a_pattern_finds_in_a_folder_it_reaches_into_is_left_out(
    here: Path, pattern: str, left: list[str]
) -> None:
    within = Within(Path("tiles"))
    found = read([pattern, "a.tif"], within)
    assert within.left_out == [str(here / path) for path in left]
    assert any(path.endswith("c.tif") for path in found) == (not left)
