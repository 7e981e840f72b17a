"""The layers of one run on the map."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsLayerTreeGroup,
    QgsLayerTreeLayer,
    QgsMapLayer,
    QgsMessageLog,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from ..paths import PLUGIN
from .appearance import describe, name_fields, name_of, shortened, show_selected, style
from .extents import Refusal

translate = QCoreApplication.translate

ROLES = ("polygons", "mask", "probability")
"""From the top of the group to its bottom; `probability` is hidden."""

RUN = f"{PLUGIN}/run"
ROLE = f"{PLUGIN}/role"
EDITED = f"{PLUGIN}/edited"


class ResultGroup:
    """A group named after the expression at the top of the layer tree: polygons, mask, probability.

    Group and layers carry their run and role as custom properties, so the analyst may rename,
    move or remove any of them.
    """

    def __init__(self, run: Path, project: QgsProject) -> None:
        self.run = run
        self._project = project
        self._shown: Optional[dict[str, bool]] = None

    def show(self, result: dict[str, Any], crs: QgsCoordinateReferenceSystem) -> None:
        """Puts a result on the map: new layers the first time, new data in the same layers after.

        Args:
            result: The engine's Result.
            crs: The CRS of the segmented layer, which QGIS may know better than the file.

        Raises:
            Refusal: The polygons are being edited, or a file of the result cannot be opened.
        """
        self.refuse_while_edited()
        new = self._group() is None
        for role in ROLES:
            path = result.get(role)
            if not path:
                continue
            layer = self.layer(role)
            if layer is not None and layer.customProperty(EDITED):
                self._release(layer)
                layer = None
            if layer is None:
                layer = self._insert(role, path, result["expression"])
            else:
                self._switch(layer, path)
            if crs.isValid() and layer.crs() != crs:
                layer.setCrs(crs)
            describe(layer, result)
        if new:
            self._unfold()

    def layer(self, role: str) -> Optional[QgsMapLayer]:
        """The layer with this role, or None where there is none (any more)."""
        for node, found in self._nodes():
            if found == role:
                return node.layer()
        return None

    def refuse_while_edited(self) -> None:
        """Raises a `Refusal` while the analyst edits the polygons."""
        polygons = self.layer("polygons")
        if polygons is not None and polygons.isEditable():
            raise Refusal(
                translate(
                    "Layers",
                    "“{}” is being edited. Save or discard the edits, then move the threshold.",
                ).format(polygons.name())
            )

    def preview(self, threshold: float) -> None:
        """Shows at once, from the stored probabilities alone, what `threshold` would select."""
        layer = self.layer("probability")
        if layer is None:
            return
        if self._shown is None:
            self._shown = {n.layerId(): n.itemVisibilityChecked() for n, _ in self._nodes()}
        show_selected(layer, threshold)
        for node, role in self._nodes():
            node.setItemVisibilityChecked(role == "probability")

    def end_preview(self) -> None:
        """Shows what was shown before the preview."""
        if self._shown is None:
            return
        for node, role in self._nodes():
            node.setItemVisibilityChecked(self._shown.get(node.layerId(), role != "probability"))
            if role == "probability":
                style(node.layer(), role)
        self._shown = None

    def _group(self) -> Optional[QgsLayerTreeGroup]:
        for group in self._project.layerTreeRoot().findGroups(True):
            if group.customProperty(RUN) == str(self.run):
                return group
        return None

    def _nodes(self) -> Iterator[tuple[QgsLayerTreeLayer, str]]:
        """The nodes of the layers that belong to the run, with their roles."""
        group = self._group()
        for node in group.findLayers() if group is not None else []:
            role = node.layer().customProperty(ROLE) if node.layer() is not None else None
            if role in ROLES:
                yield node, role

    def _insert(self, role: str, path: str, expression: str) -> QgsMapLayer:
        layer = self._new_layer(role, path, expression)
        group = self._group()
        if group is None:
            root = self._project.layerTreeRoot()
            group = root.insertGroup(0, shortened(expression))
            group.setCustomProperty(RUN, str(self.run))
        above = sum(ROLES.index(other) < ROLES.index(role) for _, other in self._nodes())
        self._project.addMapLayer(layer, False)
        node = group.insertLayer(above, layer)
        node.setItemVisibilityChecked(role != "probability")
        node.setExpanded(False)
        return layer

    def _unfold(self) -> None:
        """Shows the layers in the tree, which folds a group that was empty when it came."""
        group = self._group()
        if group is not None:
            group.setExpanded(False)
            group.setExpanded(True)

    def _new_layer(self, role: str, path: str, expression: str) -> QgsMapLayer:
        name = name_of(role, expression)
        if role == "polygons":
            layer: QgsMapLayer = QgsVectorLayer(path, name, "ogr")
        else:
            layer = QgsRasterLayer(path, name, "gdal")
        _refuse_invalid(layer, path)
        layer.setCustomProperty(ROLE, role)
        style(layer, role)
        if role == "polygons":
            layer.afterCommitChanges.connect(lambda: layer.setCustomProperty(EDITED, True))
        return layer

    def _release(self, layer: QgsMapLayer) -> None:
        """Leaves a layer the analyst has edited as it is: from now on it is theirs."""
        layer.removeCustomProperty(ROLE)
        layer.setName(translate("Layers", "{} (edited)").format(layer.name()))

    def _switch(self, layer: QgsMapLayer, path: str) -> None:
        """Gives `layer` the data at `path`, keeps its style, and deletes its old file.

        On Windows an open file can be neither replaced nor deleted: the layer lets go of it first.
        """
        old = Path(layer.source().split("|", 1)[0])
        if old == Path(path):
            layer.reload()
            layer.triggerRepaint()
            return
        layer.setDataSource(path, layer.name(), layer.providerType())
        _refuse_invalid(layer, path)
        if isinstance(layer, QgsVectorLayer):
            name_fields(layer)
        layer.triggerRepaint()
        if self.run in old.parents:
            _delete(old)


def _refuse_invalid(layer: QgsMapLayer, path: str) -> None:
    if not layer.isValid():
        raise Refusal(
            translate("Layers", "The result {} cannot be opened. Segment again.").format(path)
        )


def _delete(file: Path) -> None:
    """Deletes a file and what QGIS wrote beside it; what another program holds open stays."""
    for part in file.parent.glob(f"{file.name}*"):
        try:
            part.unlink()
        except OSError as cause:
            QgsMessageLog.logMessage(f"{part}: {cause}", PLUGIN, Qgis.MessageLevel.Warning)
    if not any(file.parent.iterdir()):
        file.parent.rmdir()
