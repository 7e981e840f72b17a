"""Layers of the WMS provider whose picture QGIS puts together from tiles: XYZ, WMTS, MBTiles."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProviderRegistry, QgsRasterDataProvider

SIZE = {"maxWidth", "maxHeight"}
"""What the address of a WMS has that is asked for in tiles."""


def arrive(provider: QgsRasterDataProvider) -> bool:
    """Whether its pictures are made of tiles that come in any order.

    QGIS lays those at hand in one order, and the others as they arrive; since QGIS 3.42, tiles are
    stretched to whole pixels and overlap, so that the one that comes last wins.
    """
    address = _address(provider)
    return bool(address) and (bool(provider.nativeResolutions()) or set(address) >= SIZE)


def are_local(provider: QgsRasterDataProvider) -> bool:
    """Whether its tiles are files on this computer: one that is not there was never made."""
    return "path" in _address(provider) or _packed(provider)


def finest(provider: QgsRasterDataProvider) -> float:
    """How many units of its CRS its smallest pixels are wide; 0 where only a server knows that.

    The levels of XYZ are those that may be asked for, and not those that there are.
    """
    return min(provider.nativeResolutions(), default=0.0) if _packed(provider) else 0.0


def _packed(provider: QgsRasterDataProvider) -> bool:
    return _address(provider).get("type") == "mbtiles"


def _address(provider: QgsRasterDataProvider) -> dict[str, Any]:
    if provider.name() != "wms":
        return {}
    return QgsProviderRegistry.instance().decodeUri("wms", provider.dataSourceUri())
