"""Predictions beside their truths, made the way an analyst's request goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from engine.data.sample import ReferringSample
from engine.errors import InputError
from engine.evaluation.metrics import Overlap
from engine.evaluation.protocols import Protocol
from engine.evaluation.resolution import Shape, prediction_at, truth_at
from engine.files.boundary import open_dataset, reading
from engine.raster.source import Source
from engine.segmentation.features import FeatureCache
from engine.segmentation.segment import segment
from engine.systems.segmenter import Segmenter


@dataclass(frozen=True, eq=False)
class Comparison:
    """A sample's prediction and truth as they are compared.

    Attributes:
        sample: The sample.
        prediction: `(H, W)` bool at the protocol's size, empty where pixels count for nothing.
        truth: The same of what is meant.
        overlap: Both in pixels.
        iou: As the protocol has it.
    """

    sample: ReferringSample
    prediction: NDArray[np.bool_]
    truth: NDArray[np.bool_]
    overlap: Overlap
    iou: float


def compare(
    samples: Iterable[ReferringSample], model: Segmenter, threshold: float, protocol: Protocol
) -> Iterator[Comparison]:
    """Runs a model over samples, one after the other.

    The model always sees an image as it sees an analyst's; the protocol's size is that of the
    comparison alone.

    Raises:
        InputError: A mask is not of its image's size.
        EngineError: An image cannot be read, or the model cannot run.
    """
    features = FeatureCache()
    with TemporaryDirectory() as folder:
        for sample in samples:
            mask = sample.mask
            _check_size("mask", sample, mask)
            ignored = None if sample.ignored is None else sample.ignored()
            if ignored is not None:
                _check_size("ignored part", sample, ignored)
            shape = mask.shape if protocol.side is None else (protocol.side, protocol.side)
            found = _predict(sample, model, threshold, Path(folder), features, shape)
            ignored = None if ignored is None else truth_at(shape, ignored)
            prediction = protocol.counted(found, ignored)
            truth = protocol.counted(truth_at(shape, mask), ignored)
            overlap = Overlap.of(prediction, truth)
            yield Comparison(sample, prediction, truth, overlap, overlap.iou(protocol))


def _check_size(what: str, sample: ReferringSample, mask: NDArray[np.bool_]) -> None:
    with reading(sample.image), open_dataset(sample.image) as dataset:
        size = f"{dataset.width} x {dataset.height}"
    height, width = mask.shape
    if size != f"{width} x {height}":
        raise InputError(
            f"{sample.where}: the {what} of “{sample.expression}” is {width} x {height} pixels, "
            f"but {sample.image} is {size}."
        )


def _predict(
    sample: ReferringSample,
    model: Segmenter,
    threshold: float,
    folder: Path,
    features: FeatureCache,
    shape: Shape,
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
    return prediction_at(shape, result.probability, threshold)
