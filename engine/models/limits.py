"""What a card may say: how long its texts are, how large its numbers, how deep its tables.

A card comes from anyone. One that keeps to these types is JSON, and fits on a form as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetPydanticSchema,
    with_config,
)
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from engine.language.expression import LONGEST

LARGEST_CARD = 2**18
"""Bytes of its file."""

LARGEST_LIST = 80_000
"""Bytes of all names, or of all measured sentences, together."""

LONGEST_TITLE = 100
LONGEST_NAME = LONGEST
LONGEST_TEXT = 1000
LONGEST_TERMS = 4000
MOST_NAMES = 1000
MOST_ROWS = 200
MOST_METRICS = 50
DEEPEST = 64

LEAST_VIEW, LARGEST_VIEW = 256, 2048
"""Pixels: smaller ones take for ever, larger ones more memory than there is."""

FINEST, COARSEST = 0.001, 10_000.0
"""Metres a pixel."""

LARGEST_FILE = 2**43
LARGEST_NUMBER = 2**53
"""Up to here every whole number is the same to JSON, Python and Qt."""

MODEL_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
DEVICES = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]")
"""What Windows takes for a device, in whatever folder it lies."""

UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
JOINERS = "\u200c\u200d"
"""Unseen as well, but Persian, Hindi and emoji are not written without them."""


def legible(text: str, most: int) -> str:
    """A text as a card may hold it: on one line, all of it seen, so many letters at most.

    It is empty where there is nothing to be seen.
    """
    line = " ".join("".join(" " if _unseen(letter) else letter for letter in text).split())
    if not _seen(line):
        return ""
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def first_of(texts: Iterable[str], most: int) -> Iterator[str]:
    """As many of the texts as a card may hold, so many at most; each is legible, and once there."""
    size = 0
    names = filter(None, dict.fromkeys(legible(text, LONGEST_NAME) for text in texts))
    for name in list(names)[:most]:
        size += len(name.encode())
        if size > LARGEST_LIST:
            return
        yield name


def model_id(text: str) -> str:
    """The id.

    Raises:
        ValueError: It is none, or no folder could be called so on every system.
    """
    if DEVICES.fullmatch(text):
        raise _wrong(f"'{text}' cannot be a model's id: Windows keeps it for a device")
    if not MODEL_ID.fullmatch(text):
        raise _wrong(
            f"'{legible(text, 80)}' cannot be a model's id. Use up to 63 small letters, digits, - "
            "and _"
        )
    return text


def one_line(text: str) -> str:
    """The text.

    Raises:
        ValueError: It holds what breaks the line, or hides, moves or turns what stands beside it.
    """
    for letter in filter(_unseen, text):
        raise _wrong(f"it holds a line break or a sign that is not seen, U+{ord(letter):04X}")
    return text


def _unseen(letter: str) -> bool:
    return unicodedata.category(letter) in UNSEEN and letter not in JOINERS


def _seen(text: str) -> bool:
    return not all(letter.isspace() or letter in JOINERS or _unseen(letter) for letter in text)


def _something(text: str) -> str:
    if not _seen(text):
        raise _wrong("there is nothing to be read in it")
    return text


def _joined(text: Any) -> Any:
    return " ".join(text.split()) if isinstance(text, str) else text


def _together(names: tuple[str, ...]) -> tuple[str, ...]:
    if sum(len(name.encode()) for name in names) > LARGEST_LIST:
        raise _wrong(f"together they have more than {LARGEST_LIST:,} bytes")
    return names


def _plain(value: Any, name: str = "", depth: int = 0) -> Any:
    """The value, where JSON has a form for it, and it is neither too long, too large nor too deep.

    Raises:
        ValueError: Names what is not.
    """
    inner = list(value.items()) if isinstance(value, dict) else []
    inner += [(name, each) for each in value] if isinstance(value, list) else []
    if isinstance(value, dict | list) and depth < DEEPEST:
        for key, each in inner:
            _plain(key, key, depth)
            _plain(each, key, depth + 1)
    elif isinstance(value, str) and len(value) <= LONGEST_TEXT:
        one_line(value)
    elif not isinstance(value, int | float) or not abs(value) <= LARGEST_NUMBER:
        raise _wrong(
            f"'{legible(name, 80)}' is neither a text of up to {LONGEST_TEXT:,} letters, nor a "
            f"number up to {LARGEST_NUMBER:,}, nor a table of such, {DEEPEST} deep at most"
        )
    return value


def _wrong(problem: str) -> PydanticCustomError:
    return PydanticCustomError("card", "{problem}", {"problem": problem})


ModelId = Annotated[str, AfterValidator(model_id)]
Word = Annotated[str, Field(max_length=64), AfterValidator(one_line)]
Name = Annotated[
    str, Field(max_length=LONGEST_NAME), AfterValidator(one_line), AfterValidator(_something)
]
Title = Annotated[str, Field(max_length=LONGEST_TITLE), AfterValidator(one_line)]
Text = Annotated[
    str, BeforeValidator(_joined), Field(max_length=LONGEST_TEXT), AfterValidator(one_line)
]
Terms = Annotated[
    str, BeforeValidator(_joined), Field(max_length=LONGEST_TERMS), AfterValidator(one_line)
]
Shown = AfterValidator(_something)
FileName = Annotated[
    str, Field(max_length=255, pattern=r"^[^/\\:]*[^/\\:. ]$"), AfterValidator(one_line)
]
Digest = Annotated[str, Field(pattern="^([0-9a-f]{64})?$")]
Bytes = Annotated[int, Field(ge=0, le=LARGEST_FILE)]
View = Annotated[int, Field(ge=LEAST_VIEW, le=LARGEST_VIEW)]
Overlap = Annotated[int, Field(ge=0, le=LARGEST_VIEW // 2)]
Resolution = Annotated[float, Field(ge=FINEST, le=COARSEST, allow_inf_nan=False)]
Names = Annotated[tuple[Name, ...], Field(max_length=MOST_NAMES), AfterValidator(_together)]
Count = Annotated[int, Field(ge=0, le=LARGEST_NUMBER)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Row(TypedDict):
    """What was measured of one sentence."""

    n: Count
    before: Share
    after: Share


Measured = TypedDict(
    "Measured",
    {
        "n": Count,
        "n known": Count,
        "mIoU before": Share,
        "mIoU after": Share,
        "mIoU known": Share,
        "expressions": Annotated[dict[Name, Row], Field(max_length=MOST_ROWS)],
    },
    total=False,
)
"""What forms and tools count on; the rest is a table like any other."""

Facts = Annotated[dict[str, Any], AfterValidator(_plain)]
Metrics = Annotated[
    dict[str, Any],
    GetPydanticSchema(lambda _, handler: handler(with_config(extra="allow")(Measured))),
    Field(max_length=MOST_METRICS),
    AfterValidator(_plain),
]
