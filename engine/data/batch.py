"""What a training step sees, and where it comes from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from engine.data.scenes.views import View, ViewSampler
from engine.language.categories import plural


@dataclass(frozen=True)
class Batch:
    """`B` views with `E` sentences in all.

    Attributes:
        pixels: `(B, 3, H, W)` uint8.
        counts: Sentences of each view, `(B,)` with sum `E`.
        expressions: The sentences, view by view.
        masks: What they mean, `(E, 1, H, W)` uint8.
        category_names: One sentence for each of `C` categories.
        category_masks: Everything of each category, `(B, C, H, W)` uint8; 255 where unknown.
    """

    pixels: Tensor
    counts: Tensor
    expressions: list[str]
    masks: Tensor
    category_names: list[str]
    category_masks: Tensor

    def to(self, device: torch.device) -> Batch:
        """The batch on a device."""
        return Batch(
            self.pixels.to(device, non_blocking=True),
            self.counts.to(device),
            self.expressions,
            self.masks.to(device, non_blocking=True),
            self.category_names,
            self.category_masks.to(device, non_blocking=True),
        )

    def pieces(self, count: int) -> list[Batch]:
        """The same views in at most `count` batches, as equal as can be."""
        views = len(self.pixels)
        edges = [views * i // min(count, views) for i in range(min(count, views) + 1)]
        ends = [0, *self.counts.cumsum(0).tolist()]
        return [
            Batch(
                self.pixels[first:last],
                self.counts[first:last],
                self.expressions[ends[first] : ends[last]],
                self.masks[ends[first] : ends[last]],
                self.category_names,
                self.category_masks[first:last],
            )
            for first, last in pairwise(edges)
        ]


def collate(views: list[View], category_names: list[str]) -> Batch:
    """Views as one batch."""
    categories = range(len(category_names))
    return Batch(
        pixels=torch.stack([view.pixels for view in views]),
        counts=torch.tensor([len(view.expressions) for view in views]),
        expressions=[expression.text for view in views for expression in view.expressions],
        masks=torch.stack([view.mask(e) for view in views for e in view.expressions])[:, None],
        category_names=category_names,
        category_masks=torch.stack(
            [torch.stack([view.category_mask(c) for c in categories]) for view in views]
        ),
    )


class StepBatches(IterableDataset[Batch], ABC):
    """Batches `first` to `last`, or one of several processes' share of them.

    What is in a batch depends on its number alone, so runs resume exactly; two processes with
    three views each have the views of one with six.
    """

    def __init__(
        self, size: int, first: int, last: int, process: int = 0, processes: int = 1
    ) -> None:
        super().__init__()
        self.size = size
        self.first = first
        self.last = last
        self.own = range(process * size, (process + 1) * size)
        self.together = processes * size

    def __iter__(self) -> Iterator[Batch]:
        worker = torch.utils.data.get_worker_info()
        start, stride = (worker.id, worker.num_workers) if worker else (0, 1)
        torch.set_num_threads(1)
        for step in range(self.first + start, self.last, stride):
            yield self.batch(step)

    @abstractmethod
    def batch(self, step: int) -> Batch:
        """The batch of a number."""


class TrainingBatches(StepBatches):
    """Views drawn from scenes."""

    def __init__(self, sampler: ViewSampler, size: int, *steps: int) -> None:
        super().__init__(size, *steps)
        self.sampler = sampler

    def batch(self, step: int) -> Batch:
        """The batch of a number."""
        views = [self.sampler.view(step, number) for number in self.own]
        rng = np.random.default_rng((self.sampler.seed, step))
        names = []
        for category in self.sampler.categories:
            name = category.singulars[int(rng.integers(len(category.singulars)))]
            names.append((name, f"all {plural(name)}", plural(name))[int(rng.integers(3))])
        return collate(views, names)
