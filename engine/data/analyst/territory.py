"""Territory: which ground a model learns from, and which is held out to judge it by."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray

TRAIN, VAL = "train", "val"
SPLITS = (TRAIN, VAL)

ENOUGH = 5
"""Objects from which on an expression must keep some in training."""

WANTED_BLOCKS = 10
"""Blocks with objects that a split should have to choose from."""

Block = tuple[int, int]
"""Column and row of a block."""

Bounds = tuple[float, float, float, float]
"""`(xmin, ymin, xmax, ymax)` in pixels."""


@dataclass(frozen=True)
class Blocks:
    """Rectangles of `width` x `height` pixels that tile the plane, the first one from 0, 0 on."""

    width: float
    height: float

    def of(self, points: NDArray[np.float64]) -> NDArray[np.int64]:
        """The blocks that points `(n, 2)` lie in, `(n, 2)`."""
        cells = np.floor(points / (self.width, self.height))
        whole: NDArray[np.int64] = np.nan_to_num(cells).astype(np.int64)
        return whole

    def under(self, bounds: Bounds) -> list[Block]:
        """The blocks that a rectangle shares an area with."""
        xmin, ymin, xmax, ymax = bounds
        cols = range(math.floor(xmin / self.width), math.ceil(xmax / self.width))
        rows = range(math.floor(ymin / self.height), math.ceil(ymax / self.height))
        return list(product(cols, rows))


@dataclass(frozen=True)
class Territory:
    """Blocks of ground and the split each belongs to.

    Attributes:
        blocks: The blocks.
        held: Which of those with objects are held out.
        occupied: Which have objects.
        share: Of the blocks far from objects that is held out, too.
        seed: Decides which of those.
    """

    blocks: Blocks
    held: frozenset[Block]
    occupied: frozenset[Block]
    share: float
    seed: int
    _known: dict[Block, str] = field(default_factory=dict, repr=False, compare=False)

    def split_of(self, block: Block) -> str:
        """The split of a block."""
        if block not in self._known:
            self._known[block] = VAL if self._is_held(block) else TRAIN
        return self._known[block]

    def _is_held(self, block: Block) -> bool:
        if block in self.occupied:
            return block in self.held
        # Beside objects, empty ground goes with them: they need it around them.
        near = self.occupied.intersection(product(*(range(n - 1, n + 2) for n in block)))
        if near:
            return near <= self.held
        key = [self.seed, *(number % 2**32 for number in block)]
        return bool(np.random.default_rng(key).random() < self.share)

    def split_under(self, bounds: Bounds) -> str | None:
        """The split of all blocks under a rectangle; None where they differ."""
        splits = {self.split_of(block) for block in self.blocks.under(bounds)}
        return splits.pop() if len(splits) == 1 else None


def plan(
    size: tuple[int, int],
    homes: NDArray[np.float64],
    expressions: NDArray[np.int64],
    *,
    view: int,
    margin: int,
    block: int,
    share: float,
    seed: int,
) -> Territory:
    """Divides the ground of a raster, and holds out a share of its objects by whole blocks.

    Blocks are `block` views wide where that leaves enough of them to choose from, else smaller
    ones, and one view and its margin at least.

    Args:
        size: Width and height of the raster in pixels.
        homes: A point of every object, `(n, 2)`.
        expressions: What each object is, `(n,)`.
        view: Side of a view in pixels.
        margin: Pixels between views of different splits.
        block: Views a block side.
        share: How many objects are held out, 0 to below 1.
        seed: Of everything drawn.
    """
    for views in range(block, 0, -1):
        width, height = (side / max(side // (views * view + margin), 1) for side in size)
        blocks = Blocks(width, height)
        counts = _counts(blocks.of(homes), expressions)
        if _enough(counts):
            break
    held = hold_out(counts, share, np.random.default_rng(seed))
    return Territory(blocks, held, frozenset(counts), share, seed)


def hold_out(
    counts: Mapping[Block, Counter[int]], share: float, rng: np.random.Generator
) -> frozenset[Block]:
    """Blocks to hold out: about a share of all objects, and some of every expression if possible.

    They are taken one by one, always one that shows the expression of which the least is held out
    so far. Nothing takes all objects from training, nor all of an expression of `ENOUGH` or more.

    Args:
        counts: How many objects of each expression are in each block.
        share: 0 to below 1.
        rng: Decides among equals.
    """
    total: Counter[int] = sum(counts.values(), Counter())
    common = [expression for expression, count in total.items() if count >= ENOUGH]
    order = [sorted(counts)[place] for place in rng.permutation(len(counts))]
    holders = {e: [block for block in order if counts[block][e]] for e in common}
    held: Counter[int] = Counter()
    chosen: set[Block] = set()
    wanted = share * total.total()

    def best(blocks: Sequence[Block]) -> Block | None:
        """The first block that may go, rather one that is not too full."""
        free = [b for b in blocks if b not in chosen and _spares(counts[b], total, held)]
        fitting = (block for block in free if counts[block].total() <= wanted)
        return next(fitting, min(free, key=lambda b: counts[b].total(), default=None))

    while share > 0:
        neediest = sorted(common, key=lambda e: (held[e] / total[e], e))
        if held.total() >= wanted:
            neediest = [e for e in neediest if not held[e]]
        found = next(filter(None, (best(holders[e]) for e in neediest)), None)
        if found is None and held.total() < wanted:
            found = best(order)
        if found is None:
            break
        chosen.add(found)
        held += counts[found]
    return frozenset(chosen)


def _spares(here: Counter[int], total: Counter[int], held: Counter[int]) -> bool:
    """Whether training keeps some objects, and some of every common expression, without a block."""
    rest = total.total() - held.total()
    return rest > here.total() and all(
        total[e] < ENOUGH or total[e] - held[e] > count for e, count in here.items()
    )


def _counts(homes: NDArray[np.int64], expressions: NDArray[np.int64]) -> dict[Block, Counter[int]]:
    counts: dict[Block, Counter[int]] = {}
    for (col, row), expression in zip(homes.tolist(), expressions.tolist(), strict=True):
        counts.setdefault((col, row), Counter())[expression] += 1
    return counts


def _enough(counts: Mapping[Block, Counter[int]]) -> bool:
    """Whether there are blocks to choose from, also for every expression that is not rare."""
    total: Counter[int] = sum(counts.values(), Counter())
    spread = Counter(expression for here in counts.values() for expression in here)
    common = [expression for expression, count in total.items() if count >= ENOUGH]
    return len(counts) >= WANTED_BLOCKS and all(spread[e] > 1 for e in common)
