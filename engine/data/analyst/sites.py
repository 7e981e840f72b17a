"""Sites: rasters that show common ground share the blocks that are held out of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from pyproj.exceptions import ProjError

from engine.data.analyst.labelled import Points, Shapes, move
from engine.data.analyst.territory import Territory, plan
from engine.raster.grid import IMAGE, Grid
from engine.raster.raster import Raster
from engine.raster.window import Window

Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]
Move = Callable[[Points], Points]

EDGE_POINTS = 9
"""Points along a rectangle's side that is seen in another CRS."""


@dataclass(frozen=True)
class Drawing:
    """An open raster with what is drawn on it.

    Attributes:
        raster: Open.
        path: The raster's path.
        shapes: Objects in pixels of the raster's grid, `(n,)`.
        names: The number of each object's expression, `(n,)`.
        unnamed: Polygons of which nobody says what they are.
    """

    raster: Raster
    path: str
    shapes: Shapes
    names: Numbers
    unnamed: Shapes

    @property
    def grid(self) -> Grid:
        """The raster's working grid."""
        return self.raster.grid

    @cached_property
    def middles(self) -> Points:
        """A point in each object, `(n, 2)`."""
        return shapely.get_coordinates(shapely.point_on_surface(self.shapes))

    @cached_property
    def areas(self) -> NDArray[np.float64]:
        """Pixels of each object."""
        return shapely.area(self.shapes)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Where the objects are."""
        return shapely.STRtree(self.shapes)

    @cached_property
    def unnamed_tree(self) -> shapely.STRtree:
        """Where the others are."""
        return shapely.STRtree(self.unnamed)


@dataclass(frozen=True)
class Ground(Drawing):
    """A drawing on its site.

    Attributes:
        territory: Of the site.
        to_site: From pixels of the grid `(n, 2)` to those that the territory is counted in; None
            where they are the same.
    """

    territory: Territory
    to_site: Move | None = None

    @cached_property
    def homes(self) -> Points:
        """A point in each object, in the territory's pixels, `(n, 2)`."""
        return self.middles if self.to_site is None else self.to_site(self.middles)

    @cached_property
    def splits(self) -> NDArray[np.object_]:
        """The split that each object belongs to: that of the block it has its home in."""
        blocks = self.territory.blocks.of(self.homes)
        return np.array([self.territory.split_of((c, r)) for c, r in blocks.tolist()], object)

    def split_of(self, window: Window, margin: float) -> str | None:
        """The split a window may belong to, with a margin around it; None for neither."""
        xmin, ymin = max(window.col - margin, 0), max(window.row - margin, 0)
        xmax = min(window.col + window.width + margin, self.grid.width)
        ymax = min(window.row + window.height + margin, self.grid.height)
        if self.to_site is not None:
            moved = self.to_site(_frame(xmin, ymin, xmax, ymax))
            if not np.isfinite(moved).all():
                return None
            (xmin, ymin), (xmax, ymax) = moved.min(0), moved.max(0)
        return self.territory.split_under((xmin, ymin, xmax, ymax))


def settle(
    drawings: Sequence[Drawing], *, view: int, margin: int, block: int, share: float, seed: int
) -> list[Ground]:
    """Divides the ground of every site into blocks and holds some of them out; see `plan`."""
    grounds: dict[int, Ground] = {}
    for members in _sites([drawing.grid for drawing in drawings]):
        first = drawings[members[0]].grid
        ways = {n: _way(drawings[n].grid, first) for n in members[1:]}
        homes = [
            ways[n](drawings[n].middles) if n in ways else drawings[n].middles for n in members
        ]
        names = [drawings[n].names for n in members]
        territory = plan(
            (first.width, first.height),
            np.concatenate(homes),
            np.concatenate(names),
            view=view,
            margin=margin,
            block=block,
            share=share,
            seed=seed,
        )
        for number in members:
            drawing = drawings[number]
            grounds[number] = Ground(
                drawing.raster,
                drawing.path,
                drawing.shapes,
                drawing.names,
                drawing.unnamed,
                territory,
                ways.get(number),
            )
    return [grounds[number] for number in range(len(drawings))]


def _sites(grids: Sequence[Grid]) -> list[list[int]]:
    """The numbers of the grids that show common ground, directly or through others."""
    sites: list[list[int]] = []
    for number, grid in enumerate(grids):
        near = [site for site in sites if any(_overlap(grid, grids[other]) for other in site)]
        sites = [site for site in sites if site not in near]
        sites.append(sorted([number, *(other for site in near for other in site)]))
    return sites


def _overlap(grid: Grid, first: Grid) -> bool:
    """Whether two grids share some ground, as far as can be known."""
    if (grid.crs is None) != (first.crs is None):
        return False
    if grid.crs is None and IMAGE in (grid.transform, first.transform):
        return False
    try:
        moved = _way(grid, first)(_frame(0, 0, grid.width, grid.height))
    except ProjError:
        return False
    if not np.isfinite(moved).all():
        return False
    frame = shapely.box(0, 0, first.width, first.height)
    return bool(shapely.MultiPoint(moved).convex_hull.intersection(frame).area > 0)


def _way(grid: Grid, first: Grid) -> Move:
    """From a grid's pixels to another's."""
    across = None
    if grid.crs is not None and first.crs is not None and grid.crs != first.crs:
        across = Transformer.from_crs(grid.crs.to_wkt(), first.crs.to_wkt(), always_xy=True)
    return partial(_through, grid, first, across)


def _through(grid: Grid, first: Grid, across: Transformer | None, points: Points) -> Points:
    return move(~first.transform, across, move(grid.transform, None, points))


def _frame(xmin: float, ymin: float, xmax: float, ymax: float) -> Points:
    """Points all over a rectangle, `(n, 2)`."""
    x, y = np.linspace(xmin, xmax, EDGE_POINTS), np.linspace(ymin, ymax, EDGE_POINTS)
    return np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
