"""What an analyst has told QGIS of a raster layer, and its file does not say."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from typing import Any, Optional, Union

from qgis.core import (
    Qgis,
    QgsContrastEnhancement,
    QgsCoordinateReferenceSystem,
    QgsMultiBandColorRenderer,
    QgsRaster,
    QgsRasterDataProvider,
    QgsRasterLayer,
    QgsRasterMinMaxOrigin,
    QgsRasterRange,
    QgsSettings,
    QgsSingleBandGrayRenderer,
)

Pair = tuple[float, float]

SLACK = 1e-6
"""How far a value that was scaled may be from what is stored, as a share of it."""


def told_crs(layer: QgsRasterLayer) -> dict[str, Any]:
    """The setting `crs` of the engine's Source where the layer's is not its file's, else none."""
    crs = layer.crs()
    if not crs.isValid() or crs == layer.dataProvider().crs():
        return {}
    # The name since QGIS 3.36, and the one before.
    newer = getattr(Qgis, "CrsWktVariant", None)
    wkt2 = newer.Preferred if newer else QgsCoordinateReferenceSystem.WktVariant.WKT_PREFERRED
    return {"crs": crs.toWkt(wkt2)}


def told_values(
    layer: QgsRasterLayer, bands: Optional[list[int]], exported: bool = False
) -> dict[str, Any]:
    """The settings of the engine's Source on values: `nodata`, `declared_nodata`, `stretch`.

    Args:
        layer: The layer.
        bands: The bands that are looked at; None for the engine's choice.
        exported: Whether these bands are exported, in the values that QGIS shows, and counted anew.
    """
    provider = layer.dataProvider()
    numbers = bands if exported and bands else list(range(1, provider.bandCount() + 1))
    ranges = {band: list(_ranges(provider, band, exported)) for band in numbers}
    told: dict[str, Any] = {}
    if any(ranges.values()):
        alike = all(each == ranges[numbers[0]] for each in ranges.values())
        told["nodata"] = (
            ranges[numbers[0]]
            if alike
            else [
                [*each, number if exported else band]
                for number, band in enumerate(numbers, start=1)
                for each in ranges[band]
            ]
        )
    declaring = [band for band in numbers if provider.sourceHasNoDataValue(band)]
    if declaring and not any(provider.useSourceNoDataValue(band) for band in declaring):
        told["declared_nodata"] = False
    ends = _ends(layer)
    if bands and all(band in ends for band in bands):
        told["stretch"] = [
            list(ends[band] if exported else _stored(provider, band, *ends[band])) for band in bands
        ]
    return told


def told_bands(layer: QgsRasterLayer) -> Optional[list[int]]:
    """The bands that the analyst has chosen for the layer; None where QGIS shows its own choice."""
    renderer, provider = layer.renderer(), layer.dataProvider()
    if provider.bandCount() < 2:
        return None
    if isinstance(renderer, QgsSingleBandGrayRenderer):
        return displayed(layer)
    if not isinstance(renderer, QgsMultiBandColorRenderer):
        return None
    by_itself = renderer.usesBands() in (_first_bands(), _by_meaning(provider))
    return None if by_itself and not _ends(layer) else displayed(layer)


def displayed(layer: QgsRasterLayer) -> Optional[list[int]]:
    """The bands the layer is drawn from, where they are one or three."""
    renderer = layer.renderer()
    bands = [band for band in renderer.usesBands() if band > 0] if renderer is not None else []
    return single(bands[:3]) if len(bands) in (1, 3) else None


def single(bands: list[int]) -> list[int]:
    """Three times the same band is one band."""
    return bands[:1] if len(set(bands)) == 1 else bands


def _first_bands() -> list[int]:
    """What QGIS shows as red, green and blue."""
    settings, colours = QgsSettings(), ("Red", "Green", "Blue")
    return [
        int(settings.value(f"Raster/default{colour}Band", number))
        for number, colour in enumerate(colours, start=1)
    ]


def _by_meaning(provider: QgsRasterDataProvider) -> list[int]:
    """What calls itself red, green and blue, which newer versions of QGIS show."""
    colours = QgsRaster.ColorInterpretation
    meanings = [provider.colorInterpretation(n) for n in range(1, provider.bandCount() + 1)]
    return [
        meanings.index(colour) + 1
        for colour in (colours.RedBand, colours.GreenBand, colours.BlueBand)
        if colour in meanings
    ]


def _ends(layer: QgsRasterLayer) -> dict[int, Pair]:
    """What the analyst has typed as minimum and maximum of the bands on the screen."""
    renderer = layer.renderer()
    # The name since QGIS 3.38, and the one before.
    newer = getattr(Qgis, "RasterRangeLimit", None)
    typed = newer.NotSet if newer else QgsRasterMinMaxOrigin.Limits.None_
    if renderer is None or renderer.minMaxOrigin().limits() != typed:
        return {}
    ends = {}
    for band, contrast in _contrasts(renderer):
        algorithms = QgsContrastEnhancement.ContrastEnhancementAlgorithm
        if contrast is not None and contrast.contrastEnhancementAlgorithm() in (
            algorithms.StretchToMinimumMaximum,
            algorithms.StretchAndClipToMinimumMaximum,
        ):
            low, high = contrast.minimumValue(), contrast.maximumValue()
            if math.isfinite(low) and math.isfinite(high) and low != high:
                ends[band] = (low, high)
    return ends


def _contrasts(renderer: Any) -> Iterator[tuple[int, Optional[QgsContrastEnhancement]]]:
    if isinstance(renderer, QgsSingleBandGrayRenderer):
        yield renderer.grayBand(), renderer.contrastEnhancement()
    elif isinstance(renderer, QgsMultiBandColorRenderer):
        yield renderer.redBand(), renderer.redContrastEnhancement()
        yield renderer.greenBand(), renderer.greenContrastEnhancement()
        yield renderer.blueBand(), renderer.blueContrastEnhancement()


def _ranges(
    provider: QgsRasterDataProvider, band: int, exported: bool
) -> Iterator[list[Union[float, int]]]:
    """The additional nodata of a band, lowest and highest value included."""
    for each in provider.userNoDataValues(band):
        kinds = QgsRasterRange.BoundsType
        low, high = _finite(each.min(), -1), _finite(each.max(), 1)
        if each.bounds() in (kinds.IncludeMax, kinds.Exclusive):
            low = math.nextafter(low, math.inf)
        if each.bounds() in (kinds.IncludeMin, kinds.Exclusive):
            high = math.nextafter(high, -math.inf)
        if low > high:
            continue
        if not exported and (provider.bandScale(band), provider.bandOffset(band)) != (1.0, 0.0):
            low, high = sorted(_stored(provider, band, low, high))
            low -= SLACK * max(abs(low), 1)
            high += SLACK * max(abs(high), 1)
        yield [_finite(low, -1), _finite(high, 1)]


def _stored(provider: QgsRasterDataProvider, band: int, *values: float) -> Pair:
    """Values of a band as its file has them; QGIS shows them scaled."""
    scale, offset = provider.bandScale(band) or 1.0, provider.bandOffset(band)
    low, high = ((value - offset) / scale for value in values)
    return low, high


def _finite(value: float, side: int) -> float:
    """A bound that JSON can say; QGIS's is not a number where a range is open."""
    if math.isnan(value):
        return side * sys.float_info.max
    return min(max(value, -sys.float_info.max), sys.float_info.max)
