"""The errors an analyst may see: what is wrong, with which input, and what to do."""

from __future__ import annotations


class EngineError(Exception):
    """Something went wrong that the analyst can do something about."""

    code = -32000


class InputError(EngineError):
    """The request does not make sense: expression, extent, bands, threshold."""

    code = -32001


class RasterError(EngineError):
    """A source that cannot be read, or cannot be placed on the ground."""

    code = -32002


class ModelError(EngineError):
    """An unknown model, missing or damaged weights."""

    code = -32003


class OutputError(EngineError):
    """A folder or file that cannot be written."""

    code = -32004


class Cancelled(EngineError):
    """The analyst cancelled the request."""

    code = -32005


class OutOfMemory(EngineError):
    """The device has too little memory for the request."""

    code = -32006


class Unforeseen(EngineError):
    """Anything else; the engine's log has the details."""

    code = -32603
