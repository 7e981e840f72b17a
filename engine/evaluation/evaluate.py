"""Measures a model on referring samples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.data.sample import ReferringSample
from engine.evaluation.cases import Case, Cases
from engine.evaluation.comparison import compare
from engine.evaluation.metrics import Overlap, ReferringMetrics
from engine.evaluation.protocols import OURS, Protocol
from engine.evaluation.right_class import RightClass
from engine.evaluation.timing import TimedSegmenter
from engine.systems.segmenter import Segmenter


@dataclass(frozen=True)
class Row:
    """What is known of one sample afterwards.

    Attributes:
        image: The image's path.
        expression: The sentence.
        kind: The kind of sentence; may be empty.
        category: The category of what is meant; may be empty.
        overlap: Prediction and truth in pixels.
    """

    image: str
    expression: str
    kind: str
    category: str
    overlap: Overlap


@dataclass(frozen=True)
class Evaluation:
    """A model's answers to a data set.

    Attributes:
        protocol: How they were compared.
        threshold: Least probability of a prediction.
        rows: The samples in their order.
        two_class_accuracy: Share of right classes in images that hold two; None of no samples.
        two_class_n: Samples that share is of.
        best: The best cases.
        worst: The worst cases.
        seconds: Median seconds to encode an image and to decode an expression, and of how many.
    """

    protocol: Protocol
    threshold: float
    rows: tuple[Row, ...]
    two_class_accuracy: float | None
    two_class_n: int
    best: tuple[Case, ...]
    worst: tuple[Case, ...]
    seconds: dict[str, float | None]

    def metrics(self) -> ReferringMetrics:
        """Metrics of all samples."""
        return ReferringMetrics(self.protocol, [row.overlap for row in self.rows])

    def by(self, attribute: str) -> dict[str, ReferringMetrics]:
        """Metrics of each `kind` or `category`, by its name; samples without one are left out."""
        groups: dict[str, ReferringMetrics] = {}
        for row in self.rows:
            name = getattr(row, attribute)
            if name:
                group = groups.setdefault(name, ReferringMetrics(self.protocol))
                group.overlaps.append(row.overlap)
        return dict(sorted(groups.items()))


def evaluate(
    samples: Iterable[ReferringSample],
    model: Segmenter,
    threshold: float = 0.5,
    protocol: Protocol = OURS,
) -> Evaluation:
    """Runs a model over samples; the samples of an image should follow each other.

    Raises:
        InputError: A mask is not of its image's size.
        EngineError: An image cannot be read, or the model cannot run.
    """
    timed = TimedSegmenter(model)
    rows, right_class, cases = [], RightClass(), Cases()
    for comparison in compare(samples, timed, threshold, protocol):
        sample = comparison.sample
        rows.append(
            Row(
                str(sample.image),
                sample.expression,
                sample.kind,
                sample.category,
                comparison.overlap,
            )
        )
        right_class.add(comparison)
        cases.add(comparison)
    best, worst = cases.best_and_worst()
    return Evaluation(
        protocol=protocol,
        threshold=threshold,
        rows=tuple(rows),
        two_class_accuracy=right_class.accuracy(),
        two_class_n=right_class.n,
        best=tuple(best),
        worst=tuple(worst),
        seconds=timed.seconds(),
    )
