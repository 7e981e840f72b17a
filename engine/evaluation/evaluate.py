"""Runs a model over referring samples, the way an analyst's request goes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from engine.data.sample import ReferringSample
from engine.errors import InputError
from engine.evaluation.metrics import ReferringMetrics
from engine.features import FeatureCache
from engine.raster.source import Source
from engine.raster.stored import at_least, open_stored
from engine.segment import segment
from engine.systems import Segmenter


def evaluate(
    samples: Iterable[ReferringSample], model: Segmenter, threshold: float = 0.5
) -> tuple[ReferringMetrics, dict[str, ReferringMetrics]]:
    """Metrics over all samples, and of each kind of sentence.

    Raises:
        InputError: A mask is not of its image's size.
    """
    everything, kinds = ReferringMetrics(), dict[str, ReferringMetrics]()
    features = FeatureCache()
    with TemporaryDirectory() as folder:
        for sample in samples:
            found = _predict(sample, model, threshold, Path(folder), features)
            if found.shape != sample.mask.shape:
                raise InputError(
                    f"The mask of “{sample.expression}” is {_size(sample.mask)} pixels, "
                    f"but {sample.image} is {_size(found)}."
                )
            everything.add(found, sample.mask)
            kinds.setdefault(sample.kind, ReferringMetrics()).add(found, sample.mask)
    return everything, kinds


def _size(mask: NDArray[np.bool_]) -> str:
    height, width = mask.shape
    return f"{width} x {height}"


def _predict(
    sample: ReferringSample,
    model: Segmenter,
    threshold: float,
    folder: Path,
    features: FeatureCache,
) -> NDArray[np.bool_]:
    result = segment(
        Source(str(sample.image)),
        sample.expression,
        model,
        folder,
        threshold=threshold,
        outputs=(),
        features=features,
        one_view=True,
    )
    with open_stored(result.probability) as stored:
        return np.concatenate([at_least(codes, threshold) for _, codes in stored.bands()])
