"""The shapes of the engine's answers, as far as anything in QGIS reads them."""

from __future__ import annotations

import math
from typing import Any

from ...engine.service.client import misunderstood
from ...engine.service.protocol import shown

Shape = Any
"""A type; None; a value; a list or a dict of shapes; a tuple of shapes of which one fits.

In a dict, `str` stands for all other names, and a name that ends in "?" may be missing.
"""

LARGEST = 2**63
"""Beyond it no whole number of the engine's makes sense, and few can be formatted."""

COUNTS = {"train": int, "val": int}

CARD = {
    "id": str,
    "title": str,
    "about": str,
    "categories": ([str], None),
    "taught?": [str],
    "finest": float,
    "coarsest": float,
    "languages": [str],
    "licence": str,
    "installed": bool,
    "teachable": bool,
    "folder": str,
    "base": ({"id": str}, None),
    "weights": [{"name": str, "sha256": str}],
    "metrics": {
        "expressions?": {str: {"before": float, "after": float, "n": int}},
        "mIoU before?": float,
        "mIoU after?": float,
    },
}

DAMAGED = {"id": str, "title": str, "damaged": str}

RESULT = {
    "probability": str,
    "mask": (str, None),
    "polygons": (str, None),
    "count": (int, None),
    "area_m2": (float, None),
    "expression": str,
    "model": str,
    "weights_sha256": str,
    "source": str,
    "threshold": float,
    "warnings": [str],
}

SAMPLES = {
    "folder": str,
    "counts": {str: COUNTS},
    "samples": COUNTS,
    "negatives": {str: int},
    "views": {str: int},
    "features": int,
    "used": int,
    "skipped": [{"reason": str, "features": [object]}],
    "resolution": (float, None),
    "warnings": [str],
    "files": [str],
}

PRESET = {
    "preset": str,
    "steps": int,
    "scope": str,
    "batch": int,
    "accumulate": int,
    "precision": str,
    "seconds": float,
    "memory_bytes": int,
    "fits": bool,
}

SHAPES: dict[str, Shape] = {
    "initialize": (
        {"device": "cpu", "reason": str},
        {"device": str, "device_name": str, "memory_bytes": int},
    ),
    "models": [(CARD, DAMAGED)],
    "check": {"known": [str], "unknown": bool, "message": str},
    "segment": RESULT,
    "rethreshold": RESULT,
    "samples": SAMPLES,
    "presets": [PRESET],
    "finetune": CARD,
    "finish_finetuning": CARD,
    "evaluate": {"n": int, "mIoU": (float, None), "files": {"report.json": str, str: str}},
    "export_model": {},
    "import_model": CARD,
    "delete_model": {},
}


def checked(method: str, answer: Any) -> Any:
    """The answer to a request, if it is one that QGIS can read.

    Raises:
        EngineFailure: It has another shape.
    """
    wrong = _fault(answer, SHAPES[method], method)
    if wrong:
        raise misunderstood(wrong)
    return answer


def _fault(value: Any, shape: Shape, name: str) -> str:
    """What is wrong with a value, by its name; nothing where it has the shape."""
    if isinstance(shape, tuple):
        faults = [_fault(value, each, name) for each in shape]
        return "" if "" in faults else faults[0]
    if isinstance(shape, list) and isinstance(value, list):
        return _first(_fault(each, shape[0], f"{name}[{at}]") for at, each in enumerate(value))
    if isinstance(shape, dict) and isinstance(value, dict):
        return _missing(value, shape, name) or _first(
            _fault(each, _part(shape, key), f"{name}.{key}") for key, each in value.items()
        )
    return "" if _fits(value, shape) else f"{name} is {shown(value)}"


def _missing(value: dict[str, Any], shape: dict[Any, Shape], name: str) -> str:
    needed = (key for key in shape if key is not str and not key.endswith("?"))
    return _first(f"{name}.{key} is missing" for key in needed if key not in value)


def _part(shape: dict[Any, Shape], key: str) -> Shape:
    return shape.get(key, shape.get(f"{key}?", shape.get(str, object)))


def _first(faults: Any) -> str:
    return next((fault for fault in faults if fault), "")


def _fits(value: Any, shape: Shape) -> bool:
    if shape is int:
        return type(value) is int and abs(value) < LARGEST
    if shape is float:
        return type(value) in (int, float) and abs(value) < LARGEST and math.isfinite(value)
    if isinstance(shape, type):
        return isinstance(value, shape)
    return not isinstance(shape, (dict, list)) and value == shape
