"""Where the engine computes, and why there."""

from __future__ import annotations

import os

import pytest
import torch

from engine.compute import device
from engine.errors import InputError, ModelError

without_cuda = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
with_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA")


def test_the_cpu_is_always_there() -> None:
    assert device.choose("cpu") == torch.device("cpu")
    facts = device.describe("cpu")
    assert (facts["device"], facts["reason"]) == ("cpu", "The CPU was asked for.")
    assert str(os.cpu_count()) in str(facts["device_name"])


@pytest.mark.skipif(not os.path.exists("/proc/meminfo"), reason="no /proc/meminfo to compare with")
def test_the_memory_is_that_of_the_machine() -> None:
    with open("/proc/meminfo", encoding="ascii") as lines:
        total = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemTotal"))
    assert device.describe("cpu")["memory_bytes"] == pytest.approx(total, rel=0.01)


@pytest.mark.parametrize("word", ["abacus", "", "CPU", "cuda:0"])
def test_another_word_is_refused_with_those_there_are(word: str) -> None:
    with pytest.raises(InputError, match="auto, cpu, cuda"):
        device.choose(word)


@without_cuda
def test_without_cuda_the_cpu_computes_and_says_why() -> None:
    assert device.choose() == torch.device("cpu")
    assert device.describe()["reason"] == "No CUDA device found."


@without_cuda
def test_cuda_that_is_not_there_is_refused_with_what_to_choose() -> None:
    with pytest.raises(ModelError, match=r"No CUDA device found\. Choose the device 'cpu'"):
        device.choose("cuda")


@without_cuda
def test_cuda_that_does_not_run_kernels_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a card too old for this PyTorch: it is there, and fails when it is to compute."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device.choose() == torch.device("cpu")
    assert "does not run kernels" in str(device.describe()["reason"])
    with pytest.raises(ModelError, match="does not run kernels"):
        device.choose("cuda")


@with_cuda
def test_cuda_is_chosen_where_it_computes() -> None:
    assert device.choose() == device.choose("cuda") == torch.device("cuda")
    facts = device.describe()
    assert facts["device_name"] == torch.cuda.get_device_name()
    assert facts["memory_bytes"] > 2**30
