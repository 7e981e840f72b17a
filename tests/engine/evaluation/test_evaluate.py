"""An evaluation as a whole, of painted images."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from engine.evaluation.evaluate import evaluate
from engine.evaluation.protocols import choose
from tests.engine.evaluation.comparing import sample
from tests.engine.painting import Graded, Oracle, painted, write

RED, GREEN = np.zeros((8, 12), bool), np.zeros((8, 12), bool)
RED[1:3, 1:7] = True
GREEN[5:7, 4:8] = True
NOTHING = np.zeros((8, 12), bool)


class Slow(Oracle):
    """Takes its time, more for images than for sentences."""

    def encode(self, view, resolution=None):
        time.sleep(0.02)
        return super().encode(view, resolution)

    def decode(self, features, expression):
        time.sleep(0.01)
        return super().decode(features, expression)


@pytest.fixture
def image(tmp_path: Path) -> str:
    pixels = painted(RED)
    pixels[1][GREEN] = 250
    return write(tmp_path / "a.tif", pixels)


def about(image: str, expression: str, truth: np.ndarray, kind: str, category: str):
    return sample(truth, image, expression, kind, category)


def test_every_sample_counts_once_in_all_and_in_its_kind_and_category(image: str) -> None:
    samples = [
        about(image, "the red ones", RED, "all", "ship"),
        about(image, "the green one", GREEN, "unique", "car"),
        about(image, "the red car", GREEN, "all", "car"),
        about(image, "the blue one", NOTHING, "absent", "bus"),
        about(image, "the red one", NOTHING, "", ""),
    ]
    found = evaluate(samples, Slow())

    assert [row.expression for row in found.rows] == [each.expression for each in samples]
    assert [row.overlap.intersection for row in found.rows] == [12, 8, 0, 0, 0]
    assert found.metrics().summary()["mIoU"] == pytest.approx(3 / 5)
    assert found.metrics().no_target()["no_target_accuracy"] == 0.5
    means = {kind: metrics.summary()["mIoU"] for kind, metrics in found.by("kind").items()}
    assert means == {"absent": 1, "all": 0.5, "unique": 1}
    counts = {name: len(metrics.overlaps) for name, metrics in found.by("category").items()}
    assert counts == {"bus": 1, "car": 2, "ship": 1}
    assert (found.two_class_accuracy, found.two_class_n) == (pytest.approx(2 / 3), 3)
    assert [case.expression for case in found.best] == ["the red ones", "the green one"]
    assert [case.expression for case in found.worst] == ["the red car", "the red one"]

    assert (found.seconds["encodes"], found.seconds["decodes"]) == (1, 5)
    assert found.seconds["encode"] >= 0.02
    assert found.seconds["decode"] >= 0.01


def test_the_protocol_and_the_threshold_are_those_asked_for(image: str) -> None:
    samples = [about(image, "the red ones", RED, "all", ""), about(image, "blue", NOTHING, "", "")]
    strict = evaluate(samples, Graded(), 0.7)
    assert [row.overlap.predicted for row in strict.rows] == [12, 0]
    # What is not painted has a third of red and a quarter of blue.
    assert [row.overlap.predicted for row in evaluate(samples, Graded(), 0.3).rows] == [96, 0]
    assert strict.metrics().summary()["mIoU"] == 1

    lavt = evaluate(samples, Graded(), 0.7, choose("lavt", 16))
    assert lavt.metrics().summary()["mIoU"] < 0.5
    assert lavt.by("kind")["all"].protocol == lavt.protocol == choose("lavt", 16)
    assert lavt.rows[0].overlap.truth == RED.sum() * (16 / 8) * (16 / 12)
