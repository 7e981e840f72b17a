"""What the layer tree says of results: which layers show one, and what is known of it."""

from __future__ import annotations

import json
from functools import partial
from hashlib import sha256
from typing import Any, Optional

from qgis.core import QgsLayerTreeLayer, QgsProject

from ..map.shape import checked
from ..paths import PLUGIN

ROLES = ("polygons", "mask", "probability")
"""From the top of the group to its bottom; `probability` is hidden."""

RUN = f"{PLUGIN}/run"
ROLE = f"{PLUGIN}/role"
LAYER = f"{PLUGIN}/layer"
"""Which layer was given the role. A copy has another id: it is the analyst's."""

FACTS = f"{PLUGIN}/result"
EDITED = f"{PLUGIN}/edited"


def watch(node: QgsLayerTreeLayer, project: QgsProject) -> None:
    """Notes of the polygons of a result when the analyst has edited them."""
    if node.customProperty(ROLE) == "polygons":
        layer = node.layer()
        layer.afterCommitChanges.connect(partial(_note_edited, layer.id(), project))


def _note_edited(layer: str, project: QgsProject) -> None:
    node = project.layerTreeRoot().findLayer(layer)
    if node is not None and key_of(node) is not None:
        node.setCustomProperty(EDITED, True)


def key_of(node: QgsLayerTreeLayer) -> Optional[str]:
    """The run of a layer that shows one; None for all others, copies among them."""
    own = node.layer() is not None and node.customProperty(LAYER) == seal_of(node.layerId())
    return str(node.customProperty(RUN)) if own and node.customProperty(ROLE) in ROLES else None


def seal_of(layer: str) -> str:
    """The id of a layer as QGIS does not know it: what is pasted gets a new id wherever it is."""
    return sha256(layer.encode()).hexdigest()[:16]


def facts_of(node: QgsLayerTreeLayer) -> Optional[dict[str, Any]]:
    """What a layer says of its result; None where that makes no sense."""
    try:
        facts = json.loads(node.customProperty(FACTS))
        threshold, count, source = float(facts["threshold"]), facts["count"], facts["source"]
        if not 0 < threshold <= 1:
            return None
        return {
            "expression": str(facts["expression"]),
            "threshold": threshold,
            "count": None if count is None else int(count),
            "shape": checked(facts["shape"]),
            "source": source if isinstance(source, dict) else None,
        }
    except (TypeError, ValueError, KeyError, OverflowError):
        return None
