"""From an analyst's layers to samples: rasters and polygons with expressions become a data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from engine.data.analyst import cutting, drawings
from engine.data.analyst.cutting import Place, Sentence
from engine.data.analyst.drawings import Drawings
from engine.data.analyst.labelled import LabelledLayer
from engine.data.analyst.remarks import remarks
from engine.data.analyst.sample_set import (
    ABSENT,
    Left,
    RasterFacts,
    SampleReport,
    SampleSet,
    sample_set,
)
from engine.data.analyst.sites import Ground, Numbers, settle
from engine.data.analyst.territory import SPLITS
from engine.errors import Cancelled, InputError
from engine.progress import Progress
from engine.raster.origin import Origin
from engine.raster.source import Source

__all__ = ["LabelledLayer", "SampleReport", "SampleSettings", "build"]

MARGIN = 8
"""Views of different splits keep apart by a part in so many of their side."""

EMPTY_VALID = 0.95
"""Share of a view without objects that shows the ground."""

ABSENT_SENTENCES = 3
"""Expressions that such a view is given at most."""

NO_PLACE = "too near to what belongs to the other split"
CUT_OFF = "mostly outside the raster"
TOO_SMALL = "smaller than a pixel, or where the raster has no data"
TOO_MANY = "beyond the largest number of views"

Item = TypeVar("Item")


@dataclass(frozen=True)
class SampleSettings:
    """How samples are made.

    Attributes:
        resolution: Metres a pixel of the views, the model's; each raster's own if None.
        finest: Finest metres a pixel that the model sees where no resolution is asked for: a raster
            much finer than that is seen at this resolution, as it is when the model runs on it.
        view: Side of the views in pixels.
        variants: Whether sentences on place, order, size and number are made from nouns.
        negatives: Share of the samples that ask for what is not there.
        validation: Share of the objects that is held out.
        block: Side in views of the blocks that are held out; smaller on small rasters.
        seed: Of everything drawn.
        complete: Whether everything that the expressions mean is labelled. Only then there are
            negatives and variants.
        repeats: Views that show an object, each at another place in its view.
        most: Views with objects at most; every expression gets its turn.

    Raises:
        InputError: Values that make no sense.
    """

    resolution: float | None = None
    finest: float | None = None
    view: int = 384
    variants: bool = False
    negatives: float = 0.2
    validation: float = 0.2
    block: int = 4
    seed: int = 0
    complete: bool = True
    repeats: int = 1
    most: int = 5000

    def __post_init__(self) -> None:
        for name, least, largest in (
            ("view", 32, 4096),
            ("block", 1, 1000),
            ("seed", 0, 2**32 - 1),
            ("repeats", 1, 100),
            ("most", 1, 10**6),
        ):
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= largest:
                raise InputError(
                    f"{name} is {value!r}, but must be a whole number from {least} to {largest:,}."
                )
        for name, most in (("negatives", 0.9), ("validation", 0.5)):
            value = getattr(self, name)
            if type(value) not in (int, float) or not 0 <= value <= most:
                raise InputError(f"{name} is {value!r}, but must be a share from 0 to {most}.")
        for name in ("variants", "complete"):
            if type(getattr(self, name)) is not bool:
                raise InputError(f"{name} is {getattr(self, name)!r}, but must be true or false.")
        for metres in (self.resolution, self.finest):
            if metres is not None:
                Source("raster", resolution=metres)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SampleSettings:
        """Settings from JSON's types.

        Raises:
            InputError: Unknown settings, or values that make no sense.
        """
        known = [each.name for each in fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise InputError(f"'{unknown[0]}' is no setting of samples. Known: {', '.join(known)}.")
        return cls(**values)

    @property
    def margin(self) -> int:
        """Pixels that views of different splits keep apart."""
        return self.view // MARGIN


def build(
    layers: Sequence[LabelledLayer],
    settings: SampleSettings,
    out: Path,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> SampleReport:
    """Makes samples from layers and writes them into a new folder.

    Args:
        layers: Rasters with their polygons. Layers on one raster are looked at together.
        settings: How.
        out: The folder, which must be new or empty.
        progress: Told how far it is.
        cancelled: Asked between two steps.

    Raises:
        InputError: Layers that cannot be read or brought together, or no polygon that can be used.
        RasterError: A raster cannot be read.
        OutputError: The folder cannot be written.
        Cancelled: As asked; nothing is left behind.
    """
    if not layers:
        raise InputError("There is no layer to make samples from. Give a raster and polygons.")

    def watch(done: int, total: int, stage: str, message: str) -> None:
        if cancelled and cancelled():
            raise Cancelled("Cancelled. No samples were written.")
        if progress:
            progress(Progress(done, total, stage, message))

    origins = [Origin.of(path) for path in dict.fromkeys(each.raster.path for each in layers)]
    with sample_set(out) as made, ExitStack() as opened:
        drawn = drawings.read(layers, settings.resolution, settings.finest, opened, watch)
        cutter = _Cutter(drawn, settings, made, watch)
        cutter.cut_objects()
        cutter.cut_negatives()
        for number in made.previews():
            watch(number, 0, "previews", "Drawing the previews")
        for origin in origins:
            origin.check_unchanged()
        return made.finish(_report(cutter, out))


class _Cutter:
    """Cuts views and adds them to the set."""

    def __init__(
        self,
        drawn: Drawings,
        settings: SampleSettings,
        made: SampleSet,
        watch: drawings.Watch,
    ) -> None:
        self.drawn, self.settings, self.made, self.watch = drawn, settings, made, watch
        self.rng = np.random.default_rng(settings.seed)
        self.grounds = settle(
            drawn.drawings,
            view=settings.view,
            margin=settings.margin,
            block=settings.block,
            share=settings.validation,
            seed=settings.seed,
        )

    def cut_objects(self) -> None:
        """Adds the views that show objects.

        Raises:
            InputError: There is none.
        """
        due = list(self._objects())
        for done, (number, place) in enumerate(due):
            self.watch(done, len(due), "views", "Cutting the views")
            self._cut(number, place)
        full = len(due) == self.settings.most
        self.drawn.conclude(TOO_MANY if full else TOO_SMALL)
        if not self.made.samples:
            raise InputError(
                f"No view shows any of the objects ({self.drawn.fates.summary()}). Choose a finer "
                "resolution for small objects, and check where the raster has data."
            )

    def cut_negatives(self) -> None:
        """Adds views that show nothing of what is drawn, each with some of the expressions."""
        share = self.settings.negatives if self.settings.complete else 0.0
        given = [(sample.split, sample.category) for sample in self.made.samples]
        wanted = {
            split: round(sum(one == split for one, _ in given) * share / (1 - share))
            for split in SPLITS
        }
        total = sum(wanted.values())
        for number, place in self._empty():
            left = sum(wanted.values())
            if not left:
                break
            if not wanted[place.split]:
                continue
            self.watch(total - left, total, "negatives", "Looking for views without objects")
            ground = self.grounds[number]
            view = ground.raster.read(place.window)
            if view.valid.mean() < EMPTY_VALID:
                continue
            count = min(wanted[place.split], ABSENT_SENTENCES)
            asked = [given[n][1] for n in self.rng.integers(len(given), size=count)]
            nothing = np.zeros(view.valid.shape, bool)
            absent = [Sentence(name, ABSENT, name, nothing) for name in dict.fromkeys(asked)]
            self.made.add(view.pixels, ground.grid.part(place.window), place.split, absent)
            wanted[place.split] -= len(absent)

    def _cut(self, number: int, place: Place) -> None:
        ground = self.grounds[number]
        view = ground.raster.read(place.window)
        variants = self.settings.variants and self.settings.complete
        said, shown = cutting.sentences(
            ground, place, view.valid, self.drawn.names, variants, self.rng
        )
        if said:
            self.made.add(view.pixels, ground.grid.part(place.window), place.split, said)
            self.drawn.use(number, shown)

    def _objects(self) -> Iterator[tuple[int, Place]]:
        """Where the views with objects lie, at most as many as are asked for."""
        settings, planned = self.settings, 0

        def turn() -> None:
            self.watch(planned, 0, "places", "Looking for places of views")

        streams = {
            number: cutting.places(
                ground,
                settings.view,
                settings.margin,
                _in_turn(ground.names, self.rng),
                self.rng,
                settings.repeats,
                turn,
            )
            for number, ground in enumerate(self.grounds)
        }
        for number, (target, place) in _alternating(streams):
            if place is None:
                whole = _inside(self.grounds[number], target)
                self.drawn.skip(number, target, NO_PLACE if whole else CUT_OFF)
                continue
            planned += 1
            yield number, place
            if planned == settings.most:
                break

    def _empty(self) -> Iterator[tuple[int, Place]]:
        """Where views without objects lie."""
        return _alternating(
            {
                number: cutting.empty_places(
                    ground, self.settings.view, self.settings.margin, self.rng
                )
                for number, ground in enumerate(self.grounds)
            }
        )


def _alternating(streams: dict[int, Iterator[Item]]) -> Iterator[tuple[int, Item]]:
    """What the streams give, one of each in turn, until all are empty."""
    while streams:
        for number in tuple(streams):
            for item in streams[number]:
                yield number, item
                break
            else:
                del streams[number]


def _in_turn(names: Numbers, rng: np.random.Generator) -> list[int]:
    """All objects in random order, one of every expression in turn."""
    order = rng.permutation(len(names))
    order = order[np.argsort(names[order], kind="stable")]
    firsts = np.searchsorted(names[order], names[order])
    turns = np.arange(len(order)) - firsts
    ordered: list[int] = order[np.argsort(turns, kind="stable")].tolist()
    return ordered


def _inside(ground: Ground, target: int) -> bool:
    xmin, ymin, xmax, ymax = ground.shapes[target].bounds
    return xmin >= 0 and ymin >= 0 and xmax <= ground.grid.width and ymax <= ground.grid.height


def _report(cutter: _Cutter, out: Path) -> SampleReport:
    drawn, made, grounds = cutter.drawn, cutter.made, cutter.grounds
    counts: dict[str, dict[str, int]] = {
        name: dict.fromkeys(SPLITS, 0) for name in sorted(drawn.names)
    }
    negatives = dict.fromkeys(SPLITS, 0)
    for sample in made.samples:
        if sample.kind == ABSENT:
            negatives[sample.split] += 1
        else:
            counts[sample.category][sample.split] += 1
    resolutions = {ground.raster.resolution for ground in grounds}
    report = SampleReport(
        folder=out,
        counts=counts,
        samples={s: sum(sample.split == s for sample in made.samples) for s in SPLITS},
        negatives=negatives,
        views={s: sum(split == s for split in made.images.values()) for s in SPLITS},
        features=len(drawn.features),
        used=len(drawn.fates.used),
        repaired=drawn.fates.repairs(),
        skipped=tuple(Left(*key, ids) for key, ids in drawn.fates.left().items()),
        resolution=resolutions.pop() if len(resolutions) == 1 else None,
        rasters=tuple(
            RasterFacts(g.path, g.raster.resolution, drawn.own[n], g.raster.description)
            for n, g in enumerate(grounds)
        ),
        block=tuple(
            dict.fromkeys(
                (round(g.territory.blocks.width), round(g.territory.blocks.height)) for g in grounds
            )
        ),
        settings={
            each.name: getattr(cutter.settings, each.name) for each in fields(cutter.settings)
        },
    )
    return remarks(report, grounds, drawn.names)
