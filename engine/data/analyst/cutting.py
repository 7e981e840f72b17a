"""Cutting: where views lie on a raster, and what each of them shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from affine import Affine
from rasterio.features import rasterize

from engine.data.analyst.labelled import Points, Shapes
from engine.data.analyst.sites import Ground, Mask, Numbers
from engine.data.scenes.expressions import Expression, ExpressionGenerator, VisibleObject
from engine.data.scenes.views import WHOLE_SHARE, balanced
from engine.language.categories import Category
from engine.raster.window import Window
from engine.raster.windows import plan_windows

LARGE_SHARE = 0.1
"""Of a view: an object that fills as much of it is shown, however much lies beyond."""

ALL_SHARE = 0.95
"""Of an object: what shows less of it spares it no view of its own."""

CONTEXT = 8
"""An object keeps a part in so many of the view's side free around it, where it fits."""

TRIES = 12
MOST_VIEWS = 16
"""Of one object that is larger than a view."""

GIVEN = "given"
VARIANTS = 3
LONGEST_NOUN = 4
"""Words of a noun that sentences are made from."""


@dataclass(frozen=True)
class Place:
    """Where a view lies.

    Attributes:
        window: On the grid.
        split: Of the view.
        objects: Those that it touches.
    """

    window: Window
    split: str
    objects: Numbers


@dataclass(frozen=True)
class Sentence:
    """What is said about a view.

    Attributes:
        text: The sentence.
        kind: "given" by the analyst, "absent", or what the generator calls it.
        category: The analyst's expression behind it.
        mask: What it means, `(h, w)`.
    """

    text: str
    kind: str
    category: str
    mask: Mask


def places(
    ground: Ground,
    size: int,
    margin: int,
    order: Sequence[int],
    rng: np.random.Generator,
    repeats: int,
    turn: Callable[[], None],
) -> Iterator[tuple[int, Place | None]]:
    """Views around objects, object by object, until each has been shown often enough.

    No view shows, or touches, an object that belongs to the other split.

    Args:
        ground: Raster and objects.
        size: Side of a view in pixels.
        margin: Pixels between views of different splits.
        order: The objects, those first that matter first.
        rng: Draws where an object lies in its view.
        repeats: Views that should show an object.
        turn: Called for every object; may raise to end it all.

    Yields:
        An object and a view that shows it, or None where there is no place for one.
    """
    shown = np.zeros(len(ground.shapes), np.int64)
    side = min(size, ground.grid.height), min(size, ground.grid.width)
    large = np.ceil(ground.areas / (side[0] * side[1])).astype(np.int64).clip(1, MOST_VIEWS)
    for target in order:
        turn()
        while shown[target] < repeats * large[target]:
            place = _place(ground, target, side, margin, rng)
            if place is None:
                if not shown[target]:
                    yield target, None
                break
            in_full = _visible(ground, place.objects, place.window, ALL_SHARE)[1]
            shown[place.objects[in_full]] += 1
            shown[target] += target not in place.objects[in_full]
            yield target, place


def _place(
    ground: Ground, target: int, side: tuple[int, int], margin: int, rng: np.random.Generator
) -> Place | None:
    for attempt in range(TRIES):
        window = _draw(ground, target, side, margin, rng, within_block=attempt >= TRIES // 2)
        split = ground.split_of(window, margin / 2)
        if split is None or split != ground.splits[target]:
            continue
        objects = _touched(ground, window)
        if (ground.splits[objects] != split).any():
            continue
        if _visible(ground, np.array([target]), window)[1][0]:
            return Place(window, split, objects)
    return None


def _touched(ground: Ground, window: Window) -> Numbers:
    """The objects that a window shows or touches, in order."""
    found: Numbers = np.sort(ground.tree.query(_box(window), predicate="intersects"))
    return found


def _visible(
    ground: Ground, objects: Numbers, window: Window, share: float = WHOLE_SHARE
) -> tuple[Shapes, Mask]:
    """What a window shows of objects, and whether that is a share of each or fills the window."""
    parts = shapely.intersection(ground.shapes[objects], _box(window))
    pixels = window.width * window.height
    enough = np.minimum(share * ground.areas[objects], LARGE_SHARE * pixels)
    return parts, shapely.area(parts) >= enough


def _draw(
    ground: Ground,
    target: int,
    side: tuple[int, int],
    margin: int,
    rng: np.random.Generator,
    within_block: bool,
) -> Window:
    """A window that shows an object with some ground around it, or a part of a larger one."""
    height, width = side
    shape = ground.shapes[target]
    bounds = np.array(shape.bounds)
    if (bounds[2:] - bounds[:2] > (width, height)).any():
        bounds = np.tile(_point_in(shape, rng), 2)
    starts = []
    blocks = ground.territory.blocks
    for axis, (length, whole, block) in enumerate(
        ((width, ground.grid.width, blocks.width), (height, ground.grid.height, blocks.height))
    ):
        context = length / CONTEXT
        low, high = bounds[axis + 2] + context - length, bounds[axis] - context
        if low > high:
            low, high = bounds[axis + 2] - length, bounds[axis]
        start = rng.uniform(low, high)
        if within_block and ground.to_site is None:
            first = np.floor(ground.homes[target, axis] / block) * block
            start = np.clip(start, first + margin / 2, max(first + block - margin / 2 - length, 0))
        starts.append(int(np.clip(round(start), 0, whole - length)))
    return Window(starts[1], starts[0], height, width)


def _point_in(shape: shapely.Polygon, rng: np.random.Generator) -> Points:
    """A random point of a shape."""
    low, high = np.array(shape.bounds[:2]), np.array(shape.bounds[2:])
    points = rng.uniform(low, high, (32, 2))
    inside = points[shapely.contains_xy(shape, points)]
    found: Points = inside[0] if len(inside) else np.array(shape.representative_point().coords[0])
    return found


def empty_places(
    ground: Ground, size: int, margin: int, rng: np.random.Generator
) -> Iterator[Place]:
    """Views that touch nothing that is drawn, in random order; neighbours share half."""
    windows = [window for row in plan_windows(ground.grid, size, size // 2) for window in row]
    for number in rng.permutation(len(windows)):
        window = windows[number]
        split = ground.split_of(window, margin / 2)
        if split is None or len(_touched(ground, window)):
            continue
        if len(ground.unnamed_tree.query(_box(window), predicate="intersects")):
            continue
        yield Place(window, split, np.empty(0, np.int64))


def sentences(
    ground: Ground,
    place: Place,
    valid: Mask,
    names: Sequence[str],
    variants: bool,
    rng: np.random.Generator,
) -> tuple[list[Sentence], Numbers]:
    """What can be said about a view: the expressions that it shows enough of, then variants.

    Args:
        ground: Raster and objects.
        place: The view.
        valid: Where it shows the ground, `(h, w)`.
        names: All expressions.
        variants: Whether sentences on place, order, size and number are made from nouns.
        rng: Draws them.

    Returns:
        The sentences, no two alike, and the objects that they are about.
    """
    parts, enough = _visible(ground, place.objects, place.window)
    kept = shapely.area(parts) > 0
    parts, enough, objects = parts[kept], enough[kept], place.objects[kept]
    numbers = ground.names[objects]
    found, about = [], np.zeros(len(objects), bool)
    for number in dict.fromkeys(numbers.tolist()):
        members = numbers == number
        mask = _mask(ground.shapes[objects[members]], place.window)
        if enough[members].any() and 2 * (mask & valid).sum() > mask.sum():
            found.append(Sentence(names[number], GIVEN, names[number], mask & valid))
            about |= members & enough
    if variants and found and valid.all():
        said = {_folded(sentence.text) for sentence in found}
        drawn = _variants(parts, enough, numbers, place.window, names, rng)
        for expression, category, chosen in drawn:
            mask = _mask(ground.shapes[objects[list(chosen)]], place.window)
            if mask.any() and _folded(expression.text) not in said:
                said.add(_folded(expression.text))
                found.append(Sentence(expression.text, expression.kind, category, mask))
    return found, objects[about]


def _variants(
    parts: Shapes,
    enough: Mask,
    numbers: Numbers,
    window: Window,
    names: Sequence[str],
    rng: np.random.Generator,
) -> list[tuple[Expression, str, tuple[int, ...]]]:
    """Generated sentences, the expression behind each, and which of the parts it means."""
    nouns = [number for number in dict.fromkeys(numbers.tolist()) if is_noun(names[number])]
    centres = shapely.get_coordinates(shapely.centroid(parts)) - (window.col, window.row)
    shares = shapely.area(parts) / (window.height * window.width)
    visible = [
        VisibleObject(
            number=index,
            category=nouns.index(number),
            x=float(centres[index, 0] / window.width),
            y=float(centres[index, 1] / window.height),
            area=float(shares[index]),
            whole=bool(enough[index]),
        )
        for index, number in enumerate(numbers.tolist())
        if number in nouns
    ]
    categories = [Category(names[number].lower()) for number in nouns]
    drawn = ExpressionGenerator(categories, rng).draw(visible)
    return [
        (expression, names[nouns[expression.category]], expression.numbers)
        for expression in balanced(drawn, VARIANTS, rng)
    ]


def is_noun(expression: str) -> bool:
    """Whether an expression is a bare noun in the singular, which sentences can be made from."""
    words = expression.lower().split()
    plural = words[-1].endswith("s") and not words[-1].endswith("ss")
    return len(words) <= LONGEST_NOUN and words[0] != "the" and not plural


def _folded(text: str) -> str:
    """What sentences that differ in nothing but case and spaces have in common."""
    return " ".join(text.casefold().split())


def _mask(shapes: Shapes, window: Window) -> Mask:
    """The pixels of a window whose middles lie in any of the shapes, `(h, w)`."""
    moved = Affine.translation(window.col, window.row)
    size = window.height, window.width
    return rasterize(list(shapes), size, transform=moved, dtype="uint8").astype(bool)


def _box(window: Window) -> shapely.Polygon:
    return shapely.box(
        window.col, window.row, window.col + window.width, window.row + window.height
    )
