"""Protocols by name, and what they say of themselves."""

from __future__ import annotations

import pytest

from engine.errors import InputError
from engine.evaluation.protocols import PROTOCOLS, choose


def test_lavt_compares_at_480_pixels_or_at_another_size() -> None:
    assert (choose("lavt").side, choose("lavt", 1024).side) == (480, 1024)
    assert "1024 x 1024" in choose("lavt", 1024).description
    assert choose("ours").side is choose("rsrefseg").side is None


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [
        ("theirs", None, "no protocol 'theirs'.*ours, lavt, rsrefseg"),
        ("ours", 480, "'ours' compares at the image's own size.*'lavt'"),
        ("lavt", 0, "size 0 is no number of pixels"),
    ],
)
def test_what_makes_no_sense_is_refused(name: str, size: int | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        choose(name, size)


def test_a_report_can_tell_the_protocols_apart() -> None:
    told = [protocol.description.removeprefix(name) for name, protocol in PROTOCOLS.items()]
    assert len(set(told)) == len(PROTOCOLS)
