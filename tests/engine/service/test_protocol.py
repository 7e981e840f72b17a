from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.service import protocol

text = st.text(st.characters())  # lone surrogates, line breaks and emoji among them
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner) | st.dictionaries(text, inner),
    max_leaves=8,
)


def as_sent(value):
    """`value` with every high surrogate that stands before a low one joined to one character."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    if isinstance(value, list):
        return [as_sent(item) for item in value]
    if isinstance(value, dict):
        return {as_sent(name): as_sent(item) for name, item in value.items()}
    return value


@settings(deadline=None)
@given(number=st.integers(), method=text, params=st.dictionaries(text, values))
def test_a_message_arrives_as_it_was_sent_on_one_line(number, method, params):
    line = protocol.encode(protocol.request(number, method, params))

    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    received = protocol.decode(line)
    assert (received["id"], received["method"]) == (number, as_sent(method))
    assert received["params"] == as_sent(params)


@settings(deadline=None)
@given(st.binary())
def test_any_line_is_a_message_or_a_protocol_error(line):
    try:
        outcome = protocol.decode(line)["jsonrpc"]
    except protocol.ProtocolError as error:
        outcome = error.code
    assert outcome in ("2.0", protocol.PARSE_ERROR, protocol.INVALID_REQUEST)


def test_a_file_name_that_is_not_utf_8_keeps_its_bytes():
    name = b"caf\xe9.tif".decode("utf-8", "surrogateescape")

    received = protocol.decode(protocol.encode(protocol.result(1, name)))

    assert received["result"].encode("utf-8", "surrogateescape") == b"caf\xe9.tif"


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_neither_sent_nor_taken(number):
    with pytest.raises(ValueError, match="not JSON compliant"):
        protocol.encode(protocol.result(1, number))
    with pytest.raises(protocol.ProtocolError, match="not a JSON number"):
        protocol.decode(b'{"jsonrpc": "2.0", "id": 1, "result": NaN}')


def test_a_line_that_is_too_long_is_skipped_and_the_next_one_read():
    short = protocol.encode(protocol.result(2, "short"))
    stream = io.BytesIO(b"x" * (3 * protocol.LONGEST_LINE) + b"\n" + short)

    with pytest.raises(protocol.ProtocolError, match="longer than"):
        protocol.read(stream)
    assert protocol.read(stream) == protocol.result(2, "short")
    assert protocol.read(stream) is None


def test_the_longest_line_is_read_whole():
    overhead = len(protocol.encode(protocol.result(1, "")))
    longest = protocol.result(1, "x" * (protocol.LONGEST_LINE - overhead))

    assert protocol.read(io.BytesIO(protocol.encode(longest))) == longest
