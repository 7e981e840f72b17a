"""Generated expressions mean exactly one thing, and say it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data.scenes.expressions import Expression, ExpressionGenerator, VisibleObject
from engine.language.categories import VHR10, Category, plural

SHIP, TANK = (
    next(i for i, c in enumerate(VHR10) if c.name == name) for name in ("ship", "storage tank")
)


def at(
    number: int, x: float, y: float, category: int = SHIP, area: float = 0.01, whole: bool = True
) -> VisibleObject:
    return VisibleObject(number, category, x, y, area, whole)


def drawn(objects: list[VisibleObject], times: int = 60, **options: object) -> list[Expression]:
    """Many draws about the same objects."""
    return [
        expression
        for seed in range(times)
        for expression in ExpressionGenerator(VHR10, np.random.default_rng(seed)).draw(
            objects, **options
        )  # type: ignore[arg-type]
    ]


coordinates = st.floats(0.02, 0.98)
scenes = st.lists(
    st.tuples(coordinates, coordinates, st.sampled_from([SHIP, TANK]), st.floats(0.001, 0.1)),
    min_size=0,
    max_size=7,
).map(
    lambda rows: [at(i + 1, x, y, category, area) for i, (x, y, category, area) in enumerate(rows)]
)


@given(scenes, st.integers(0, 1000))
@settings(max_examples=150, deadline=None)
def test_an_expression_means_objects_of_the_category_it_names(
    objects: list[VisibleObject], seed: int
) -> None:
    numbered = {o.number: o for o in objects}
    for expression in ExpressionGenerator(VHR10, np.random.default_rng(seed)).draw(objects):
        assert VHR10[expression.category].matches(expression.text), expression
        assert all(numbered[n].category == expression.category for n in expression.numbers)
        members = {o.number for o in objects if o.category == expression.category}
        if expression.kind == "absent":
            assert not members
            assert not expression.numbers
        elif expression.kind in ("all", "count", "unique"):
            assert set(expression.numbers) == members
        elif expression.kind == "region":
            assert 2 <= len(expression.numbers) < len(members)
        else:
            assert len(expression.numbers) == 1


@given(scenes, st.integers(0, 1000))
@settings(max_examples=150, deadline=None)
def test_extremes_and_sizes_are_clearly_so(objects: list[VisibleObject], seed: int) -> None:
    for expression in ExpressionGenerator(VHR10, np.random.default_rng(seed)).draw(objects):
        members = [o for o in objects if o.category == expression.category]
        chosen = [o for o in members if o.number in expression.numbers]
        others = [o for o in members if o.number not in expression.numbers]
        if expression.kind == "extreme" and "leftmost" in expression.text:
            assert all(chosen[0].x < o.x - 0.05 for o in others)
        if expression.kind == "extreme" and "lowest" in expression.text:
            assert all(chosen[0].y > o.y + 0.05 for o in others)
        if expression.kind == "size" and "largest" in expression.text:
            assert all(chosen[0].area > 1.3 * o.area for o in others)
        if expression.kind == "size" and "smallest" in expression.text:
            assert all(1.3 * chosen[0].area < o.area for o in others)


def test_the_nine_zones_are_where_people_look_for_them() -> None:
    corners = {(0.1, 0.1): "left", (0.9, 0.1): "right", (0.1, 0.9): "left", (0.9, 0.9): "right"}
    for (x, y), side in corners.items():
        texts = [e.text for e in drawn([at(1, x, y)]) if e.kind == "position"]
        assert texts
        other = "right" if side == "left" else "left"
        vertical = ("upper", "top", "north") if y < 0.5 else ("lower", "bottom", "south")
        assert not any(other in text for text in texts)
        assert any(word in text for text in texts for word in vertical)


def test_no_zone_is_named_when_another_object_could_be_meant() -> None:
    objects = [at(1, 0.1, 0.1), at(2, 0.15, 0.2), at(3, 0.9, 0.9)]
    assert all(3 in e.numbers for e in drawn(objects) if e.kind == "position")


def test_ordinals_count_from_the_side_they_name() -> None:
    objects = [at(n, 0.1 + 0.2 * n, 0.5) for n in range(4)]
    ranks = {"second": 1, "third": 2, "fourth": 3}
    seen = [e for e in drawn(objects) if e.kind == "ordinal" and "from the left" in e.text]
    assert seen
    for expression in seen:
        rank = next(r for word, r in ranks.items() if word in expression.text)
        assert expression.numbers == (objects[rank].number,)


def test_relations_hold() -> None:
    objects = [at(1, 0.2, 0.5), at(2, 0.8, 0.5), at(3, 0.5, 0.5, TANK)]
    relations = [e for e in drawn(objects) if e.kind == "relation" and e.category == SHIP]
    left = [e for e in relations if any(w in e.text for w in ("left of", "west of"))]
    right = [e for e in relations if any(w in e.text for w in ("right of", "east of"))]
    assert left
    assert right
    assert all(e.numbers == (1,) for e in left)
    assert all(e.numbers == (2,) for e in right)


def test_fragments_are_meant_by_all_but_never_singled_out() -> None:
    objects = [at(1, 0.3, 0.3), at(2, 0.99, 0.5, whole=False)]
    ships = [e for e in drawn(objects) if e.category == SHIP]
    assert {e.kind for e in ships} == {"all"}
    assert all(set(e.numbers) == {1, 2} for e in ships)


def test_nothing_is_said_about_what_the_labellers_left_out() -> None:
    assert all(e.category != TANK for e in drawn([at(1, 0.5, 0.5)], unlabelled=frozenset({TANK})))


def test_the_wording_varies_and_the_draw_repeats() -> None:
    objects = [at(1, 0.3, 0.3), at(2, 0.7, 0.6)]
    texts = {e.text for e in drawn(objects) if e.category == SHIP}
    assert len(texts) > 60
    first, second = (
        ExpressionGenerator(VHR10, np.random.default_rng(3)).draw(objects) for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize(
    ("noun", "expected"),
    [
        ("ship", "ships"),
        ("bus", "buses"),
        ("aircraft", "aircraft"),
        ("ferry", "ferries"),
        ("tennis court", "tennis courts"),
    ],
)
def test_plurals(noun: str, expected: str) -> None:
    assert plural(noun) == expected


def test_a_category_is_recognised_by_its_words_and_not_inside_others() -> None:
    tank = Category("storage tank", ("tank",))
    for text in ("the Storage Tanks", "all tanks", "the storage-tank at the left", "TANK"):
        assert tank.matches(text)
    for text in ("tankers", "the tanked", "storage", ""):
        assert not tank.matches(text)
