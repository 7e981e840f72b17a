"""geoai-py, in the peers' environment."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import torch
from geoai.inference import predict_geotiff

from benchmarks.measuring.cost import cost
from benchmarks.subjects.stub import StubNetwork


def predict(
    raster: str, out: str, stub: tuple[float, float], window: int, overlap: int, blend: str
) -> dict[str, Any]:
    """Probabilities of the stub over a raster, with `predict_geotiff`'s own defaults."""
    network = torch.nn.Sequential(StubNetwork(*stub), torch.nn.Sigmoid())
    with cost() as spent:
        predict_geotiff(
            network,
            raster,
            out,
            tile_size=window,
            overlap=overlap,
            blend_mode=blend,
            device="cpu",
            verbose=False,
        )
    return {"cost": asdict(spent), "threads": torch.get_num_threads()}
