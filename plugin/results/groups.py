"""A result on the map: a group of layers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Optional
from uuid import uuid4

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsLayerTreeGroup,
    QgsLayerTreeLayer,
    QgsMapLayer,
    QgsProject,
    QgsRasterLayer,
    QgsRasterRenderer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from ...engine.files.outputs import FILES
from ..map.extents import Refusal
from .appearance import describe, name_of, shortened, show_selected, style
from .marks import EDITED, FACTS, LAYER, ROLE, ROLES, RUN, facts_of, key_of, seal_of, watch
from .switch import refuse_invalid, switch
from .versions import file_of

translate = QCoreApplication.translate


class ResultGroup:
    """A group named after the expression at the top of the layer tree: polygons, mask, probability.

    The nodes of the layers carry run, role and facts of the result as custom properties; those of a
    layer would go with a style that is pasted. So the analyst may rename, move, group or remove any
    of them, and a project that is opened again, in another place too, still has its results.
    """

    def __init__(self, run: Path, project: QgsProject, key: str = "") -> None:
        self.run = run
        self._project = project
        self.key = key or uuid4().hex
        self._facts: dict[str, Any] = {}
        self._source: Any = None
        self._shown: Optional[dict[str, bool]] = None
        self._renderer: Optional[QgsRasterRenderer] = None

    @classmethod
    def again(cls, key: str, project: QgsProject) -> Optional[ResultGroup]:
        """The group of a run in a project that was opened; None where it has none."""
        nodes = [node for node in project.layerTreeRoot().findLayers() if key_of(node) == key]
        told = [facts for facts in map(facts_of, nodes) if facts is not None]
        if not told:
            return None
        files = [file_of(node.layer()) for node in nodes]
        kept = [found for found in map(_probability_of, files) if found is not None]
        group = cls((kept or files)[0].parent, project, key)
        group._facts, group._source = told[0], _found(told[0]["source"], project)
        return group

    def show(
        self, result: dict[str, Any], crs: Optional[QgsCoordinateReferenceSystem] = None
    ) -> list[str]:
        """Puts a result on the map: new layers the first time, new data in the same layers after.

        A layer that the analyst has removed stays away, one that was edited stays as it is.

        Args:
            result: The engine's Result.
            crs: The CRS of the segmented layer, which QGIS may know better than the file; asked for
                the first time only.

        Returns:
            What of the layers could not be kept, for the analyst.

        Raises:
            Refusal: The polygons are being edited, or a file of the result cannot be opened.
        """
        self.refuse_while_edited()
        lost: list[str] = []
        first = not self._facts
        facts = {name: result[name] for name in ("expression", "threshold", "count")}
        facts["shape"] = result.get("shape") or {}
        if first:
            self._insert_all(result, crs)
        else:
            for role, node in self._nodes():
                path = result.get(role)
                if path and node.customProperty(EDITED):
                    self._replace(node, role, path, result["expression"])
                elif path and file_of(node.layer()) != Path(path):
                    lost += switch(node.layer(), path)
        self._facts = facts
        for _, node in self._nodes():
            describe(node.layer(), result)
        self._note()
        return lost

    def looked_at(self, source: Any) -> None:
        """What was segmented: the parameters of the engine's Source, or an Export."""
        self._source = source
        self._note()

    @property
    def present(self) -> bool:
        """Whether any of its layers is still there."""
        return bool(self._nodes())

    @property
    def outputs(self) -> tuple[str, ...]:
        """Which of polygons and mask are still there."""
        return tuple(role for role, _ in self._nodes() if role != "probability")

    @property
    def probability(self) -> Optional[str]:
        """What its thresholds are made of, or None where it is not there any more."""
        found = (_probability_of(file_of(node.layer())) for _, node in self._nodes())
        return next((str(each) for each in found if each is not None), None)

    @property
    def version(self) -> Optional[Path]:
        """The folder of the threshold that is shown."""
        shown = (node for role, node in self._nodes() if role != "probability")
        return next((file_of(node.layer()).parent for node in shown), None)

    @property
    def edited(self) -> bool:
        """Whether the analyst has edited the polygons."""
        return any(node.customProperty(EDITED) for _, node in self._nodes())

    @property
    def expression(self) -> str:
        """What was asked for."""
        return str(self._facts["expression"])

    @property
    def threshold(self) -> float:
        """From 0 to 1."""
        return float(self._facts["threshold"])

    @property
    def shape(self) -> dict[str, Any]:
        """The parameters of the engine's Shape."""
        return dict(self._facts["shape"])

    @property
    def count(self) -> Optional[int]:
        """Polygons, None where none were asked for."""
        return self._facts["count"] if "polygons" in self.outputs else None

    @property
    def source(self) -> Any:
        """What was segmented; None where that is not known any more."""
        return self._source

    def layer(self, role: str) -> Optional[QgsMapLayer]:
        """The layer with this role, or None where there is none (any more)."""
        return next((node.layer() for found, node in self._nodes() if found == role), None)

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
            self._shown = {n.layerId(): n.itemVisibilityChecked() for _, n in self._nodes()}
            self._renderer = layer.renderer().clone()
        show_selected(layer, threshold)
        for _, node in self._nodes():
            node.setItemVisibilityChecked(node.layerId() == layer.id())

    def end_preview(self) -> None:
        """Shows what was shown before the preview."""
        if self._shown is None:
            return
        for _, node in self._nodes():
            node.setItemVisibilityChecked(self._shown.get(node.layerId(), True))
        layer = self.layer("probability")
        if layer is not None:
            layer.setRenderer(self._renderer)
            layer.triggerRepaint()
        self._shown = self._renderer = None

    def _nodes(self) -> list[tuple[str, QgsLayerTreeLayer]]:
        """The layers that show the run, as nodes with their roles, from top to bottom."""
        own = {
            node.customProperty(ROLE): node
            for node in self._project.layerTreeRoot().findLayers()
            if key_of(node) == self.key and self.run in file_of(node.layer()).parents
        }
        return [(role, own[role]) for role in ROLES if role in own]

    def _insert_all(
        self, result: dict[str, Any], crs: Optional[QgsCoordinateReferenceSystem]
    ) -> None:
        expression = result["expression"]
        layers = [
            (role, self._new_layer(role, result[role], expression))
            for role in ROLES
            if result.get(role)
        ]
        group = self._project.layerTreeRoot().insertGroup(0, shortened(expression))
        for place, (role, layer) in enumerate(layers):
            if crs is not None and crs.isValid():
                layer.setCrs(crs)
            node = self._insert(layer, role, group, place)
            node.setItemVisibilityChecked(role != "probability")
        # Shows the layers in the tree, which folds a group that was empty when it came.
        group.setExpanded(False)
        group.setExpanded(True)

    def _insert(
        self, layer: QgsMapLayer, role: str, group: QgsLayerTreeGroup, place: int
    ) -> QgsLayerTreeLayer:
        self._project.addMapLayer(layer, False)
        node = group.insertLayer(place, layer)
        node.setExpanded(False)
        for key, value in ((RUN, self.key), (ROLE, role), (LAYER, seal_of(layer.id()))):
            node.setCustomProperty(key, value)
        watch(node, self._project)
        return node

    def _new_layer(self, role: str, path: str, expression: str) -> QgsMapLayer:
        name = name_of(role, expression)
        if role == "polygons":
            layer: QgsMapLayer = QgsVectorLayer(path, name, "ogr")
        else:
            layer = QgsRasterLayer(path, name, "gdal")
        refuse_invalid(layer, path)
        style(layer, role)
        return layer

    def _replace(self, node: QgsLayerTreeLayer, role: str, path: str, expression: str) -> None:
        """Leaves a layer the analyst has edited as it is, theirs from now on, below a new one."""
        edited, layer = node.layer(), self._new_layer(role, path, expression)
        if edited.crs().isValid():
            layer.setCrs(edited.crs())
        for key in (RUN, ROLE, LAYER, FACTS, EDITED):
            node.removeCustomProperty(key)
        edited.setName(translate("Layers", "{} (edited)").format(edited.name()))
        group = node.parent()
        self._insert(layer, role, group, group.children().index(node))

    def _note(self) -> None:
        """Writes the facts into the layers, so that the project has them."""
        source = self._source if isinstance(self._source, dict) else None
        text = json.dumps({**self._facts, "source": source}, ensure_ascii=False)
        for _, node in self._nodes():
            node.setCustomProperty(FACTS, text)


def add(
    result: dict[str, Any], run: Path, crs: QgsCoordinateReferenceSystem, project: QgsProject
) -> ResultGroup:
    """Puts a new result on the map, in a group of its own.

    Args:
        result: The engine's Result.
        run: The folder that holds the files of this run and of its other thresholds.
        crs: The CRS of the segmented layer, which QGIS may know better than the file.
        project: The project that gets the layers.

    Raises:
        Refusal: A file of the result cannot be opened.
    """
    group = ResultGroup(run, project)
    group.show(result, crs)
    return group


def _found(source: Optional[dict[str, Any]], project: QgsProject) -> Optional[dict[str, Any]]:
    """The parameters of a Source whose raster may lie elsewhere now; None where it is not found."""
    path = str(source.get("path")) if source else ""
    layers = project.mapLayers().values()
    rasters = [layer.source() for layer in layers if isinstance(layer, QgsRasterLayer)]
    if path in rasters or Path(path).is_file():
        return source
    moved = [raster for raster in rasters if Path(raster).name == Path(path).name]
    return {**source, "path": moved[0]} if source and len(moved) == 1 else None


def _probability_of(file: Path) -> Optional[Path]:
    """The probabilities that a file of a result was made of: nowhere but in the folder of a run."""
    places = (file.parent / FILES["probability"], file.parent.parent / FILES["probability"])
    return next((place for place in places if place.is_file()), None)
