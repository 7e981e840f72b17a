"""The messages between QGIS and the engine: JSON-RPC 2.0, one UTF-8 object a line.

Standard library only.
"""

from __future__ import annotations

import json
from typing import Any, BinaryIO, Optional

VERSION = 1
LONGEST_LINE = 16 * 1024 * 1024

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
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


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
    return {"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": message}}


def encode(message: Message) -> bytes:
    """One line, its end included.

    Everything beyond ASCII is escaped: line breaks cannot split a message, and the lone surrogates
    by which Python writes file names that are not UTF-8 arrive as they left.

    Raises:
        TypeError: The message holds something JSON has no form for.
        ValueError: The message holds a number that is not finite, or is too long to be read.
        RecursionError: The message is too deep.
    """
    line = json.dumps(message, allow_nan=False).encode("ascii") + b"\n"
    if len(line) > LONGEST_LINE:
        raise ValueError(f"a message of {len(line):,} bytes is longer than {LONGEST_LINE:,}")
    return line


def decode(line: bytes) -> Message:
    """The message on a line.

    Raises:
        ProtocolError: The line is not UTF-8, not JSON, or not a JSON-RPC 2.0 object.
    """
    try:
        message = json.loads(line.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as cause:
        raise ProtocolError(PARSE_ERROR, f"not a JSON message: {cause}") from cause
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        raise ProtocolError(INVALID_REQUEST, "not a JSON-RPC 2.0 object")
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
        while line and not line.endswith(b"\n"):
            line = stream.readline(LONGEST_LINE)
        raise ProtocolError(INVALID_REQUEST, f"a message is longer than {LONGEST_LINE} bytes")
    return decode(line)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON number")
