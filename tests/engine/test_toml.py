"""What is written is what the standard library reads."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import toml

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
plain = texts | numbers | st.booleans()
tables = st.recursive(
    st.dictionaries(texts, plain | st.lists(plain, max_size=3), max_size=4),
    lambda inner: st.dictionaries(
        texts, plain | inner | st.lists(inner, min_size=1, max_size=3), max_size=4
    ),
    max_leaves=12,
)


@given(tables)
def test_every_table_comes_back(table: dict[str, Any]) -> None:
    assert tomllib.loads(toml.dumps(table)) == table


def test_nothing_is_left_out_and_anything_else_is_refused() -> None:
    assert tomllib.loads(toml.dumps({"a": None, "b": {"c": None, "d": 1}})) == {"b": {"d": 1}}
    with pytest.raises(TypeError, match="set"):
        toml.dumps({"a": {1}})
