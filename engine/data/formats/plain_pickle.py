"""Pickles of plain values: containers, numbers and strings. Whatever wants more is refused."""

from __future__ import annotations

import io
import pickle  # nosec B403  # the class below admits no class or function, so nothing can be run
import pickletools  # nosec B403  # it lists what a pickle would do, and does nothing
from pathlib import Path
from typing import Any, NoReturn

from engine.errors import InputError

MAX_BYTES = 2**28

# Not all have a common ancestor; a damaged file may raise any of them.
DAMAGE = (
    pickle.UnpicklingError,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    TypeError,
    ValueError,
)


def read(path: Path) -> Any:
    """What a pickle of any protocol holds; strings of Python 2 are read as Latin-1.

    Raises:
        InputError: The file cannot be read, is larger than 256 MiB or damaged, or wants a class
            or a function.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as cause:
        raise InputError(f"{path} cannot be read: {cause}") from cause
    if len(data) > MAX_BYTES:
        raise InputError(f"{path} is larger than {MAX_BYTES >> 20} MiB and is not read.")
    try:
        _check_places(data)
        return _PlainUnpickler(io.BytesIO(data), path).load()
    except DAMAGE as cause:
        reason = str(cause) or type(cause).__name__
        raise InputError(
            f"{path} is no pickle, or a damaged one: {reason}. Fetch it again."
        ) from cause


class _PlainUnpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, path: Path) -> None:
        super().__init__(file, encoding="latin1")
        self._path = path

    def find_class(self, module: str, name: str) -> NoReturn:
        self._refuse(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> NoReturn:
        self._refuse("an object from outside the file (a persistent id)")

    def _refuse(self, wanted: str) -> NoReturn:
        raise InputError(
            f"{self._path} is refused: it wants {wanted}, which may run code. Only lists, tuples, "
            "dictionaries, sets, numbers and strings are read."
        )


def _check_places(data: bytes) -> None:
    """Looks at every instruction without following it.

    Values are kept in numbered places, and memory is taken up to the highest number; lengths may
    lie as well. An honest file needs two bytes for a place, and has the bytes it announces.
    """
    for instruction, argument, _ in pickletools.genops(data):
        if instruction.name.endswith("PUT") and int(argument or 0) > len(data):
            raise ValueError(f"it has {len(data)} bytes and keeps a value in place {argument}")
