"""What is wrong with a data set: everything at once, before hours of training find it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from engine.data.sample import ReferringSample
from engine.errors import InputError, RasterError
from engine.files.boundary import open_dataset, reading

SHOWN = 10

MISSING_IMAGE = "missing image"
UNREADABLE_IMAGE = "unreadable image"
UNREADABLE_MASK = "missing or unreadable mask"
WRONG_SIZE = "mask of another size than its image"
EMPTY_MASK = "empty mask"
EMPTY_SENTENCE = "empty sentence"
DUPLICATE = "same sentence about the same image"
LEAK = "same image in two splits"
UNREADABLE_LIST = "unreadable list of samples"
NO_SAMPLE = "no sample"

# A sentence may mean something that is not there.
WARNINGS = frozenset({EMPTY_MASK})


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        kind: Such as "missing image".
        where: Where the sample stands.
        what: The particulars, as a sentence.
    """

    kind: str
    where: str
    what: str


@dataclass
class Audit:
    """What going through a data set has shown.

    Attributes:
        counts: Samples of each (split, category).
        images: How many images there are.
        problems: All that is wrong, in the order of the samples.
    """

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    images: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def errors(self) -> list[Problem]:
        """The problems that spoil training or numbers; the others are warnings."""
        return [problem for problem in self.problems if problem.kind not in WARNINGS]

    def markdown(self) -> str:
        """A report for people: counts, then at most ten problems of each kind."""
        warnings = len(self.problems) - len(self.errors)
        lines = [
            f"{_number(self.counts.total(), 'sample')} of {_number(self.images, 'image')}: "
            f"{_number(len(self.errors), 'error')}, {_number(warnings, 'warning')}.",
        ]
        if self.counts:
            lines += ["", *self._table()]
        for kind, number in Counter(problem.kind for problem in self.problems).items():
            severity = "warning" if kind in WARNINGS else "error"
            lines += ["", f"## {kind.capitalize()}: {_number(number, severity)}", ""]
            found = [problem for problem in self.problems if problem.kind == kind]
            lines += [f"- {problem.where}: {problem.what}" for problem in found[:SHOWN]]
            if number > SHOWN:
                lines.append(f"- and {number - SHOWN:,} more")
        return "\n".join(lines)

    def _table(self) -> list[str]:
        splits = list(dict.fromkeys(split for split, _ in self.counts))
        categories = sorted({category for _, category in self.counts})
        rows = [
            (category or "(no category)", [self.counts[split, category] for split in splits])
            for category in categories
        ]
        rows.append(("all", [sum(column) for column in zip(*(n for _, n in rows), strict=True)]))
        return [
            f"| category | {' | '.join(splits)} |",
            f"|---|{'---:|' * len(splits)}",
            *(f"| {name} | {' | '.join(f'{n:,}' for n in numbers)} |" for name, numbers in rows),
        ]


def audit(samples: Iterable[ReferringSample]) -> Audit:
    """Goes through samples, of all splits, and notes what is wrong without stopping at it.

    Masks are read; of images only their headers.
    """
    auditor = _Auditor()
    try:
        for sample in samples:
            auditor.look_at(sample)
    except InputError as error:
        auditor.note(UNREADABLE_LIST, "after the last sample", str(error))
    if not auditor.found.counts:
        auditor.note(NO_SAMPLE, "the data set", "there is nothing to check.")
    auditor.found.images = len(auditor.splits)
    return auditor.found


class _Auditor:
    def __init__(self) -> None:
        self.found = Audit()
        self.splits: dict[Path, dict[str, str]] = {}
        self.sizes: dict[Path, tuple[int, int] | None] = {}
        self.sentences: dict[tuple[Path, str], str] = {}

    def note(self, kind: str, where: str, what: str) -> None:
        self.found.problems.append(Problem(kind, where, what.removeprefix(f"{where}: ")))

    def look_at(self, sample: ReferringSample) -> None:
        self.found.counts[sample.split, sample.category] += 1
        self._compare_splits(sample)
        self._check_sentence(sample)
        self._check_mask(sample, self._image_size(sample))

    def _compare_splits(self, sample: ReferringSample) -> None:
        places = self.splits.setdefault(sample.image, {})
        if places and sample.split not in places:
            other, where = next(iter(places.items()))
            self.note(
                LEAK,
                sample.where,
                f"{sample.image} is in {sample.split}, and in {other} ({where}).",
            )
        places.setdefault(sample.split, sample.where)

    def _check_sentence(self, sample: ReferringSample) -> None:
        words = " ".join(sample.expression.casefold().split())
        if not words:
            self.note(EMPTY_SENTENCE, sample.where, f"nothing is said about {sample.image}.")
            return
        first = self.sentences.get((sample.image, words))
        if first is None:
            self.sentences[sample.image, words] = sample.where
        else:
            what = f"“{sample.expression}” has been said about {sample.image} ({first})."
            self.note(DUPLICATE, sample.where, what)

    def _image_size(self, sample: ReferringSample) -> tuple[int, int] | None:
        """Height and width; None where they cannot be known, which is noted once."""
        path = sample.image
        if path in self.sizes:
            return self.sizes[path]
        self.sizes[path] = None
        if not path.is_file():
            self.note(MISSING_IMAGE, sample.where, f"{path} is not there.")
            return None
        try:
            with reading(path), open_dataset(path) as image:
                self.sizes[path] = (image.height, image.width)
        except RasterError as error:
            self.note(UNREADABLE_IMAGE, sample.where, str(error))
        return self.sizes[path]

    def _check_mask(self, sample: ReferringSample, size: tuple[int, int] | None) -> None:
        try:
            mask = sample.mask
        except InputError as error:
            self.note(UNREADABLE_MASK, sample.where, str(error))
            return
        if size is not None and mask.shape != size:
            self.note(
                WRONG_SIZE,
                sample.where,
                f"the mask is {_pixels(mask.shape)}, {sample.image} is {_pixels(size)}.",
            )
        if not mask.any():
            self.note(EMPTY_MASK, sample.where, f"“{sample.expression}” means no pixel.")


def _pixels(size: tuple[int, ...]) -> str:
    height, width = size
    return f"{width} x {height} pixels"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
