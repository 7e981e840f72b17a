"""The benchmarks' rasters hold what their figures are compared with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from scipy import ndimage

from benchmarks.measuring import rasters


@pytest.mark.parametrize(
    ("width", "height", "down", "across"), [(800, 300, 2, 5), (700, 700, 5, 5)]
)
def test_as_many_separate_objects_are_painted_as_was_asked(
    tmp_path: Path, width: int, height: int, down: int, across: int
) -> None:
    truth = rasters.truth(rasters.objects(tmp_path, width, height, down, across))

    assert truth.shape == (height, width)
    assert ndimage.label(truth)[1] == down * across


def test_a_raster_is_the_same_wherever_it_is_made(tmp_path: Path) -> None:
    for make in (
        lambda at: rasters.aerial(at, 600),
        lambda at: rasters.objects(at, 400, 300, 2, 3),
    ):
        with rasterio.open(make(tmp_path / "a")) as one, rasterio.open(make(tmp_path / "b")) as two:
            assert np.array_equal(one.read(), two.read())
            assert one.profile["tiled"]


def test_the_aerial_raster_is_as_hard_to_compress_as_its_scenes(tmp_path: Path) -> None:
    path = rasters.aerial(tmp_path, 1024)

    assert path.stat().st_size > 0.3 * 3 * 1024 * 1024
