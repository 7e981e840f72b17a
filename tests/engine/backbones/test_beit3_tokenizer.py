"""BEiT-3's tokenizer, from a sentencepiece file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.backbones.beit3 import Beit3Sizes
from engine.backbones.beit3_tokenizer import Beit3Tokenizer
from engine.errors import InputError, ModelError
from tests.engine.backbones.spm import PIECES, TOKENS, write_spm

SIZES = Beit3Sizes(vocabulary=40, tokens=TOKENS, positions=14)
BEGIN, END, UNKNOWN = 0, 2, 3


@pytest.fixture
def tokenizer(tmp_path: Path) -> Beit3Tokenizer:
    return Beit3Tokenizer(write_spm(tmp_path / "beit3.spm"), SIZES)


def ids(*pieces: str) -> list[int]:
    """XLM-RoBERTa's numbers: four of its own, then the file's from its fourth on."""
    return [BEGIN, *(4 + PIECES.index(piece) for piece in pieces), END]


def test_words_get_the_numbers_of_xlm_roberta(tokenizer: Beit3Tokenizer) -> None:
    tokens = tokenizer(["the  white storage tank "])
    assert tokens.ids.tolist() == [ids("▁the", "▁white", "▁storage", "▁tank")]
    assert tokens.valid.all()
    assert tokenizer(["ships"]).ids.tolist() == [ids("▁ship", "s")]


def test_padding_and_unknown_words_are_one_token_and_not_looked_at(
    tokenizer: Beit3Tokenizer,
) -> None:
    tokens = tokenizer(["the ship on the left", "the 船"])
    assert tokens.ids[1].tolist() == [*ids("▁the", "▁")[:-1], UNKNOWN, END, UNKNOWN, UNKNOWN]
    assert tokens.valid[0].all()
    assert torch.equal(tokens.valid[1], tokens.ids[1] != UNKNOWN)


def test_the_added_token_is_inside_the_table_of_words(tokenizer: Beit3Tokenizer) -> None:
    assert tokenizer(["[SEG]"]).ids.tolist() == [[BEGIN, TOKENS, END]]
    assert SIZES.vocabulary > TOKENS


def test_a_long_expression_is_refused_and_never_cut(tokenizer: Beit3Tokenizer) -> None:
    longest = " ".join(["ship"] * (SIZES.longest_text - 2))
    assert tokenizer([longest]).ids.shape == (1, 12)
    with pytest.raises(InputError, match=r"13 tokens long.*at most 12"):
        tokenizer([longest + " ship"])


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ({"pieces": PIECES[:-1]}, "34 entries, not 35"),
        ({"pieces": (*PIECES, "zz")}, "36 entries, not 35"),
        ({"model_type": 2}, "a unigram model"),
    ],
)
def test_another_tokenizer_is_refused(
    tmp_path: Path, file: dict[str, object], message: str
) -> None:
    path = write_spm(tmp_path / "beit3.spm", **file)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=rf"beit3\.spm.*{message}"):
        Beit3Tokenizer(path, SIZES)


@pytest.mark.parametrize("content", [b"", b"no sentencepiece model", None])
def test_a_damaged_or_missing_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = write_spm(tmp_path / "beit3.spm")
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=r"beit3\.spm"):
        Beit3Tokenizer(path, SIZES)


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = write_spm(tmp_path / "beit3.spm")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ModelError, match=r"beit3\.spm"):
        Beit3Tokenizer(path, SIZES)
