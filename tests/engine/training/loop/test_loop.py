"""A run that is interrupted ends as one that is not, and its outcome is the one asked for."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from engine.data.batch import Batch
from engine.training.config import OptimiserConfig
from engine.training.loop.parameters import parameter_groups
from engine.training.loop.schedule import learning_rate
from engine.training.loop.state import save
from engine.training.loop.train import train
from tests.engine.forked import forking
from tests.engine.training.logs import checkpoint, same, validations
from tests.engine.training.loop.point_run import distance, point_run
from tests.engine.training.tiny_run import SETTINGS, STEPS, dying_run, ending, tiny_run


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nothing disturbed."""
    out = tmp_path_factory.mktemp("straight")
    train(tiny_run(out))
    return out


def interrupt() -> None:
    raise KeyboardInterrupt


# Resuming


def test_an_interrupted_run_ends_as_one_that_was_not(straight: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(tiny_run(tmp_path, ending(4, interrupt), save_every=3))
    assert checkpoint(tmp_path)["step"] == 3
    assert not same(checkpoint(tmp_path)["model"], checkpoint(straight)["model"])
    train(tiny_run(tmp_path, save_every=3))
    assert same(checkpoint(tmp_path), checkpoint(straight))
    assert checkpoint(tmp_path)["step"] == STEPS


@pytest.mark.parametrize(
    ("moment", "number", "saved"),
    [
        pytest.param("step", 0, 0, id="before the first checkpoint"),
        pytest.param("step", 5, 4, id="in the middle of a step"),
        pytest.param("save", 1, 2, id="while the second checkpoint is written"),
        pytest.param("judge", 0, 4, id="while it is judged"),
        pytest.param("save", 2, 4, id="while the judged weights are written"),
        pytest.param("save", 3, 4, id="while the last checkpoint is written"),
    ],
)
def test_a_killed_run_ends_as_one_that_was_not(
    straight: Path, tmp_path: Path, moment: str, number: int, saved: int
) -> None:
    process = forking().Process(target=dying_run, args=(str(tmp_path), moment, number))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert (checkpoint(tmp_path)["step"] if saved else 0) == saved
    kept = train(tiny_run(tmp_path))
    assert same(checkpoint(tmp_path), checkpoint(straight))
    assert same(torch.load(kept, weights_only=True), torch.load(straight / kept.name))
    assert (tmp_path / "log.jsonl").read_text() == (straight / "log.jsonl").read_text()


def test_a_finished_run_stays_as_it_is(straight: Path) -> None:
    before = (straight / "checkpoint.pt").read_bytes()

    def never() -> None:
        raise RuntimeError("a step too many")

    kept = train(tiny_run(straight, ending(0, never)))
    assert kept.is_file()
    assert (straight / "checkpoint.pt").read_bytes() == before


def test_the_averaged_model_predicts_numbers(straight: Path) -> None:
    (judged,) = validations(straight)
    assert (judged["step"], judged["mIoU"]) == (STEPS, 1.0)


def test_a_state_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    save({"weight": torch.ones(1000)}, path)
    before = path.read_bytes()
    with pytest.raises(AttributeError):
        save({"weight": torch.zeros(1000), "more": lambda: None}, path)
    assert path.read_bytes() == before


# What comes out


@pytest.mark.parametrize(
    ("scores", "keep", "outcome"),
    [
        ([0.2, 0.6, 0.4], "best", 1),
        ([0.6, 0.2, 0.6], "best", 0),
        ([0.0, 0.0, 0.1], "best", 2),
        ([0.6, 0.2, 0.4], "last", 2),
    ],
)
def test_the_averaged_weights_of_the_best_or_the_last_validation_come_out(
    tmp_path: Path, scores: list[float], keep: str, outcome: int
) -> None:
    run, seen = point_run(tmp_path, scores, keep=keep)
    kept = torch.load(train(run), weights_only=True)
    assert len(seen) == 3
    assert torch.equal(kept["at"], seen[outcome])
    assert len({float(at[0]) for at in seen}) == 3
    log = [(told["step"], told["other"], told["mIoU"]) for told in validations(tmp_path)]
    assert log == [(2 * (i + 1), -score, score) for i, score in enumerate(scores)]


def test_the_best_so_far_survives_a_restart(tmp_path: Path) -> None:
    run, seen = point_run(tmp_path, [0.9], ending(3, interrupt, distance))
    with pytest.raises(KeyboardInterrupt):
        train(run)
    kept = train(point_run(tmp_path, [0.5, 0.5])[0])
    assert torch.equal(torch.load(kept, weights_only=True)["at"], seen[0])


def test_what_is_judged_is_the_average_of_the_steps(tmp_path: Path) -> None:
    """With a decay of one half: after the first step the point itself, then halfway to it."""
    path: list[Tensor] = []

    def recorded(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        path.append(model.at.detach().clone())
        return distance(model, batch)

    run, seen = point_run(tmp_path, losses=recorded)
    train(run)
    average = path[1]
    for at in path[2:5]:
        average = 0.5 * average + 0.5 * at
    assert torch.allclose(seen[1], average)


# Schedule and parameters


@given(
    st.integers(0, 50),
    st.integers(1, 300),
    st.sampled_from(["cosine", "polynomial", "step"]),
    st.floats(0.5, 3),
    st.floats(0, 0.5),
)
def test_the_learning_rate_ramps_up_and_falls_to_its_floor(
    warmup: int, more: int, schedule: str, power: float, floor: float
) -> None:
    settings = {"schedule": schedule, "power": power, "floor": floor}
    share = learning_rate(OptimiserConfig(steps=warmup + more, warmup=warmup, **settings))
    shares = [share(step) for step in range(warmup + more + 1)]
    assert all(0 <= value <= 1 for value in shares)
    assert max(shares) == shares[warmup] == pytest.approx(1)
    assert shares[:warmup] == sorted(shares[:warmup])
    assert shares[warmup:] == sorted(shares[warmup:], reverse=True)
    assert shares[-1] == pytest.approx(floor, abs=1e-9)


def test_a_polynomial_fall_is_the_polynomial() -> None:
    config = OptimiserConfig(steps=110, warmup=10, schedule="polynomial", power=0.9, floor=0.0)
    assert learning_rate(config)(60) == pytest.approx(0.5**0.9)
    cosine = OptimiserConfig(steps=110, warmup=10, floor=0.0)
    assert learning_rate(cosine)(35) == pytest.approx((1 + 2**-0.5) / 2)


class Mixed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.norm = nn.LayerNorm(4)
        self.pos_embed = nn.Parameter(torch.zeros(2, 4))
        self.logit_scale = nn.Parameter(torch.zeros(()))
        self.logit_bias = nn.Parameter(torch.zeros(1))
        self.fusion = nn.Linear(4, 1)
        self.frozen = nn.Parameter(torch.zeros(4, 4), requires_grad=False)


def test_matrices_decay_single_numbers_are_fast_and_frozen_weights_stay() -> None:
    model = Mixed()
    groups = parameter_groups(
        model,
        OptimiserConfig(
            steps=9,
            learning_rate=1e-3,
            weight_decay=0.05,
            scalar_factor=10,
            factors={"fusion": 2.0, "fusion.weight": 5.0},
        ),
    )
    of = {
        name: next((g for g in groups if any(p is member for member in g["params"])), None)
        for name, p in model.named_parameters()
    }
    rate = {name: group["lr"] for name, group in of.items() if group}
    decay = {name: group["weight_decay"] for name, group in of.items() if group}

    assert of["frozen"] is None
    assert {name for name, value in decay.items() if value} == {"linear.weight", "fusion.weight"}
    fast = {"logit_scale": 0.01, "logit_bias": 0.01, "fusion.weight": 0.002, "fusion.bias": 0.002}
    assert rate == pytest.approx({**dict.fromkeys(rate, 1e-3), **fast})
    assert sum(len(group["params"]) for group in groups) == len(of) - 1


def test_single_numbers_stay_fast_along_the_schedule(tmp_path: Path) -> None:
    settings = {**SETTINGS, "scalar_factor": 10.0}
    train(point_run(tmp_path, optimiser=OptimiserConfig(**settings))[0])
    rates = [group["lr"] for group in checkpoint(tmp_path)["optimiser"]["param_groups"]]
    last = 0.01 * OptimiserConfig(1).learning_rate
    assert rates == pytest.approx([last, last, 10 * last][: len(rates)])
