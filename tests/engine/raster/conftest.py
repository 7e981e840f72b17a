"""Small rasters, made for one test each."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.errors import NotGeoreferencedWarning

NORTH_UP = Affine(1, 0, 500_000, 0, -1, 5_000_000)


@pytest.fixture
def make_raster(tmp_path: Path) -> Callable[..., str]:
    """Writes pixels `(bands, h, w)` and gives the path; 1 m north-up in UTM zone 33 by default."""

    def make(
        pixels, transform=NORTH_UP, crs="EPSG:32633", name="raster.tif", setup=None, **profile
    ):
        count, height, width = pixels.shape
        path = tmp_path / name
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            dataset = rasterio.open(
                path,
                "w",
                **{"driver": "GTiff", "dtype": pixels.dtype, **profile},
                width=width,
                height=height,
                count=count,
                crs=crs,
                transform=transform,
            )
        with dataset:
            if setup:
                setup(dataset)
            dataset.write(pixels)
        return str(path)

    return make


@pytest.fixture
def numbered() -> np.ndarray:
    """60 x 50 pixels that all differ: the row in band 1, the column in band 2, both in band 3."""
    rows, cols = np.mgrid[:60, :50].astype(np.uint8)
    return np.stack([rows, cols, rows ^ cols])
