"""Which bands of a raster are shown to the model as red, green and blue."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from rasterio.enums import ColorInterp

from engine.errors import InputError

RGB = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
NAMED = 12
"""How many bands a message lists."""


def choose(dataset: Any, asked: tuple[int | str, ...] | None) -> tuple[int, int, int]:
    """Red, green and blue as 1-based band numbers.

    Without a wish: the bands that call themselves red, green and blue; else the first three that
    are not alpha; else the first band, three times. A name is a band's description or, where no
    description is that name, what its colours mean ("red", "nir"); upper or lower case is the same.

    Raises:
        InputError: a band that the dataset does not have, or a name that several have.
    """
    wanted = asked or _natural(dataset.colorinterp)
    bands = [_named(dataset, band) if isinstance(band, str) else band for band in wanted]
    missing = [band for band in bands if band not in dataset.indexes]
    if missing:
        raise InputError(f"{dataset.name} has no band {missing[0]}. {_listed(dataset)}")
    red, green, blue = bands * 3 if len(bands) == 1 else bands
    return red, green, blue


def palette(dataset: Any, bands: tuple[int, int, int]) -> npt.NDArray[np.uint8] | None:
    """The colour table `(n, 4)`, RGBA, where all three bands are one band that has a table."""
    band = bands[0]
    if set(bands) != {band} or dataset.colorinterp[band - 1] != ColorInterp.palette:
        return None
    try:
        colours = dataset.colormap(band)
    except ValueError:  # rasterio's way to say that a band has no table after all
        return None
    table = np.zeros((max(colours) + 1, 4), np.uint8)
    table[list(colours)] = list(colours.values())
    return table


def _natural(meanings: tuple[ColorInterp, ...]) -> tuple[int, ...]:
    if all(colour in meanings for colour in RGB):
        return tuple(meanings.index(colour) + 1 for colour in RGB)
    plain = [band for band, means in enumerate(meanings, start=1) if means != ColorInterp.alpha]
    return tuple(plain[:3]) if len(plain) >= 3 else tuple(plain[:1]) or (1,)


def _named(dataset: Any, name: str) -> int:
    """The one band of that name."""
    wanted = name.strip().casefold()
    for names in (dataset.descriptions, [means.name for means in dataset.colorinterp]):
        folded = [(each or "").strip().casefold() for each in names]
        found = [band for band, each in enumerate(folded, start=1) if each == wanted]
        if len(found) == 1:
            return found[0]
        if found:
            several = ", ".join(map(str, found[:NAMED]))
            raise InputError(
                f"{dataset.name} has several bands named {name!r}: {several}. Choose by number."
            )
    raise InputError(f"{dataset.name} has no band named {name!r}. {_listed(dataset)}")


def _listed(dataset: Any) -> str:
    exist = ", ".join(_label(dataset, band) for band in dataset.indexes[:NAMED])
    more = f" and {dataset.count - NAMED} more" if dataset.count > NAMED else ""
    return f"It has {exist}{more}."


def _label(dataset: Any, band: int) -> str:
    name = dataset.descriptions[band - 1] or dataset.colorinterp[band - 1].name
    return f"{band} ({name})"
