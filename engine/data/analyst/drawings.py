"""Drawings: an analyst's layers, read, laid on their rasters, and what became of each feature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np

from engine.data.analyst import labelled
from engine.data.analyst.labelled import Fates, Feature, LabelledLayer, Objects
from engine.data.analyst.sites import Drawing, Numbers
from engine.errors import InputError
from engine.raster.raster import Raster
from engine.raster.source import Source, open_source

Watch = Callable[[int, int, str, str], None]
"""Told steps done, steps in all, stage and message; raises where it is to stop."""

Found = Mapping[Source, Sequence[Objects]]


@dataclass(frozen=True)
class Drawings:
    """All layers, by raster.

    Attributes:
        drawings: One for each raster.
        own: Metres a pixel of each raster itself; None where that cannot be known.
        names: The expressions.
        keys: The feature behind each object of each drawing.
        features: All features of all layers.
        fates: What has become of them.
    """

    drawings: tuple[Drawing, ...]
    own: tuple[float | None, ...]
    names: tuple[str, ...]
    keys: tuple[tuple[Feature, ...], ...]
    features: frozenset[Feature]
    fates: Fates

    def skip(self, number: int, target: int, reason: str) -> None:
        """Notes why an object of a drawing is left out."""
        title, feature = self.keys[number][target]
        self.fates.skip(reason, title, [feature])

    def use(self, number: int, objects: Numbers) -> None:
        """Notes that a sample shows objects of a drawing."""
        self.fates.used.update(self.keys[number][target] for target in objects.tolist())

    def conclude(self, reason: str) -> None:
        """Notes why features are left out of which nothing is known yet."""
        self.fates.conclude(self.features, reason)


def read(
    layers: Sequence[LabelledLayer],
    resolution: float | None,
    finest: float | None,
    opened: ExitStack,
    watch: Watch,
) -> Drawings:
    """Reads layers and opens their rasters.

    Args:
        layers: What to read.
        resolution: Metres a pixel to open the rasters at; their own if None.
        finest: As `open_source` has it.
        opened: Closes the rasters.
        watch: Told how far it is.

    Raises:
        InputError: Layers that cannot be read or brought together, or without a usable polygon.
        RasterError: A raster cannot be read.
    """
    fates = Fates()
    known: set[Feature] = set()
    rasters: dict[Source, Raster] = {}
    found: dict[Source, list[Objects]] = {}
    for done, layer in enumerate(layers):
        watch(done, len(layers), "layers", f"Reading {layer.polygons.name}")
        source = replace(layer.raster, resolution=resolution or layer.raster.resolution)
        if source not in rasters:
            rasters[source] = opened.enter_context(open_source(source, finest))
        features = labelled.read_features(layer)
        known.update((features.title, int(number)) for number in features.ids)
        objects = labelled.place(features, source.path, rasters[source].grid, fates)
        found.setdefault(source, []).append(objects)
    if not any(len(objects.shapes) for several in found.values() for objects in several):
        raise InputError(
            f"No polygon with an expression lies inside {', '.join(s.path for s in found)} "
            f"({fates.summary()}). Check in QGIS that the layers lie over each other, and that "
            "their CRS are right."
        )
    names, numbers = _vocabulary(found)
    return Drawings(
        drawings=tuple(
            Drawing(
                raster,
                source.path,
                np.concatenate([objects.shapes for objects in found[source]]),
                numbers[source],
                np.concatenate([objects.unnamed for objects in found[source]]),
            )
            for source, raster in rasters.items()
        ),
        own=tuple(_own_resolution(source) for source in rasters),
        names=names,
        keys=tuple(
            tuple((objects.title, int(n)) for objects in several for n in objects.ids)
            for several in found.values()
        ),
        features=frozenset(known),
        fates=fates,
    )


def _own_resolution(source: Source) -> float | None:
    with open_source(replace(source, resolution=None)) as raster:
        return raster.resolution


def _vocabulary(found: Found) -> tuple[tuple[str, ...], dict[Source, Numbers]]:
    """The expressions, those that differ in case alone as one, and their number for each object."""
    texts = {source: [t for o in several for t in o.texts] for source, several in found.items()}
    spellings: dict[str, Counter[str]] = {}
    for several in texts.values():
        for text in several:
            spellings.setdefault(text.casefold(), Counter())[text] += 1
    number = {folded: index for index, folded in enumerate(spellings)}
    names = tuple(max(counts, key=counts.__getitem__) for counts in spellings.values())
    return names, {
        source: np.array([number[text.casefold()] for text in several], np.int64)
        for source, several in texts.items()
    }
