"""Labelled layers: a raster, and polygons with the names or sentences that a model is to learn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from engine.errors import InputError
from engine.language.expression import LONGEST, clean
from engine.raster.grid import Grid
from engine.raster.source import Source

Shapes = NDArray[np.object_]
Points = NDArray[np.float64]
Feature = tuple[str, int]
"""The title of a layer and the id of a feature in it."""

POLYGON = 3
"""Shapely's number for the type."""

NO_GEOMETRY = "no geometry"
NO_POLYGON = "no polygon, but a point, a line or an area of nothing"
NO_EXPRESSION = "no expression"
LONG_EXPRESSION = f"an expression of more than {LONGEST} characters"
NOWHERE = "coordinates that lie nowhere in the raster's CRS"
OUTSIDE = "outside the raster"


@dataclass(frozen=True)
class LabelledLayer:
    """A raster and what is drawn on it.

    Attributes:
        raster: Where views are cut from.
        polygons: A file of polygons, in any CRS.
        layer: The layer of that file; needed where it has several with polygons.
        field: The column of expressions.
        expression: The one expression for all polygons, instead of a column.

    Raises:
        InputError: Neither or both of column and expression are given.
    """

    raster: Source
    polygons: Path
    layer: str = ""
    field: str = ""
    expression: str = ""

    def __post_init__(self) -> None:
        if bool(self.field) == bool(self.expression.strip()):
            raise InputError(
                f"{self.title} needs either the column that holds the expressions, or one "
                "expression for all its polygons."
            )
        if self.expression:
            clean(self.expression)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> LabelledLayer:
        """A layer from JSON's types, its raster as `Source.to_dict` gives it.

        Raises:
            InputError: Unknown or missing settings, or values that make no sense.
        """
        known = [each.name for each in fields(cls)]
        unknown = sorted(set(values) - set(known))
        missing = [name for name in ("raster", "polygons") if not values.get(name)]
        texts = [values[name] for name in known[1:] if name in values]
        if unknown or missing or not all(isinstance(text, str) for text in texts):
            raise InputError(
                f"The layer {dict(values)} is wrong. It has raster and polygons, and may have "
                f"{', '.join(known[2:])}."
            )
        source = Source.from_dict(values["raster"])
        return cls(**{**values, "raster": source, "polygons": Path(values["polygons"])})

    @property
    def title(self) -> str:
        """What messages call it."""
        return f"{self.polygons}, layer '{self.layer}'" if self.layer else str(self.polygons)


@dataclass(frozen=True)
class Features:
    """What a layer holds.

    Attributes:
        title: What messages call the layer.
        ids: Of the features, `(n,)` int64.
        geometries: As they are stored, `(n,)`; None among them.
        texts: The expressions, with single spaces; empty where there is none.
        crs: The layer's, or None.
    """

    title: str
    ids: NDArray[np.int64]
    geometries: Shapes
    texts: NDArray[np.object_]
    crs: CRS | None


@dataclass
class Fates:
    """What has become of the features of all layers.

    Attributes:
        skipped: Why a feature could not be used.
        repaired: Features whose geometry was invalid.
        used: Features that a sample shows.
    """

    skipped: dict[Feature, str] = field(default_factory=dict)
    repaired: set[Feature] = field(default_factory=set)
    used: set[Feature] = field(default_factory=set)

    def skip(self, reason: str, title: str, ids: Iterable[int]) -> None:
        """Notes why features are left out."""
        self.skipped.update({(title, int(number)): reason for number in ids})

    def conclude(self, features: Iterable[Feature], reason: str) -> None:
        """Forgets why used features were skipped elsewhere, and gives all others a reason."""
        for feature in features:
            if feature in self.used:
                self.skipped.pop(feature, None)
            else:
                self.skipped.setdefault(feature, reason)

    def summary(self) -> str:
        """How many features are left out for which reason."""
        reasons = Counter(self.skipped.values()).most_common()
        return "; ".join(f"{reason}: {count:,}" for reason, count in reasons)

    def left(self) -> dict[tuple[str, str], tuple[int, ...]]:
        """The ids of the features that are left out, by layer and reason."""
        found: dict[tuple[str, str], list[int]] = {}
        for (title, number), reason in sorted(self.skipped.items()):
            found.setdefault((title, reason), []).append(number)
        return {key: tuple(ids) for key, ids in found.items()}

    def repairs(self) -> dict[str, tuple[int, ...]]:
        """The ids of the features that were repaired, by layer."""
        found: dict[str, list[int]] = {}
        for title, number in sorted(self.repaired):
            found.setdefault(title, []).append(number)
        return {title: tuple(ids) for title, ids in found.items()}


@dataclass(frozen=True)
class Objects:
    """Polygons on a raster's grid, the parts of a multi-part each for itself.

    Attributes:
        title: What messages call the layer they come from.
        shapes: In pixels of the grid, x to the right and y downwards, `(n,)`.
        ids: Of the features they belong to, `(n,)`.
        texts: Their expressions, `(n,)`.
        unnamed: Polygons of which nobody says what they are, `(m,)`.
    """

    title: str
    shapes: Shapes
    ids: NDArray[np.int64]
    texts: NDArray[np.object_]
    unnamed: Shapes


def read_features(layer: LabelledLayer) -> Features:
    """Reads a layer's polygons and expressions.

    Raises:
        InputError: There is no such file, layer or column, or nothing in it.
    """
    path = str(layer.polygons)
    try:
        name = _choose(layer, pyogrio.list_layers(path))
        if layer.field:
            _check_field(layer, name, pyogrio.read_info(path, layer=name)["fields"])
        meta, ids, geometries, columns = pyogrio.raw.read(
            path,
            layer=name,
            columns=[layer.field] if layer.field else [],
            return_fids=True,
            force_2d=True,
        )
        crs = CRS.from_user_input(meta["crs"]) if meta["crs"] else None
    except (DataSourceError, DataLayerError, ProjError, OSError, ValueError) as cause:
        raise InputError(
            f"The polygons of {layer.title} cannot be read: {str(cause).rstrip('.')}. "
            "Check that the file is there, and export it again as a GeoPackage."
        ) from cause
    title = f"{path}, layer '{name}'"
    if not len(ids):
        raise InputError(f"{title} holds no polygons. Draw some, or choose another layer.")
    texts = np.full(len(ids), " ".join(layer.expression.split()), object)
    if layer.field:
        texts[:] = [_words(value) for value in columns[0]]
        if not any(texts):
            raise InputError(
                f"The column '{layer.field}' of {title} is empty in all of its {len(ids):,} "
                "features. Fill in what each polygon is, or choose another column."
            )
    return Features(title, ids, shapely.from_wkb(geometries, on_invalid="ignore"), texts, crs)


def place(features: Features, source: str, grid: Grid, fates: Fates) -> Objects:
    """Puts a layer's polygons on a grid, repaired where they are invalid.

    Args:
        features: The layer.
        source: The raster's path, for messages.
        grid: Its working grid.
        fates: Where is noted what is left out or repaired.

    Raises:
        InputError: Raster and layer cannot be brought together.
    """
    convert = _to_pixels(features, source, grid)
    left = np.arange(len(features.ids))

    def keep(good: NDArray[np.bool_], reason: str) -> None:
        nonlocal left
        fates.skip(reason, features.title, features.ids[left[~good]])
        left = left[good]

    shapes = features.geometries
    keep(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)), NO_GEOMETRY)
    keep(shapely.get_dimensions(shapes[left]) == 2, NO_POLYGON)
    shapes = shapes.copy()
    shapes[left] = shapely.transform(shapes[left], convert)
    points, owners = shapely.get_coordinates(shapes[left], return_index=True)
    lost = np.unique(owners[~np.isfinite(points).all(-1)])
    keep(~np.isin(np.arange(len(left)), lost), NOWHERE)
    frame = shapely.box(0, 0, grid.width, grid.height)
    keep(shapely.intersects(shapely.envelope(shapes[left]), frame), OUTSIDE)
    invalid = left[~shapely.is_valid(shapes[left])]
    shapes[invalid] = shapely.make_valid(shapes[invalid], method="structure", keep_collapsed=False)
    fates.repaired.update((features.title, int(number)) for number in features.ids[invalid])
    parts, owners = _polygons(shapes[left])
    keep(np.isin(np.arange(len(left)), owners), NO_POLYGON)
    owners = np.unique(owners, return_inverse=True)[1]
    inside = shapely.intersects(parts, frame) & ~shapely.touches(parts, frame)
    parts, owners = parts[inside], owners[inside]
    keep(np.isin(np.arange(len(left)), owners), OUTSIDE)
    owners = np.unique(owners, return_inverse=True)[1]
    texts, ids = features.texts[left], features.ids[left]
    lengths = np.array([len(text) for text in texts], np.int64)
    fates.skip(NO_EXPRESSION, features.title, ids[lengths == 0])
    fates.skip(LONG_EXPRESSION, features.title, ids[lengths > LONGEST])
    named = ((lengths > 0) & (lengths <= LONGEST))[owners]
    return Objects(
        title=features.title,
        shapes=parts[named],
        ids=ids[owners[named]],
        texts=texts[owners[named]],
        unnamed=parts[~named],
    )


def _choose(layer: LabelledLayer, listed: NDArray[np.object_]) -> str:
    """The name of the layer that is meant."""
    names = [str(name) for name, _ in listed]
    shown = ", ".join(f"'{name}'" for name in names[:12])
    if layer.layer:
        if layer.layer not in names:
            raise InputError(
                f"{layer.polygons} has no layer '{layer.layer}'. It has {shown or 'none'}."
            )
        return layer.layer
    polygonal = [str(name) for name, kind in listed if _may_hold_polygons(kind)]
    if not polygonal:
        raise InputError(
            f"{layer.polygons} has no layer of polygons. It has {shown or 'no layer at all'}."
        )
    if len(polygonal) > 1:
        choices = ", ".join(f"'{name}'" for name in polygonal[:12])
        raise InputError(f"{layer.polygons} has several layers of polygons. Name one: {choices}.")
    return polygonal[0]


def _may_hold_polygons(kind: str | None) -> bool:
    kinds = ("Polygon", "Surface", "Unknown", "Collection")
    return kind is not None and any(part in kind for part in kinds)


def _check_field(layer: LabelledLayer, name: str, known: Iterable[str]) -> None:
    names = [str(each) for each in known]
    if layer.field not in names:
        raise InputError(
            f"{layer.polygons}, layer '{name}' has no column '{layer.field}'. "
            f"It has {', '.join(names) or 'none'}."
        )


def _words(value: Any) -> str:
    """A cell as an expression: single spaces, whole numbers without a point, empty for NULL."""
    if value is None or value != value:
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    text = " ".join(str(value).split())
    return text if any(character.isalnum() for character in text) else ""


def _to_pixels(features: Features, source: str, grid: Grid) -> Callable[[Points], Points]:
    """The way from a layer's coordinates `(n, 2)` to pixels of a grid."""
    if (features.crs is None) != (grid.crs is None):
        without, with_one = features.title, source
        if features.crs is not None:
            without, with_one = source, features.title
        raise InputError(
            f"{without} has no CRS, but {with_one} has one, so they cannot be laid over each "
            "other. Assign the CRS: Set Layer CRS in QGIS, then export the layer."
        )
    across = None
    if features.crs is not None and grid.crs is not None:
        try:
            wkt = grid.crs.to_wkt()
            across = Transformer.from_crs(features.crs, wkt, always_xy=True)
        except ProjError as cause:
            raise InputError(
                f"{features.title} cannot be brought into the CRS of {source}: {cause}. "
                "Reproject the layer first."
            ) from cause
    return lambda points: move(~grid.transform, across, points)


def move(affine: Affine, across: Transformer | None, points: Points) -> Points:
    """Coordinates `(n, 2)` through a change of CRS and an affine transform; not finite if lost."""
    x, y = points.T if across is None else across.transform(*points.T)
    a, b, c, d, e, f = affine[:6]
    with np.errstate(invalid="ignore"):
        moved: Points = np.column_stack([a * x + b * y + c, d * x + e * y + f])
    return moved


def _polygons(shapes: Shapes) -> tuple[Shapes, NDArray[np.int64]]:
    """The polygons in shapes, one by one, and which shape each is from."""
    parts, owners = shapely.get_parts(shapes, return_index=True)
    inner, places = shapely.get_parts(parts, return_index=True)  # of multi-parts in collections
    solid = (shapely.get_type_id(inner) == POLYGON) & (shapely.area(inner) > 0)
    return inner[solid], owners[places[solid]]
