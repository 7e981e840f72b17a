"""Training views show what their sentences mean."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.data.batch import TrainingBatches
from engine.data.scenes.expressions import Expression
from engine.data.scenes.scene import Scene
from engine.data.scenes.views import IGNORE, ViewSampler, balanced, visible_objects, whole_view
from engine.language.categories import VHR10

SHIP, TANK, VEHICLE = 1, 2, 9


def scene(
    name: str = "a.jpg", category: int = SHIP, unlabelled: frozenset[int] = frozenset()
) -> Scene:
    """A red square of the category on grey, at the upper left."""
    pixels = np.full((3, 90, 120), 100, np.uint8)
    instances = np.zeros((90, 120), np.uint8)
    instances[10:30, 12:40] = 1
    pixels[:, instances > 0] = np.array([[250], [10], [10]])
    return Scene(name, pixels, instances, (category,), (20 * 28,), unlabelled)


@pytest.fixture
def sampler() -> ViewSampler:
    return ViewSampler([scene(), scene("b.jpg", TANK)], VHR10, side=64)


def test_the_same_key_gives_the_same_view(sampler: ViewSampler) -> None:
    for key in range(5):
        a, b = sampler.view(key, 0), sampler.view(key, 0)
        assert torch.equal(a.pixels, b.pixels)
        assert torch.equal(a.instances, b.instances)
        assert a.expressions == b.expressions
    assert not torch.equal(sampler.view(0, 0).pixels, sampler.view(1, 0).pixels)


def test_masks_lie_on_the_objects_they_mean(sampler: ViewSampler) -> None:
    """The object is the only coloured thing, whatever was cropped, turned, or tinted."""
    seen = 0
    for key in range(40):
        view = sampler.view(key)
        contrast = view.pixels.float().std(0)
        for expression in view.expressions:
            mask = view.mask(expression).bool()
            if mask.sum() > 60 and contrast.max() > 30:
                inner = -torch.nn.functional.max_pool2d(-mask[None].float(), 5, 1, 2)[0] > 0
                assert contrast[inner].min() > contrast[view.instances == 0].median() + 10
                seen += 1
    assert seen > 20


def test_absence_has_an_empty_mask(sampler: ViewSampler) -> None:
    absent = [
        (view, e)
        for view in map(sampler.view, range(30))
        for e in view.expressions
        if e.kind == "absent"
    ]
    assert absent
    assert not any(view.mask(e).any() for view, e in absent)


def test_unlabelled_categories_are_neither_named_nor_taught() -> None:
    sampler = ViewSampler([scene(unlabelled=frozenset({VEHICLE}))], VHR10, side=64)
    for key in range(20):
        view = sampler.view(key)
        assert all(e.category != VEHICLE for e in view.expressions)
        assert (view.category_mask(VEHICLE) == IGNORE).all()
        assert set(view.category_mask(SHIP).unique().tolist()) <= {0, 1}


def test_a_mosaic_knows_only_what_all_its_parts_know() -> None:
    scenes = [scene(), scene("b.jpg", TANK, frozenset({VEHICLE}))]
    sampler = ViewSampler(scenes, VHR10, side=64, mosaic=1.0)
    for key in range(20):
        view = sampler.view(key)
        names = {int(view.categories[n]) for n in view.instances.unique() if n > 0}
        if TANK in names:
            assert view.unlabelled == {VEHICLE}


def test_a_step_gives_the_same_batch_wherever_a_run_starts(sampler: ViewSampler) -> None:
    straight = list(TrainingBatches(sampler, 2, 0, 4))
    resumed = list(TrainingBatches(sampler, 2, 2, 4))
    for a, b in zip(straight[2:], resumed, strict=True):
        assert torch.equal(a.pixels, b.pixels)
        assert torch.equal(a.masks, b.masks)
        assert a.expressions == b.expressions
        assert a.category_names == b.category_names


def test_a_batch_lines_up_sentences_masks_and_views(sampler: ViewSampler) -> None:
    batch = TrainingBatches(sampler, 3, 0, 1).batch(0)
    assert int(batch.counts.sum()) == len(batch.expressions) == len(batch.masks)
    assert batch.masks.shape[1:] == (1, 64, 64)
    assert batch.category_masks.shape == (3, len(VHR10), 64, 64)
    assert len(batch.category_names) == len(VHR10)
    assert all(c.matches(name) for c, name in zip(VHR10, batch.category_names, strict=True))


def test_visible_objects_are_measured_in_shares_of_the_view() -> None:
    _, instances = whole_view(scene(), 120)
    (ship,) = visible_objects(instances, np.array([-1, SHIP]), np.array([0.0, 20 * 28 * 120 / 90]))
    assert ship.x == pytest.approx(26 / 120, abs=0.01)
    assert ship.y == pytest.approx(20 / 90, abs=0.01)
    assert ship.area == pytest.approx(20 * 28 / (90 * 120), rel=0.05)
    assert ship.whole
    (part,) = visible_objects(instances, np.array([-1, SHIP]), np.array([0.0, 5000.0]))
    assert not part.whole


def test_places_are_shares_of_width_and_height() -> None:
    instances = torch.zeros(20, 100, dtype=torch.int64)
    instances[16:, 90:] = 1
    (ship,) = visible_objects(instances, np.array([-1, SHIP]), np.array([0.0, 40.0]))
    assert (ship.x, ship.y) == (pytest.approx(0.95), pytest.approx(0.9))


def test_sentences_are_mixed_and_absence_stays_a_minority() -> None:
    found = [Expression(f"all {n}", "all", (1,), 0) for n in range(9)]
    found += [Expression(f"left {n}", "position", (1,), 0) for n in range(9)]
    found += [Expression(f"none {n}", "absent", (), 0) for n in range(9)]
    kinds = [e.kind for seed in range(200) for e in balanced(found, 4, np.random.default_rng(seed))]
    assert 0.1 < kinds.count("absent") / len(kinds) < 0.45
    assert kinds.count("all") > 150
    assert kinds.count("position") > 150
