"""QGIS layer and extent -> the engine's Source;  the engine's Result -> layers on the map."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Optional, Union

from qgis.core import (
    QgsMapLayer,
    QgsProviderRegistry,
    QgsRasterLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from .export import Export, export_of
from .extents import Place, Refusal, clip
from .formats import engine_opens
from .told import told_bands, told_crs, told_values

translate = QCoreApplication.translate

Source = Union[dict[str, Any], Export]
"""The parameters of the engine's Source; for a layer without a file, what gives them in time."""


def source_of(
    layer: Optional[QgsMapLayer],
    place: Optional[Place] = None,
    bands: Optional[list[int]] = None,
    resolution: Optional[float] = None,
    warp: bool = False,
) -> Source:
    """What the engine is to read.

    Args:
        layer: The raster layer.
        place: Where to look; the whole layer where it is None.
        bands: One or three bands, counted from 1; those the analyst has chosen for the layer, else
            the engine's choice, where they are None.
        resolution: Metres a pixel; the engine's choice where it is None. Of a layer without a CRS
            it is how many metres a pixel of the file has.
        warp: Whether a raster that only ground control points or RPC place is warped.

    Returns:
        The parameters of a Source: path, extent, bands, resolution, area, warp, and what the
        analyst has told QGIS of the layer. Where the layer has no file that the engine can open:
        what is to be exported first.

    Raises:
        Refusal: The layer is no raster, is not available, or does not meet the place.
    """
    if not isinstance(layer, QgsRasterLayer):
        raise Refusal(
            translate("Layers", "There is no raster layer to segment. Add one, or choose it above.")
        )
    if not layer.isValid():
        raise Refusal(
            translate(
                "Layers",
                "The source of “{}” is not available. Repair the layer, or choose another.",
            ).format(layer.name())
        )
    extent, area = (None, None) if place is None else clip(place, layer)
    bands = bands or told_bands(layer)
    path = file_of(layer)
    if path is None:
        export = export_of(layer, extent, area, bands, resolution)
        told = told_values(layer, list(export.bands), exported=True) if export.bands else {}
        return replace(export, params={**export.params, **told})
    return {
        "path": path,
        "extent": None if extent is None else list(extent),
        "bands": bands,
        "resolution": resolution,
        "area": area,
        "warp": warp and _ground(layer),
        **told_crs(layer),
        **told_values(layer, bands),
    }


def _ground(layer: QgsRasterLayer) -> Union[bool, str]:
    """Onto what the engine is to warp: what QGIS does, which extents and results are told in."""
    # Not the CRS of the layer: the analyst may have told QGIS to take the coordinates for others.
    crs = layer.dataProvider().crs()
    return crs.toWkt() if crs.isValid() else True


def file_of(layer: QgsRasterLayer) -> Optional[str]:
    """The name under which the engine opens the raster of `layer`; None without one."""
    if layer.providerType() != "gdal" or layer.source().startswith("/vsimem/"):
        return None
    # A bar may also be a part of a file's name: only QGIS knows which.
    parts = QgsProviderRegistry.instance().decodeUri("gdal", layer.source())
    if parts.get("openOptions") or parts.get("credentialOptions"):
        return None
    name = layer.source()
    return name if engine_opens(name) else None
