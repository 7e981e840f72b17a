"""Training and validation never share a place, and both show every category."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.data.scenes.split import BLOCK, split

images = st.dictionaries(
    st.integers(0, 500).map("{:03}.jpg".format), st.frozensets(st.integers(0, 4)), max_size=60
)


@given(images, st.floats(0, 1), st.randoms())
def test_a_split_keeps_neighbours_together_and_loses_none(found, share, random) -> None:
    training, validation = split(found, share)
    assert sorted([*training, *validation]) == sorted(found)
    held, names = set(validation), sorted(found)
    blocks = [names[i : i + BLOCK] for i in range(0, len(names), BLOCK)]
    inside = [held.issuperset(block) for block in blocks]
    assert sum(len(b) for b, i in zip(blocks, inside, strict=True) if i) == len(held)
    assert sum(inside) == round(len(blocks) * share)

    shuffled = dict(random.sample(sorted(found.items()), len(found)))
    assert split(shuffled, share) == (training, validation), "whatever their order"


@given(st.lists(st.frozensets(st.integers(0, 9), min_size=1), min_size=40, max_size=120))
def test_every_category_of_enough_blocks_is_held_out_and_taught(categories) -> None:
    """With as many held-out blocks as categories, none is forgotten."""
    found = {f"{i:03}.jpg": shown for i, shown in enumerate(categories)}
    share = 10 / (-(-len(found) // BLOCK))
    _, validation = split(found, share)
    assert {c for name in validation for c in found[name]} == {c for f in categories for c in f}
