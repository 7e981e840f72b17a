"""The messages between QGIS and the engine: JSON-RPC 2.0, one UTF-8 object a line.

Standard library only.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, BinaryIO, Optional

VERSION = 1
LONGEST_LINE = 16 * 1024 * 1024
TOO_LONG = f"a message is longer than {LONGEST_LINE} bytes"
LONGEST_REASON = 10_000
"""Characters of the message of an error."""

SHOWN = 200
"""Characters of something faulty that a message shows."""

HEAD = re.compile(rb'\s*{\s*(?:"jsonrpc"\s*:\s*"2.0"\s*,\s*)?"id"\s*:\s*(0|[1-9]\d{0,17})\s*[,}]')
"""How a message with an id begins, whatever follows."""

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
CANCELLED = -32005
VERSION_MISMATCH = -32007

Message = dict[str, Any]


class ProtocolError(Exception):
    """A line that is not a message, or a message that cannot be served.

    Attributes:
        code: The JSON-RPC error code to answer with.
        message_id: The id that the message has all the same; None where it has none.
    """

    def __init__(self, code: int, message: str, message_id: Optional[int] = None) -> None:
        super().__init__(message)
        self.code = code
        self.message_id = message_id


def request(request_id: int, method: str, params: dict[str, Any]) -> Message:
    """A call that wants an answer."""
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


def notification(method: str, params: dict[str, Any]) -> Message:
    """A call that wants none."""
    return {"jsonrpc": "2.0", "method": method, "params": params}


def result(request_id: int, value: Any) -> Message:
    """The answer to a request."""
    return {"jsonrpc": "2.0", "id": request_id, "result": value}


def error(request_id: Optional[int], code: int, message: str) -> Message:
    """The answer to a request that failed; `request_id` is None when it could not be read."""
    reason = message if len(message) <= LONGEST_REASON else f"{message[:LONGEST_REASON]}…"
    return {"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": reason}}


def id_of(message: Message) -> Optional[int]:
    """The id of a request or an answer; None where it has none, or something that is none."""
    found = message.get("id")
    return found if type(found) is int else None


def shown(faulty: Any) -> str:
    """Something faulty as the end of a message, cut to what can be read."""
    try:
        text = repr(faulty)
    except RecursionError:
        text = type(faulty).__name__
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def encode(message: Message) -> bytes:
    """One line, its end included.

    Everything beyond ASCII is escaped: line breaks cannot split a message, and the lone surrogates
    by which Python writes file names that are not UTF-8 arrive as they left.

    Raises:
        TypeError: The message holds something JSON has no form for.
        ValueError: The message holds a number that is not finite.
        RecursionError: The message is too deep.
        ProtocolError: It is longer than the other side reads.
    """
    line = json.dumps(message, allow_nan=False).encode("ascii") + b"\n"
    if len(line) > LONGEST_LINE:
        raise ProtocolError(INTERNAL_ERROR, TOO_LONG)
    return line


def decode(line: bytes) -> Message:
    """The message on a line.

    Raises:
        ProtocolError: The line is not UTF-8, not JSON, or not a JSON-RPC 2.0 object.
    """
    faulty: list[str] = []

    def number(text: str) -> float:
        value = float(text)
        if not math.isfinite(value):
            faulty.append(text)
        return value

    try:
        message = json.loads(line.decode("utf-8"), parse_float=number, parse_constant=faulty.append)
    except (ValueError, RecursionError) as cause:
        raise ProtocolError(PARSE_ERROR, f"not a JSON message: {cause}", _id_in(line)) from cause
    if not isinstance(message, dict):
        raise ProtocolError(INVALID_REQUEST, "not a JSON-RPC 2.0 object")
    if faulty:
        raise ProtocolError(PARSE_ERROR, f"{faulty[0]} is not a JSON number", id_of(message))
    if message.get("jsonrpc") != "2.0":
        raise ProtocolError(INVALID_REQUEST, "not a JSON-RPC 2.0 object", id_of(message))
    return message


def read(stream: BinaryIO) -> Optional[Message]:
    """The next message of a stream; None at its end. After an error the next line can be read.

    Raises:
        ProtocolError: As `decode`, or the line is longer than `LONGEST_LINE` bytes; it is skipped.
    """
    line = stream.readline(LONGEST_LINE)
    if not line:
        return None
    if not line.endswith(b"\n") and len(line) == LONGEST_LINE:
        message_id = _id_in(line)
        while line and not line.endswith(b"\n"):
            line = stream.readline(LONGEST_LINE)
        raise ProtocolError(INVALID_REQUEST, TOO_LONG, message_id)
    return decode(line)


def _id_in(line: bytes) -> Optional[int]:
    """The id at the beginning of a line that cannot be read, or not whole."""
    head = HEAD.match(line)
    return int(head.group(1)) if head else None
