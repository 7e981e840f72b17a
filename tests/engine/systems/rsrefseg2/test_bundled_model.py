"""The bundled model segments what it is asked for, on a real image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.raster.source import Source
from engine.raster.stored import at_least, open_stored
from engine.segmentation.features import FeatureCache
from engine.segmentation.segment import segment
from engine.systems.loading import load
from engine.systems.segmenter import Segmenter

SCENES = Path(__file__).parents[4] / "resources/scenes"


@pytest.fixture(scope="module")
def model() -> Segmenter:
    """The bundled model on the CPU."""
    return load("rsrefseg2-compact", "cpu")


def mask(scene: str, expression: str, model: Segmenter, folder: Path) -> NDArray[np.bool_]:
    """What the model finds at a threshold of one half."""
    source = Source(str(SCENES / scene))
    result = segment(source, expression, model, folder, outputs=(), features=FeatureCache())
    with open_stored(result.probability) as stored:
        return np.concatenate([at_least(codes, 0.5) for _, codes in stored.bands()])


def test_the_baseball_diamond_is_found_where_it_is(model: Segmenter, tmp_path: Path) -> None:
    rows, columns = np.mgrid[:256, :256]
    drawn = ((columns - 159) / 53) ** 2 + ((rows - 93) / 58) ** 2 <= 1  # by hand, over the image
    found = mask("ballpark.tif", "the baseball diamond", model, tmp_path)
    assert (found & drawn).sum() / (found | drawn).sum() > 0.6


def test_another_expression_finds_something_else(model: Segmenter, tmp_path: Path) -> None:
    diamond = mask("ballpark.tif", "the baseball diamond", model, tmp_path)
    ship = mask("ballpark.tif", "the ship", model, tmp_path)
    assert (diamond & ship).sum() < 0.5 * diamond.sum()
