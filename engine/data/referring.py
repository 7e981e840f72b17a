"""Training batches of referring samples: whole images, one sentence and its mask each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, overload

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from engine.data.batch import Batch, StepBatches
from engine.data.sample import ReferringSample
from engine.data.scenes.expressions import Expression
from engine.data.scenes.views import IGNORE, View
from engine.errors import InputError, RasterError
from engine.raster.source import Source, open_source
from engine.raster.window import Window

Fit = Literal["stretch", "pad"]

# RS2-SAM2's augmentation on RRSIS-D: boxes of 32 x 32 of the image's own pixels.
BOXED_SHARE = 0.2
BOX_COUNTS = (20, 60)
BOX_SIDE = 32

# What random numbers are drawn for.
ORDER, BOXED, BOXES = range(3)


class ReferringBatches(StepBatches):
    """Every sample once an epoch, each epoch in an order of its own.

    A batch at the end of an epoch is filled from the next one. Nothing is flipped: sentences tell
    left from right.
    """

    def __init__(
        self,
        samples: Sequence[ReferringSample],
        size: int,
        *steps: int,
        side: int,
        fit: Fit = "stretch",
        black_boxes: bool = False,
        seed: int = 0,
    ) -> None:
        """Chooses the samples that get black boxes.

        Args:
            samples: What is trained on.
            size: Samples a batch.
            steps: The first batch, the one after the last, which process, and of how many.
            side: Side of the square views in pixels.
            fit: How an image becomes a square: "stretch" fills it; "pad" keeps the ratio and
                leaves black at the right or bottom, which counts for nothing.
            black_boxes: Whether one sample in five is shown under 20 to 60 black boxes.
            seed: Of everything drawn.

        Raises:
            InputError: There is no sample.
        """
        super().__init__(size, *steps)
        if not samples:
            raise InputError("There is no sample to train on. Check the data set and its split.")
        self.samples = samples
        self.side = side
        self.fit: Fit = fit
        self.seed = seed
        boxed = self._rng(BOXED).permutation(len(samples))
        self.boxed = frozenset(boxed[: int(BOXED_SHARE * len(samples))] if black_boxes else ())

    def batch(self, step: int) -> Batch:
        """The batch of a number.

        Raises:
            InputError: An image or a mask cannot be read; it names the sample.
        """
        count = len(self.samples)
        places = [divmod(step * self.together + number, count) for number in self.own]
        orders = {epoch: self._rng(ORDER, epoch).permutation(count) for epoch, _ in places}
        numbers = [int(orders[epoch][place]) for epoch, place in places]
        views = [self._view(n, epoch) for n, (epoch, _) in zip(numbers, places, strict=True)]
        return Batch(
            pixels=torch.stack([pixels for pixels, _ in views]),
            counts=torch.ones(self.size, dtype=torch.int64),
            expressions=[self.samples[number].expression for number in numbers],
            masks=torch.stack([label for _, label in views]),
            category_names=[],
            category_masks=torch.zeros(self.size, 0, self.side, self.side, dtype=torch.uint8),
        )

    def _rng(self, *key: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, *key))

    def _view(self, number: int, epoch: int) -> tuple[Tensor, Tensor]:
        sample = self.samples[number]
        pixels, label = read_pixels(sample), read_label(sample)
        if pixels.shape[1:] != label.shape:
            raise InputError(
                f"{sample.where}: the mask is {_size(label)} pixels, "
                f"but {sample.image} is {_size(pixels)}. Check the data set first."
            )
        if number in self.boxed:
            draw_boxes(pixels, self._rng(BOXES, epoch, number))
        return fit_view(torch.from_numpy(pixels), torch.from_numpy(label), self.side, self.fit)


class ReferringViews(Sequence[View]):
    """Samples as views to validate on, each read when it is looked at."""

    def __init__(self, samples: Sequence[ReferringSample], side: int, fit: Fit) -> None:
        self.samples = samples
        self.side = side
        self.fit: Fit = fit

    def __len__(self) -> int:
        return len(self.samples)

    @overload
    def __getitem__(self, index: int) -> View: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[View]: ...
    def __getitem__(self, index: int | slice) -> View | Sequence[View]:
        """The view of a sample, its one object being what its sentence means.

        Raises:
            InputError: The image or the mask cannot be read.
        """
        if isinstance(index, slice):
            return ReferringViews(self.samples[index], self.side, self.fit)
        sample = self.samples[index]
        pixels, label = torch.from_numpy(read_pixels(sample)), torch.from_numpy(read_label(sample))
        pixels, label = fit_view(pixels, label, self.side, self.fit)
        meant = (label[0] == 1).long()
        numbers = (1,) if meant.any() else ()
        kind = (sample.kind or "given") if numbers else "absent"
        expression = Expression(sample.expression, kind, numbers, 0)
        return View(pixels, meant, np.array([-1, 0]), frozenset(), (expression,))


def read_pixels(sample: ReferringSample) -> NDArray[np.uint8]:
    """The image `(3, H, W)` as an analyst's request reads it: bands, stretch, black for no data.

    Raises:
        InputError: It cannot be read.
    """
    try:
        with open_source(Source(str(sample.image))) as raster:
            return raster.read(Window(0, 0, raster.grid.height, raster.grid.width)).pixels
    except (InputError, RasterError) as cause:
        raise InputError(f"{sample.where}: {cause}") from cause


def read_label(sample: ReferringSample) -> NDArray[np.uint8]:
    """The mask `(H, W)` as 0 and 1, and 255 where the sample ignores pixels.

    Raises:
        InputError: It cannot be read.
    """
    label = sample.mask.astype(np.uint8)
    if sample.ignored is not None:
        label[sample.ignored()] = IGNORE
    return label


def draw_boxes(pixels: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Draws black boxes anywhere within an image `(3, H, W)`, in place."""
    low, high = BOX_COUNTS
    height, width = pixels.shape[1:]
    for _ in range(rng.integers(low, high, endpoint=True)):
        top = rng.integers(max(height - BOX_SIDE, 0), endpoint=True)
        left = rng.integers(max(width - BOX_SIDE, 0), endpoint=True)
        pixels[:, top : top + BOX_SIDE, left : left + BOX_SIDE] = 0


def fit_view(pixels: Tensor, label: Tensor, side: int, fit: Fit) -> tuple[Tensor, Tensor]:
    """An image `(3, h, w)` and its label `(h, w)`, uint8, as a square.

    Returns:
        Pixels `(3, side, side)`, resized with antialiasing, and the label `(1, side, side)` of the
        nearest pixels; 0 and 255 in what is padded.
    """
    height, width = label.shape
    down, across = side / height, side / width
    if fit == "pad":
        down = across = min(down, across)
    size = (max(1, round(height * down)), max(1, round(width * across)))
    padding = (0, side - size[1], 0, side - size[0])
    pixels = F.interpolate(pixels[None], size, mode="bilinear", antialias=True)[0]
    label = F.interpolate(label[None, None], size, mode="nearest-exact")[0]
    return F.pad(pixels, padding), F.pad(label, padding, value=IGNORE)


def _size(pixels: NDArray[np.uint8]) -> str:
    height, width = pixels.shape[-2:]
    return f"{width} x {height}"
