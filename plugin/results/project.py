"""The results in a project."""

from __future__ import annotations

from typing import Optional

from qgis.core import (
    QgsLayerTree,
    QgsLayerTreeGroup,
    QgsLayerTreeLayer,
    QgsLayerTreeNode,
    QgsMapLayer,
    QgsProject,
)
from qgis.PyQt.QtCore import QObject

from .groups import ResultGroup
from .marks import key_of, watch


class Results(QObject):
    """The results in a project, found by what the layer tree says of them."""

    def __init__(self, project: QgsProject) -> None:
        super().__init__()
        self._project = project
        self._groups: dict[str, ResultGroup] = {}
        project.readProject.connect(self._watch)
        project.cleared.connect(self._forget)
        self._watch()

    def adopt(self, group: ResultGroup) -> None:
        """Knows a group that was just made."""
        self._groups[group.key] = group

    def of(self, layer: Optional[QgsMapLayer]) -> Optional[ResultGroup]:
        """The result that a layer shows."""
        return self.at(None if layer is None else self._root.findLayer(layer.id()))

    def at(self, node: Optional[QgsLayerTreeNode]) -> Optional[ResultGroup]:
        """The result of a layer in the layer tree, or the only one in a group."""
        if isinstance(node, QgsLayerTreeLayer):
            return self._shown_by(node)
        found = self._below(node) if isinstance(node, QgsLayerTreeGroup) else []
        return found[0] if len(found) == 1 else None

    def topmost(self) -> Optional[ResultGroup]:
        """The result that is the first in the layer tree."""
        return next(iter(self._below(self._root)), None)

    def close(self) -> None:
        """Looks at the project no longer."""
        self._project.readProject.disconnect(self._watch)
        self._project.cleared.disconnect(self._forget)

    @property
    def _root(self) -> QgsLayerTree:
        return self._project.layerTreeRoot()

    def _shown_by(self, node: QgsLayerTreeLayer) -> Optional[ResultGroup]:
        key = key_of(node)
        if key is None:
            return None
        group = self._groups.get(key) or ResultGroup.again(key, self._project)
        if group is not None:
            self._groups[key] = group
        return group

    def _below(self, group: QgsLayerTreeGroup) -> list[ResultGroup]:
        results = map(self._shown_by, group.findLayers())
        return list({each.key: each for each in results if each is not None}.values())

    def _watch(self) -> None:
        for node in self._root.findLayers():
            if key_of(node) is not None:
                watch(node, self._project)

    def _forget(self) -> None:
        self._groups.clear()
