"""Both sides of a comparison see the same stub."""

from __future__ import annotations

import pytest
import torch

from benchmarks.subjects.stub import GRADED, ORACLE, StubNetwork, constant
from benchmarks.subjects.stub_segmenter import StubSegmenter

VIEW = torch.arange(3 * 256, dtype=torch.uint8).reshape(3, 16, 16).flip(0)


@pytest.mark.parametrize(
    "stub", [GRADED, ORACLE, constant(0.7)], ids=["graded", "oracle", "constant"]
)
def test_the_engine_gets_the_logits_that_the_peer_gets(stub: tuple[float, float]) -> None:
    network = StubNetwork(*stub)
    model = StubSegmenter(network, 512, 128)

    ours = model.decode(model.encode(VIEW[None]), "anything")

    torch.testing.assert_close(ours, network(VIEW[None] / 255)[:, 0])
    assert model.encoded == 1


def test_the_constant_is_the_probability_asked_for() -> None:
    logits = StubNetwork(*constant(0.7))(VIEW[None] / 255)

    torch.testing.assert_close(logits.sigmoid(), torch.full((1, 1, 16, 16), 0.7))


def test_the_oracle_is_certain() -> None:
    painted = torch.tensor([20, 255], dtype=torch.uint8).reshape(1, 1, 1, 2) / 255

    assert StubNetwork(*ORACLE)(painted).sigmoid().round(decimals=6).tolist() == [[[[0, 1]]]]
