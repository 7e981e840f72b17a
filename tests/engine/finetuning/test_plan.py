"""A plan fits into the memory and the time there are, and shows a step all its views."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Cancelled, InputError, OutOfMemory
from engine.finetuning.cost import Cost, high_water
from engine.finetuning.finetune import presets
from engine.finetuning.plan import BATCHES, FEWEST_STEPS, MEMORY_SHARE, Planner, configuration
from engine.finetuning.plan import given as planned
from engine.finetuning.presets import PRESETS
from engine.finetuning.settings import Settings
from tests.engine.finetuning.tiny import BASE, House, painted_samples

MEGABYTE = 2**20
QUIET: Any = (lambda step: None, lambda: False)

costs = st.builds(
    Cost,
    loading=st.floats(0, 5),
    step=st.floats(0, 2),
    view=st.floats(0.001, 20),
    look=st.floats(0, 0.5),
    model=st.integers(1, 4000).map(MEGABYTE.__mul__),
    view_bytes=st.integers(1, 4000).map(MEGABYTE.__mul__),
)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return painted_samples(tmp_path_factory.mktemp("samples") / "samples")


def planner(samples: Path, free: int, cost: Cost, wanted: Settings, lean: float = 0.5) -> Planner:
    """One for a machine that is made up; recomputing takes a share of a view's memory."""
    made = Planner(wanted, samples, "cpu", *QUIET)
    lighter = replace(cost, view_bytes=int(lean * cost.view_bytes), view=1.5 * cost.view)
    made._cost = lambda scope, recompute: lighter if recompute else cost  # type: ignore[method-assign]
    made._free = lambda: free  # type: ignore[assignment, misc]
    return made


@settings(max_examples=40)
@given(costs, st.integers(100, 64_000).map(MEGABYTE.__mul__))
def test_a_plan_fits_or_says_that_it_does_not(samples: Path, cost: Cost, free: int) -> None:
    made = planner(samples, free, cost, Settings("new"))
    for preset in PRESETS.values():
        plan = made.plan(preset)
        assert plan.batch * plan.accumulate == preset.views
        assert plan.batch in BATCHES["cpu"]
        limit = int(MEMORY_SHARE * free)
        assert plan.fits == (plan.memory_bytes <= limit)
        whole = cost.bytes(1) <= limit
        assert plan.recompute == (not whole), "only where nothing else helps"
        if plan.fits and plan.batch < BATCHES["cpu"][0]:
            used = made._cost(plan.scope, plan.recompute)
            assert used.bytes(2 * plan.batch) > limit, "as many views at once as fit"
        if preset.seconds and plan.steps > FEWEST_STEPS:
            assert plan.seconds <= preset.seconds + 0.1
        assert plan.steps <= preset.steps(6, 0.65)


def test_own_samples_are_seen_as_often_whatever_is_rehearsed_beside_them() -> None:
    thorough = PRESETS["thorough"]
    assert thorough.steps(1600, 0.5) == 2 * thorough.steps(1600, 0.0)


def test_what_a_person_chose_is_planned_around(samples: Path) -> None:
    cost = Cost(1, 0.1, 0.2, 0.1, 1000 * MEGABYTE, 100 * MEGABYTE)
    wanted = Settings(
        "new", preset="quick", steps=7, batch=2, scope="everything", precision="bf16",
        recompute=True,
    )  # fmt: skip
    plan = planner(samples, 9000 * MEGABYTE, cost, wanted).plan(PRESETS["quick"])
    assert (plan.steps, plan.batch, plan.accumulate) == (7, 2, 2)
    assert (plan.scope, plan.precision, plan.recompute) == ("everything", "bf16", True)
    assert planned(wanted) is None, "it has still to be measured"
    whole = replace(wanted, accumulate=2)
    assert planned(whole) == replace(plan, seconds=0.0, memory_bytes=0, step_seconds=1.0)


def test_where_nothing_fits_it_is_said(samples: Path) -> None:
    made = planner(samples, MEGABYTE, Cost(1, 1, 1, 1, MEGABYTE, MEGABYTE), Settings("new"))

    def never(scope: str, recompute: bool) -> Cost:
        raise OutOfMemory("too little")

    assert not made.plan(PRESETS["quick"]).fits
    made._cost = never  # type: ignore[method-assign, assignment]
    with pytest.raises(OutOfMemory):
        made.plan(PRESETS["quick"])


def test_the_samples_are_seen_at_their_own_size(samples: Path, tmp_path: Path) -> None:
    plan = planned(Settings("new", steps=1, batch=1, accumulate=1, precision="float32",
                            recompute=False))  # fmt: skip
    assert plan is not None
    config = configuration(Settings("new"), plan, samples, tmp_path)
    assert (config.side, config.data.annotations) == (64, samples / "annotations.jsonl")
    assert configuration(Settings("new"), plan, tmp_path, tmp_path).side == 384


# Measured


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    made = House(tmp_path)
    made.build()
    made.use(monkeypatch)
    return made


def test_presets_are_measured_by_real_steps(house: House) -> None:
    told = []
    here = house.job / "samples"
    quick, balanced, thorough = presets(here, BASE, "", "cpu", told.append, lambda: False)
    assert [plan.preset for plan in (quick, balanced, thorough)] == list(PRESETS)
    assert {step.stage for step in told} == {"measuring"}
    assert len(told) == 12, "six for each scope"
    for plan in (quick, balanced, thorough):
        assert plan.fits
        assert plan.seconds > plan.steps * plan.step_seconds > 0
        assert plan.memory_bytes > 100 * MEGABYTE, "PyTorch alone takes more"
    assert quick.seconds <= 600
    with pytest.raises(Cancelled):
        presets(here, BASE, "", "cpu", told.append, lambda: True)


def test_what_cannot_be_measured_is_named(house: House, tmp_path: Path) -> None:
    for samples, base, start, words in (
        (tmp_path / "none", BASE, "", "none"),
        (house.job / "samples", "rs2-sam2-large", "", "rs2-sam2-large|RS2-SAM2"),
        (house.job / "samples", BASE, "no-such", "no-such"),
        (painted_samples(tmp_path / "empty", train=0), BASE, "", "no sample to train on"),
    ):
        with pytest.raises(Exception, match=words) as error:
            presets(samples, base, start, "cpu", *QUIET)
        assert type(error.value).__module__ == "engine.errors"


def test_the_high_water_mark_is_seen_after_the_flood() -> None:
    with high_water(torch.device("cpu")) as most:
        before = most()
        flood = torch.ones(100 * MEGABYTE // 4)
        time.sleep(0.5)  # to be seen in
        del flood
        assert most() - before > 80 * MEGABYTE


def test_settings_are_checked() -> None:
    with pytest.raises(InputError, match="preset"):
        Settings.from_dict({"id": "a", "preset": "slow"})
    wanted = Settings.from_dict({"id": "a", "samples": "x", "learning_rate": 0.5})
    assert Settings.from_dict(wanted.to_dict()) == wanted
