"""A layer without a file -> a temporary GeoTIFF, in the background, whole or not at all."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Optional

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsDistanceArea,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRaster,
    QgsRasterBlock,
    QgsRasterBlockFeedback,
    QgsRasterDataProvider,
    QgsRasterLayer,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QCoreApplication

from . import tiles
from .extents import Bounds, Refusal
from .geotiff import Shape, Unwritable, closing, creating, known_by, temporary_folder

translate = QCoreApplication.translate

RESOLUTION = 0.5
"""Metres a pixel of a layer that has no pixels of its own, where nothing else is asked for."""

SQUARE = 0.01
"""How much longer than high pixels may be on the ground and count as square."""

MOST_PIXELS = 10**8
"""What is fetched of a server at most: 10,000 x 10,000 pixels, some 1,500 tiles."""

MOST_FILE_PIXELS = 10**9
"""What is copied of a file at most."""

CHUNK = 1024
"""The side in pixels of what is fetched at a time."""

SILENT = ("wcs",)
"""Providers that give zeros, and tell of no error, where the server gave nothing."""

PICTURES = (Qgis.DataType.ARGB32, Qgis.DataType.ARGB32_Premultiplied)
BLUE, GREEN, RED, OPACITY = range(4)
"""Where the bytes of a pixel lie in a picture of QGIS."""

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Pixels:
    """`width` x `height` pixels that cover `extent`."""

    extent: QgsRectangle
    width: int
    height: int

    def chunks(self) -> list[tuple[int, int, Pixels]]:
        """Its parts of at most CHUNK pixels squared, each with its first column and row."""
        return [
            (col, row, self.part(col, row, CHUNK, CHUNK))
            for row in range(0, self.height, CHUNK)
            for col in range(0, self.width, CHUNK)
        ]

    def part(self, col: int, row: int, width: int, height: int) -> Pixels:
        """The pixels from a column and a row on, cut at the border."""
        width, height = min(width, self.width - col), min(height, self.height - row)
        across, down = self.extent.width() / self.width, self.extent.height() / self.height
        left, top = self.extent.xMinimum() + col * across, self.extent.yMaximum() - row * down
        extent = QgsRectangle(left, top - height * down, left + width * across, top)
        return Pixels(extent, width, height)


@dataclass(frozen=True)
class Export:
    """What is to be fetched of a layer, once: made in the main thread, written in another.

    Attributes:
        name: The layer's.
        provider: A clone of the layer's, for the other thread.
        crs: The layer's.
        pixels: What is fetched.
        bands: Which bands, where the layer has numbers and not colours.
        area: Where nothing may be missing.
        params: The rest of the parameters of the engine's Source.
    """

    name: str
    provider: QgsRasterDataProvider
    crs: QgsCoordinateReferenceSystem
    pixels: Pixels
    bands: tuple[int, ...]
    area: QgsGeometry
    params: dict[str, Any]

    @contextmanager
    def exported(
        self, feedback: QgsRasterBlockFeedback, progress: Progress
    ) -> Iterator[dict[str, Any]]:
        """Writes the file, gives the parameters of the engine's Source, and removes the file.

        Args:
            feedback: Stops it when it is cancelled, from any thread.
            progress: Told how far it is.

        Raises:
            Refusal: The layer could not be fetched whole, the disk is full, or it was cancelled.
        """
        with temporary_folder() as folder:
            path = folder / "layer.tif"
            write = self._write_numbers if self.bands else self._write_picture
            try:
                with closing(self.provider):
                    content = write(path, feedback, progress)
            except Unwritable as cause:
                reason = translate("Export", "the temporary file cannot be written")
                raise self._refusal(reason) from cause
            with known_by(content, path) as known:
                yield {**self.params, "path": str(known), "name": self.name}

    def _write_picture(
        self, path: Path, feedback: QgsRasterBlockFeedback, progress: Progress
    ) -> str:
        local = tiles.are_local(self.provider)
        planes = (RED, GREEN, BLUE, OPACITY) if local else (RED, GREEN, BLUE)
        seen = False
        with creating(path, self._shape(Qgis.DataType.Byte, len(planes), opacity=local)) as target:
            for col, row, part in self._chunks(feedback, progress):
                block = self._fetch(1, part, feedback)
                if not block.convert(Qgis.DataType.ARGB32):
                    raise self._refusal(translate("Export", "its colours cannot be read"))
                colours = bytes(block.data())
                seen = seen or bool(colours[OPACITY::4].strip(b"\0"))
                for band, colour in enumerate(planes, start=1):
                    plane = QgsRasterBlock(Qgis.DataType.Byte, part.width, part.height)
                    plane.setData(colours[colour::4])
                    target.put(plane, band, col, row)
        if not seen:
            raise self._refusal(translate("Export", "it has no tiles there, or not so fine ones"))
        return target.content()

    def _write_numbers(
        self, path: Path, feedback: QgsRasterBlockFeedback, progress: Progress
    ) -> str:
        alpha = QgsRaster.ColorInterpretation.AlphaBand
        opacity = self.provider.colorInterpretation(self.bands[-1]) == alpha
        kinds = {self.provider.sourceDataType(band) for band in self.bands}
        kind = kinds.pop() if len(kinds) == 1 else Qgis.DataType.Float64
        first = self.bands[0]
        has_nodata = self.provider.sourceHasNoDataValue(first)
        nodata = self.provider.sourceNoDataValue(first) if has_nodata else None
        shape = self._shape(kind, len(self.bands), opacity, nodata)
        with creating(path, shape) as target:
            for col, row, part in self._chunks(feedback, progress):
                for number, band in enumerate(self.bands, start=1):
                    block = self._fetch(band, part, feedback)
                    if block.dataType() != kind and not block.convert(kind):
                        raise self._refusal(translate("Export", "its values cannot be read"))
                    target.put(block, number, col, row)
        return target.content()

    def _shape(
        self, kind: Qgis.DataType, bands: int, opacity: bool, nodata: Optional[float] = None
    ) -> Shape:
        pixels = self.pixels
        return Shape(
            pixels.width, pixels.height, pixels.extent, self.crs, kind, bands, opacity, nodata
        )

    def _chunks(
        self, feedback: QgsRasterBlockFeedback, progress: Progress
    ) -> Iterator[tuple[int, int, Pixels]]:
        chunks = self.pixels.chunks()
        for number, chunk in enumerate(chunks):
            text = translate("Export", "Fetching “{}”: part {} of {}")
            progress(number, len(chunks), text.format(self.name, number + 1, len(chunks)))
            yield chunk

    def _fetch(self, band: int, part: Pixels, feedback: QgsRasterBlockFeedback) -> QgsRasterBlock:
        block = self._block(band, part, feedback)
        if tiles.arrive(self.provider):
            # Now all of them are at hand, and are drawn in the same order whenever they came.
            block = self._block(band, part, feedback)
        return block

    def _block(self, band: int, part: Pixels, feedback: QgsRasterBlockFeedback) -> QgsRasterBlock:
        block = self.provider.block(band, part.extent, part.width, part.height, feedback)
        if feedback.isCanceled():
            raise Refusal(translate("Export", "Cancelled."))
        if feedback.errors() or not block.isValid() or block.width() != part.width:
            errors = "; ".join(dict.fromkeys(feedback.errors()))
            raise self._refusal(errors or translate("Export", "it cannot be read here"))
        if not tiles.are_local(self.provider) and self.area.intersects(part.extent):
            self._refuse_gaps(block)
        return block

    def _refuse_gaps(self, block: QgsRasterBlock) -> None:
        values = bytes(block.data())
        if block.dataType() in PICTURES and 0 in values[OPACITY::4]:
            raise self._refusal(translate("Export", "the server did not give all of the image"))
        if self.provider.name() in SILENT and not values.strip(b"\0"):
            raise self._refusal(
                translate("Export", "the server gave nothing but zeros for a part of it")
            )

    def _refusal(self, reason: str) -> Refusal:
        return Refusal(
            translate(
                "Export",
                "The layer “{}” could not be fetched whole: {}. Nothing was segmented. Try again, "
                "choose an extent that the layer covers, or a coarser ground resolution.",
            ).format(self.name, reason)
        )


def export_of(
    layer: QgsRasterLayer,
    extent: Optional[Bounds],
    area: Optional[str],
    bands: Optional[list[int]],
    resolution: Optional[float],
) -> Export:
    """What is to be fetched of a layer without a file.

    Args:
        layer: The layer.
        extent: Where, in the CRS of the layer; all of it where it is None.
        area: WKT of the polygon in the extent that counts.
        bands: One or three bands; natural colours where they are None.
        resolution: Metres a pixel.

    Raises:
        Refusal: It is too much, or of no known size.
    """
    provider = layer.dataProvider()
    asked = layer.extent() if extent is None else QgsRectangle(*extent)
    colours = provider.dataType(1) in PICTURES
    own = not colours and provider.xSize() > 0
    if not own:
        across, down = _metres_per_unit(layer, asked)
        resolution = resolution or tiles.finest(provider) * max(across, down) or RESOLUTION
        pixels = _pixels_at(asked, resolution / max(across, down))
        # Degrees are narrower than high: there the engine makes the pixels square on the ground.
        resolution = None if abs(across / down - 1) < SQUARE else resolution
    else:
        pixels = _own_pixels(provider, asked)
    chosen = () if colours else _bands(provider, bands)
    if provider.colorInterpretation(1) == QgsRaster.ColorInterpretation.PaletteIndex and chosen:
        raise Refusal(
            translate(
                "Export",
                "The layer “{}” has a colour table and no file the engine can open. Export it "
                "first (right-click > Export > Save As…) and segment the exported layer.",
            ).format(layer.name())
        )
    most = MOST_FILE_PIXELS if provider.name() == "gdal" else MOST_PIXELS
    if pixels.width * pixels.height > most:
        text = translate(
            "Export",
            "This extent of “{}” has {} x {} pixels, too many to be fetched. "
            "Choose a smaller extent or a coarser ground resolution.",
        )
        if own:
            text = translate(
                "Export",
                "This extent of “{}” has {} x {} pixels, too many to be copied for the engine, "
                "which cannot open the layer's format. Choose a smaller extent, or save the layer "
                "as a GeoTIFF first.",
            )
        raise Refusal(text.format(layer.name(), pixels.width, pixels.height))
    return Export(
        name=layer.name(),
        provider=provider.clone(),
        crs=layer.crs(),
        pixels=pixels,
        bands=chosen,
        area=QgsGeometry.fromWkt(area) if area else QgsGeometry.fromRect(asked),
        params={"extent": None, "bands": None, "resolution": resolution, "area": area},
    )


def _pixels_at(asked: QgsRectangle, side: float) -> Pixels:
    """Pixels of so many units of the layer, from the upper left of the extent on.

    They are square in these units: QGIS draws tiles wrongly into others.
    """
    # What is less than a hundredth of a pixel too wide is rounding.
    width = max(math.ceil(asked.width() / side - 0.01), 1)
    height = max(math.ceil(asked.height() / side - 0.01), 1)
    left, top = asked.xMinimum(), asked.yMaximum()
    return Pixels(QgsRectangle(left, top - height * side, left + width * side, top), width, height)


def _metres_per_unit(layer: QgsRasterLayer, extent: QgsRectangle) -> tuple[float, float]:
    """Metres on the ground, across and down, of one unit of the layer in the middle of an extent.

    Raises:
        Refusal: The layer has no CRS.
    """
    ruler = QgsDistanceArea()
    ruler.setSourceCrs(layer.crs(), QgsProject.instance().transformContext())
    ruler.setEllipsoid(layer.crs().ellipsoidAcronym())
    x, y = extent.center().x(), extent.center().y()
    step = min(extent.width(), extent.height()) / 100
    across = ruler.measureLine(QgsPointXY(x, y), QgsPointXY(x + step, y)) / step
    down = ruler.measureLine(QgsPointXY(x, y), QgsPointXY(x, y + step)) / step
    if not (layer.crs().isValid() and across > 0 and down > 0):
        raise Refusal(
            translate(
                "Export",
                "The layer “{}” has no CRS, so its size on the ground is not known. Set its CRS.",
            ).format(layer.name())
        )
    return across, down


def _own_pixels(provider: QgsRasterDataProvider, asked: QgsRectangle) -> Pixels:
    """The layer's own pixels around the extent."""
    whole = Pixels(provider.extent(), provider.xSize(), provider.ySize())
    across, down = whole.extent.width() / whole.width, whole.extent.height() / whole.height
    noise = 1e-6
    left = math.floor((asked.xMinimum() - whole.extent.xMinimum()) / across + noise)
    right = math.ceil((asked.xMaximum() - whole.extent.xMinimum()) / across - noise)
    top = math.floor((whole.extent.yMaximum() - asked.yMaximum()) / down + noise)
    bottom = math.ceil((whole.extent.yMaximum() - asked.yMinimum()) / down - noise)
    left, top = max(left, 0), max(top, 0)
    return whole.part(left, top, max(right - left, 1), max(bottom - top, 1))


def _bands(provider: QgsRasterDataProvider, asked: Optional[list[int]]) -> tuple[int, ...]:
    """The bands asked for, else those of natural colours; and the one of opacity behind them."""
    meanings = {band: provider.colorInterpretation(band) for band in _numbers(provider)}
    colours = QgsRaster.ColorInterpretation
    opacity = [band for band, means in meanings.items() if means == colours.AlphaBand]
    plain = [band for band in meanings if band not in opacity]
    rgb = [
        band
        for colour in (colours.RedBand, colours.GreenBand, colours.BlueBand)
        for band, means in meanings.items()
        if means == colour
    ]
    natural = rgb if len(rgb) == 3 else plain[:3] if len(plain) >= 3 else plain[:1]
    return (*(asked or natural), *opacity[:1])


def _numbers(provider: QgsRasterDataProvider) -> range:
    return range(1, provider.bandCount() + 1)
