"""A layer's part in a view: of any size, turn and CRS, and as exact as the layer's pixels."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsWkbTypes,
)
from segment_by_text.plugin.map.covered import covered

METRES_PER_DEGREE = 111_000
WORLD = 20037508.342789244
SMALL = [
    ("EPSG:32617", (500000, 2999968, 500032, 3000000)),
    ("EPSG:32633", (499000, 5199000, 501000, 5201000)),
    ("EPSG:4326", (10, 47, 10.01, 47.01)),
    ("EPSG:3857", (1113194, 5942074, 1113394, 5942274)),
    ("EPSG:3413", (-200000, -2000000, -190000, -1990000)),
    ("EPSG:3035", (4321000, 3210000, 4322000, 3211000)),
]
LARGE = [
    ("EPSG:3857", (-WORLD, -WORLD, WORLD, WORLD)),
    ("EPSG:4326", (-180, -90, 180, 90)),
    ("EPSG:3413", (-3e6, -3e6, 3e6, 3e6)),
    ("EPSG:32601", (200000, 5000000, 800000, 6000000)),
    ("EPSG:4326", (165, -50, 190, -30)),
    ("EPSG:4326", (-180.05, -90.05, 180.05, 90.05)),
]
"""Of the world, around a pole, across the line where the days meet, and a little beyond all."""

MAPS = ["EPSG:3857", "EPSG:4326", "EPSG:32617", "EPSG:32633", "EPSG:3413", "EPSG:6933"]
HALF_WIDTHS = [10, 1e3, 1e5, 4e6, 8e6, 2e7]


def crs(name: str) -> QgsCoordinateReferenceSystem:
    return QgsCoordinateReferenceSystem(name)


def transforms(layer: str, view: str) -> tuple[QgsCoordinateTransform, QgsCoordinateTransform]:
    """From the layer's CRS to the view's, and back."""
    project = QgsProject.instance()
    there = QgsCoordinateTransform(crs(layer), crs(view), project)
    return there, QgsCoordinateTransform(crs(view), crs(layer), project)


def view(centre: QgsPointXY, metres: float, name: str, degrees: float) -> QgsGeometry:
    """A square of twice so many metres across, turned."""
    half = metres / METRES_PER_DEGREE if crs(name).isGeographic() else metres
    turn = math.radians(degrees)
    ring = [
        QgsPointXY(
            centre.x() + half * (x * math.cos(turn) - y * math.sin(turn)),
            centre.y() + half * (x * math.sin(turn) + y * math.cos(turn)),
        )
        for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
    ]
    return QgsGeometry.fromPolygonXY([ring])


def sound(point: QgsPointXY, there, back, size: float) -> QgsPointXY | None:
    """Where a point of the layer lies in the view; None where the two CRS do not share it."""
    try:
        moved = there.transform(point)
        return moved if back.transform(moved).distance(point) < 1e-4 * size else None
    except QgsCsException:
        return None


def places(bounds: QgsRectangle, chance: random.Random) -> Iterator[QgsPointXY]:
    while True:
        yield QgsPointXY(
            chance.uniform(bounds.xMinimum(), bounds.xMaximum()),
            chance.uniform(bounds.yMinimum(), bounds.yMaximum()),
        )


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize(("layer", "bounds"), [*SMALL, *LARGE])
def test_exactly_what_is_in_view_is_covered(
    project: QgsProject, layer: str, bounds: tuple, name: str
) -> None:
    whole, chance = QgsRectangle(*bounds), random.Random(f"{layer} {name}")
    there, back = transforms(layer, name)
    size = min(whole.width(), whole.height())
    small = (layer, bounds) in SMALL
    near = size / 500 if small else size / 50
    for metres in HALF_WIDTHS if small else HALF_WIDTHS[2:]:
        for degrees in (0, chance.uniform(0, 360)) if small else (20,):
            middles = places(whole, chance)
            found = (sound(next(middles), there, back, size) for _ in range(200))
            centre = next((point for point in found if point is not None), None)
            if centre is None:
                continue
            seen = view(centre, metres, name, degrees)
            part = covered(seen, whole, there)
            assert not part.isEmpty(), (metres, degrees)
            outline = part.convertToType(QgsWkbTypes.GeometryType.LineGeometry)
            for _ in range(20):
                point = next(middles)
                moved = sound(point, there, back, size)
                if moved is None or seen.contains(moved) == part.contains(point):
                    continue
                apart = outline.distance(QgsGeometry.fromPointXY(point))
                assert apart < near, (metres, degrees, point)


@pytest.mark.parametrize("metres", HALF_WIDTHS[2:])
@pytest.mark.parametrize("degrees", [0, 30, 45])
@pytest.mark.parametrize("name", ["EPSG:3857", "EPSG:4326", "EPSG:6933"])
@pytest.mark.parametrize(("layer", "bounds"), SMALL)
def test_a_layer_in_the_middle_of_a_large_view_is_covered_whole(
    project: QgsProject, layer: str, bounds: tuple, name: str, degrees: float, metres: float
) -> None:
    whole = QgsRectangle(*bounds)
    there, _ = transforms(layer, name)
    seen = view(there.transform(whole.center()), metres, name, degrees)
    assert covered(seen, whole, there).isGeosEqual(QgsGeometry.fromRect(whole))


@pytest.mark.parametrize("metres", HALF_WIDTHS)
@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize(("layer", "bounds"), SMALL)
def test_a_view_beside_the_layer_covers_nothing(
    project: QgsProject, layer: str, bounds: tuple, name: str, metres: float
) -> None:
    whole = QgsRectangle(*bounds)
    there, _ = transforms(layer, name)
    try:
        right = there.transformBoundingBox(whole).xMaximum()
        middle = there.transform(whole.center())
    except QgsCsException:
        pytest.skip("the layer has no place on this map")
    half = metres / METRES_PER_DEGREE if crs(name).isGeographic() else metres
    beside = view(QgsPointXY(right + 1.01 * half, middle.y()), metres, name, 0)
    assert covered(beside, whole, there).isEmpty()


@pytest.mark.parametrize("metres", [1e4, 1e6])
@pytest.mark.parametrize("name", ["EPSG:3413", "EPSG:3031"])
def test_a_view_of_a_pole_meets_a_raster_of_the_world(
    project: QgsProject, name: str, metres: float
) -> None:
    whole = QgsRectangle(-180, -90, 180, 90)
    there, _ = transforms("EPSG:4326", name)
    part = covered(view(QgsPointXY(0, 0), metres, name, 30), whole, there)
    north = 1 if name == "EPSG:3413" else -1
    reach = metres / METRES_PER_DEGREE
    for longitude in range(-175, 180, 10):
        assert part.contains(QgsPointXY(longitude, north * (90 - 0.9 * reach)))
        assert not part.contains(QgsPointXY(longitude, north * (90 - 1.6 * reach)))
