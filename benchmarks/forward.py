"""What one pass through the full-size RS2-SAM2 costs, and what bf16 and torch.compile change.

`python benchmarks/forward.py build/forward.json [--device cuda] [--compile]`

Weights are random, so the masks mean nothing; that they are equal is what is measured. A mask is
what lies above the median of the float32 values, for with random weights the model's own threshold
would leave it empty or full.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.systems.rs2_sam2.config import large
from engine.systems.rs2_sam2.model import RS2SAM2

TOKENS = 16


def main() -> None:
    """Measures, prints and writes a JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--compile", action="store_true", help="also with torch.compile")
    parser.add_argument("--passes", type=int, default=2)
    options = parser.parse_args()
    device = torch.device(options.device)
    torch.manual_seed(0)
    model = RS2SAM2(large()).eval().to(device)
    given = inputs(model, device)
    figures = []
    reference = None
    for compiled in (False, True) if options.compile else (False,):
        forward: Callable[..., Tensor] = _values(torch.compile(model) if compiled else model)
        for precision in ("float32", "bf16"):
            with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
                values, seconds = _measure(partial(forward, *given), device, options.passes)
            reference = values if reference is None else reference
            figures.append(
                {
                    "precision": precision,
                    "compiled": compiled,
                    "seconds": round(seconds, 3),
                    "peak_bytes": _peak(device),
                    "iou_with_float32": round(_iou(values, reference), 5),
                }
            )
            print(figures[-1], flush=True)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({**_machine(device), "passes": figures}, indent=1))


def inputs(model: RS2SAM2, device: torch.device) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """An image for each encoder, and an expression."""
    sizes = model.config
    image = torch.randn(1, 3, sizes.sam.image, sizes.sam.image, device=device)
    small = torch.randn(1, 3, sizes.beit3.image, sizes.beit3.image, device=device)
    ids = torch.randint(4, sizes.beit3.tokens, (1, TOKENS), device=device)
    return image, small, ids, torch.ones_like(ids, dtype=torch.bool)


def _values(model: Callable[..., object]) -> Callable[..., Tensor]:
    return lambda *given: model(*given).masks.logits.float()  # type: ignore[attr-defined]


@torch.inference_mode()
def _measure(run: Callable[[], Tensor], device: torch.device, passes: int) -> tuple[Tensor, float]:
    """The values and the seconds of the quickest pass; the first one only warms up."""
    values, quickest = run(), float("inf")
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    for _ in range(passes):
        started = time.perf_counter()
        values = run()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        quickest = min(quickest, time.perf_counter() - started)
    return values, quickest


def _iou(values: Tensor, reference: Tensor) -> float:
    level = reference.median()
    a, b = values > level, reference > level
    return float((a & b).sum() / (a | b).sum())


def _peak(device: torch.device) -> int:
    """Of the process on a CPU, weights and earlier passes included; of the device on a GPU."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _machine(device: torch.device) -> dict[str, object]:
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor()
    return {
        "device": name or device.type,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }


if __name__ == "__main__":
    main()
