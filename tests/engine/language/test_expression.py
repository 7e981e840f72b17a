"""What may be typed, and what is understood of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.language.categories import VHR10, Category
from engine.language.expression import LONGEST, check, clean, speaks_of_places

words = st.text(st.characters(categories=["Lu", "Ll", "Nd", "Lo"]), min_size=1, max_size=12)
gaps = st.text(" \t\n\r\u00a0\u3000", min_size=1, max_size=4)


@given(st.lists(st.tuples(gaps, words), min_size=1, max_size=8), gaps)
def test_words_are_kept_and_gaps_become_single_spaces(
    parts: list[tuple[str, str]], end: str
) -> None:
    typed = "".join(gap + word for gap, word in parts) + end
    assert clean(typed) == " ".join(word for _, word in parts)
    assert clean(clean(typed)) == clean(typed)


@pytest.mark.parametrize("typed", ["", " ", "\n\t\u3000", "?", "…—!", "🚢"])
def test_what_says_nothing_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(InputError, match="the large white storage tank"):
        clean(typed)


def test_the_longest_expression_is_told() -> None:
    assert len(clean("x" * LONGEST)) == LONGEST
    assert clean("船") == "船"
    with pytest.raises(InputError, match=r"10,000 characters; at most 300"):
        clean("x" * 10_000)


@pytest.mark.parametrize(
    ("expression", "known"),
    [
        ("the large white storage tank", ("storage tank",)),
        ("All TANKS next to the Ship", ("ship", "storage tank")),
        ("every ground-track_field", ("ground track field",)),
        ("the shipyard", ()),
        ("xylophone", ()),
    ],
)
def test_a_fixed_vocabulary_knows_its_own_words(expression: str, known: tuple[str, ...]) -> None:
    found = check(expression, VHR10)
    assert found.known == known
    assert found.unknown == (not known)
    assert bool(found.message) == (not known)
    assert json.loads(json.dumps(found.to_dict()))["known"] == list(known)


def test_a_model_of_a_thousand_words_is_told_in_a_sentence() -> None:
    told = check("unicorn", [Category(f"word {number}") for number in range(1000)])
    assert told.unknown
    assert told.message.endswith("word 18, word 19 and 980 more.")


def test_what_is_not_known_is_told_together_with_what_is() -> None:
    message = check("the xylophone", VHR10).message
    assert "the xylophone" in message
    assert all(category.name in message for category in VHR10)


def test_an_open_vocabulary_knows_everything() -> None:
    found = check("the xylophone", None)
    assert (found.unknown, found.message) == (False, "")


@pytest.mark.parametrize(
    ("expression", "speaks"),
    [
        ("the tank at the lower left", True),
        ("the lower-left tank", True),
        ("The LARGEST ship", True),
        ("the northernmost ship of the second row", True),
        ("the ship", False),
        ("the bright, clefted, stopped ships", False),
        ("", False),
    ],
)
def test_words_of_place_are_words_and_not_parts_of_words(expression: str, speaks: bool) -> None:
    assert speaks_of_places(expression) == speaks
