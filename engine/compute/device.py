"""Which device the engine computes on, and why."""

from __future__ import annotations

import os

import torch

from engine.errors import InputError, ModelError

CHOICES = ("auto", "cpu", "cuda")


def choose(device: str = "auto") -> torch.device:
    """The device for a choice of "auto", "cpu" or "cuda".

    Raises:
        InputError: Another word.
        ModelError: CUDA was asked for and cannot compute.
    """
    if device not in CHOICES:
        raise InputError(f"There is no device '{device}'. Choose one of {', '.join(CHOICES)}.")
    if device == "cpu":
        return torch.device("cpu")
    problem = _cuda_problem()
    if problem is None:
        return torch.device("cuda")
    if device == "cuda":
        raise ModelError(f"CUDA cannot be used: {problem} Choose the device 'cpu' or 'auto'.")
    return torch.device("cpu")


def describe(device: str = "auto") -> dict[str, str | int]:
    """The chosen device for people: `device`, `device_name`, `memory_bytes`, `reason`."""
    chosen = choose(device)
    if chosen.type == "cuda":
        properties = torch.cuda.get_device_properties(chosen)
        return {
            "device": "cuda",
            "device_name": properties.name,
            "memory_bytes": properties.total_memory,
            "reason": "CUDA device found.",
        }
    return {
        "device": "cpu",
        "device_name": f"CPU, {os.cpu_count()} cores",
        "memory_bytes": _main_memory(),
        "reason": "The CPU was asked for." if device == "cpu" else _cuda_problem() or "",
    }


def _cuda_problem() -> str | None:
    """Why CUDA cannot be used, or None if a kernel really runs."""
    if not torch.cuda.is_available():
        return "No CUDA device found."
    try:
        torch.ones(8, device="cuda").sum().item()
    except RuntimeError as cause:
        return f"The CUDA device does not run kernels: {str(cause).splitlines()[0]}"
    return None


def _main_memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0  # not told by this system
