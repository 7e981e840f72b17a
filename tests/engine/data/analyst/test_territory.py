"""What is held out, and that nothing of it is seen in training."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data.analyst.cutting import Place, empty_places, places
from engine.data.analyst.sites import Drawing, Ground, settle
from engine.data.analyst.territory import ENOUGH, TRAIN, VAL, hold_out
from engine.raster.source import open_source
from tests.engine.data.analyst.layers import METRE, raster

VIEW, MARGIN = 32, 16

counts = st.dictionaries(
    st.tuples(st.integers(0, 5), st.integers(0, 5)),
    st.dictionaries(st.integers(0, 3), st.integers(1, 9), min_size=1).map(Counter),
    max_size=12,
)
boxes = st.lists(
    st.tuples(
        st.integers(-20, 250), st.integers(-20, 200), st.integers(1, 90), st.integers(1, 90)
    ).map(lambda b: shapely.box(b[0], b[1], b[0] + b[2], b[1] + b[3])),
    min_size=1,
    max_size=25,
)


@given(counts, st.floats(0.05, 0.5), st.integers(0, 9))
def test_every_common_expression_is_trained_on_and_held_out_where_that_is_possible(
    blocks: dict, share: float, seed: int
) -> None:
    held = hold_out(blocks, share, np.random.default_rng(seed))
    total = sum(blocks.values(), Counter())
    out = sum((blocks[block] for block in held), Counter())
    common = [e for e, count in total.items() if count >= ENOUGH]

    def could_go(block: tuple[int, int]) -> bool:
        rest = total - out - blocks[block]
        return bool(rest) and all(rest[e] for e in common if blocks[block][e])

    assert out != total or not total
    for expression in common:
        assert out[expression] < total[expression]
        rest = [b for b in blocks if b not in held and blocks[b][expression] and could_go(b)]
        assert out[expression] or not rest
    if out.total() < share * total.total():
        assert not any(could_go(block) for block in blocks if block not in held)


def test_about_the_share_that_is_asked_for_is_held_out() -> None:
    blocks = {(x, y): Counter({0: 3, 1: 2}) for x in range(10) for y in range(10)}
    for share in (0.1, 0.2, 0.5):
        assert len(hold_out(blocks, share, np.random.default_rng(1))) == pytest.approx(
            100 * share, abs=1
        )
    assert hold_out(blocks, 0, np.random.default_rng(1)) == frozenset()


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory):
    """Two rasters of one place: the second turned, coarser, and in another CRS."""
    folder = tmp_path_factory.mktemp("rasters")
    turned = METRE @ Affine.translation(40, 30) @ Affine.rotation(20) @ Affine.scale(1.5)
    with ExitStack() as stack:
        sources = [
            raster(folder / "a.tif", 260, 200),
            raster(folder / "b.tif", 160, 120, transform=turned),
        ]
        yield [stack.enter_context(open_source(source)) for source in sources]


def ground_of(drawings: list[Drawing], block: int, seed: int) -> list[Ground]:
    return settle(drawings, view=VIEW, margin=MARGIN, block=block, share=0.3, seed=seed)


def drawing(raster, shapes: list) -> Drawing:
    frame = shapely.box(0, 0, raster.grid.width, raster.grid.height)
    kept = [shape for shape in shapes if shape.intersection(frame).area > 0]
    names = np.arange(len(kept)) % 2
    return Drawing(raster, "r.tif", np.array(kept, object), names, np.empty(0, object))


def planned(ground: Ground, seed: int) -> tuple[list[tuple[int, Place]], list[Place]]:
    rng = np.random.default_rng(seed)
    order = range(len(ground.shapes))
    found = places(ground, VIEW, MARGIN, order, rng, 2, lambda: None)
    shown = [(target, place) for target, place in found if place]
    return shown, list(empty_places(ground, VIEW, MARGIN, rng))


def footprint(place: Place, margin: float = 0) -> shapely.Polygon:
    w = place.window
    return shapely.box(w.col, w.row, w.col + w.width, w.row + w.height).buffer(
        margin, join_style="mitre"
    )


@settings(max_examples=40, deadline=None)
@given(boxes, st.integers(1, 3), st.integers(0, 99))
def test_no_object_and_no_pixel_is_on_both_sides(opened, shapes, block, seed) -> None:
    (ground,) = ground_of([drawing(opened[0], shapes or [])], block, seed)
    shown, empty = planned(ground, seed)
    all_places = [place for _, place in shown] + empty
    sides = {
        split: [footprint(p) for p in all_places if p.split == split] for split in (TRAIN, VAL)
    }
    for one in sides[TRAIN]:
        for other in sides[VAL]:
            assert not one.buffer(MARGIN, join_style="mitre").intersection(other).area
    for shape in ground.shapes:
        seen = [split for split in sides if any(shape.intersects(v) for v in sides[split])]
        assert len(seen) < 2
    for target, place in shown:
        visible = ground.shapes[target].intersection(footprint(place)).area
        assert visible >= min(0.5 * ground.shapes[target].area, 0.1 * VIEW**2) - 1e-6
    for place in empty:
        assert not any(shape.intersects(footprint(place)) for shape in ground.shapes)


@settings(max_examples=15, deadline=None)
@given(boxes, st.integers(0, 99))
def test_rasters_of_one_place_hold_out_the_same_ground(opened, shapes, seed) -> None:
    drawings = [drawing(raster, [*shapes, shapely.box(60, 50, 80, 70)]) for raster in opened]
    grounds = ground_of(drawings, 1, seed)
    seen: dict[str, list[shapely.Polygon]] = {TRAIN: [], VAL: []}
    for ground in grounds:
        shown, empty = planned(ground, seed)
        for place in [*(p for _, p in shown), *empty]:
            corners = np.array(footprint(place).exterior.coords).T
            outline = np.column_stack(ground.grid.transform @ corners)
            seen[place.split].append(shapely.Polygon(outline))
    assert not any(a.intersection(b).area > 1e-6 for a in seen[TRAIN] for b in seen[VAL])


def test_rasters_of_other_places_do_not_share_blocks(tmp_path: Path) -> None:
    far = Affine.translation(50_000, 0) @ METRE
    with ExitStack() as stack:
        sources = [raster(tmp_path / "a.tif"), raster(tmp_path / "b.tif", transform=far)]
        rasters = [stack.enter_context(open_source(source)) for source in sources]
        grounds = ground_of([drawing(r, [shapely.box(9, 9, 30, 30)]) for r in rasters], 1, 0)
    assert grounds[0].territory is not grounds[1].territory
    assert [ground.to_site for ground in grounds] == [None, None]
