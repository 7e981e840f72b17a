"""Drawing: the exact outlines of objects as a shape asks for them."""

from __future__ import annotations

import numpy as np

from engine.vector import right_angles, simplify
from engine.vector.edges import Edges
from engine.vector.neighbours import Surrounded
from engine.vector.outlines import Polygons
from engine.vector.shape import Shape


def reach(shape: Shape) -> float:
    """How many pixels around an object matter to how it is drawn; 0 where it stays exact."""
    return simplify.reach(max(shape.simplify, right_angles.FARTHEST * shape.right_angles))


def draw(near: Surrounded, shape: Shape) -> Polygons:
    """The polygons `(n,)` as a shape asks: valid, and none overlaps another one."""
    drawn = simplify.simplify(near.polygons, near.gaps, shape.simplify)
    if not shape.right_angles or not len(drawn):
        return drawn
    owner = Edges.of(near.polygons).owner
    room = np.full(len(drawn), np.inf)
    np.minimum.at(room, owner, simplify.SHARE * near.gaps)
    tolerance = max(shape.simplify, right_angles.SKETCH)
    sketches = simplify.simplify(near.polygons, np.full(len(owner), np.inf), tolerance)
    for number, exact in enumerate(near.polygons):
        building = right_angles.right_angled(
            exact, sketches[number], float(room[number]), shape.simplify
        )
        if building is not None:
            drawn[number] = building
    return drawn
