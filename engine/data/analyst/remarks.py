"""Remarks: what an analyst should know of a set of samples before training on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.data.analyst.sample_set import SampleReport
from engine.data.analyst.sites import Ground
from engine.data.analyst.territory import ENOUGH, TRAIN, VAL
from engine.language.expression import speaks_of_places

FEW = 20
"""Objects of an expression below which a model hardly learns it."""

TINY = 4
"""Pixels a side below which an object can hardly be seen."""

MISMATCH = 1.5
"""Times that resolutions may differ."""

SHOWN = 5


def remarks(report: SampleReport, grounds: Sequence[Ground], names: Sequence[str]) -> SampleReport:
    """A report with its warnings, in sentences that say what to do."""
    found = [
        *_splits(report),
        *_expressions(report, grounds, names),
        *_labels(report),
        *_resolutions(report, grounds),
        *_features(report, grounds),
    ]
    return replace(report, warnings=tuple(found))


def _splits(report: SampleReport) -> list[str]:
    share = report.settings["validation"]
    if not report.samples[TRAIN]:
        return ["There is nothing to train on: all samples are held out. Hold out a smaller share."]
    if report.samples[VAL] or not share:
        return []
    return [
        "Nothing is held out, so training cannot be judged: the objects lie too close together, "
        f"or the raster is too small, for blocks of {report.settings['view']} pixels that keep "
        "apart. Choose smaller views, or label another part of the raster."
    ]


def _expressions(
    report: SampleReport, grounds: Sequence[Ground], names: Sequence[str]
) -> list[str]:
    every = np.bincount(np.concatenate([g.names for g in grounds]), minlength=len(names))
    objects = dict(zip(names, every.tolist(), strict=True))
    found = []
    few = [name for name in report.counts if objects[name] < FEW]
    if few:
        found.append(
            f"Few objects for {_listed(few, objects)}. A model hardly learns an expression from "
            f"fewer than {FEW}. Label more of them, or give them a common expression."
        )
    if len(report.counts) == 1:
        found.append(
            f"There is only one expression, {_quoted(report.counts)}. A model may learn to mark it "
            "whatever is asked. Label other things as well."
        )
    sides = report.counts.items()
    if report.samples[VAL]:
        lone = [n for n, c in sides if c[TRAIN] and not c[VAL] and objects[n] >= ENOUGH]
        if lone:
            found.append(
                f"Not in validation: {_quoted(lone)}. All of it lies in one place, or too near to "
                "what is trained on. Label some elsewhere, or choose smaller blocks."
            )
    if report.samples[TRAIN]:
        lone = [n for n, c in sides if c[VAL] and not c[TRAIN]]
        if lone:
            found.append(
                f"Only in validation: {_quoted(lone)}. The model never sees it in training. Label "
                "some elsewhere."
            )
    placed = [name for name in report.counts if speaks_of_places(name)]
    if placed:
        found.append(
            f"{_quoted(placed)} speaks of place, order or size within the picture. In a view that "
            "is cut around the object this may be wrong. Leave such words out and ask for variants."
        )
    wordless = [name for name in report.counts if not any(map(str.isalpha, name))]
    if wordless:
        found.append(
            f"{_quoted(wordless)} is no word. Models know words: choose a column of names, not of "
            "codes."
        )
    return found


def _labels(report: SampleReport) -> list[str]:
    wanted = report.settings
    if not wanted["complete"]:
        return (
            ["Variants were left out: “all”, “the largest” and the like need complete labels."]
            if wanted["variants"]
            else []
        )
    positive = sum(report.samples.values()) - sum(report.negatives.values())
    due = positive * wanted["negatives"] / (1 - wanted["negatives"])
    if sum(report.negatives.values()) >= round(due / 2):
        return []
    return [
        f"Only {sum(report.negatives.values()):,} of {due:,.0f} wanted samples without an object: "
        "few views show none. A model that never sees “nothing” marks something everywhere. Choose "
        "smaller views, or give a raster with more ground around the objects."
    ]


def _resolutions(report: SampleReport, grounds: Sequence[Ground]) -> list[str]:
    found = []
    for facts in report.rasters:
        own, used = facts.own_resolution, facts.resolution
        if own and used and own > MISMATCH * used:
            found.append(
                f"{facts.path} has {own:.3g} m a pixel, but the views {used:.3g} m: they show no "
                "more than the raster does. Use a finer raster, or a model for coarser ones."
            )
    known = sorted({facts.resolution for facts in report.rasters if facts.resolution})
    if known and known[-1] > MISMATCH * known[0]:
        found.append(
            f"The rasters' views have from {known[0]:.3g} to {known[-1]:.3g} m a pixel. Choose one "
            "resolution, the model's."
        )
    if any(facts.own_resolution is None for facts in report.rasters):
        found.append(
            "A raster has no CRS, so the size of its pixels is not known. See that they are about "
            "as large as those the model was trained on."
        )
    sides = np.sqrt(np.concatenate([ground.areas for ground in grounds]))
    tiny = int((sides < TINY).sum())
    if tiny:
        found.append(
            f"{_number(tiny, 'object')} of {len(sides):,} would fit into {TINY} x {TINY} pixels of "
            "the views, too small to be found. Choose a finer resolution or leave them out."
        )
    return found


def _features(report: SampleReport, grounds: Sequence[Ground]) -> list[str]:
    found = []
    repaired = sum(map(len, report.repaired.values()))
    if repaired:
        found.append(
            f"{_number(repaired, 'geometry', 'geometries')} invalid and repaired. Have a look at "
            "them: the report lists their ids."
        )
    left = sum(len(each.features) for each in report.skipped)
    if left:
        reasons: dict[str, int] = {}
        for each in report.skipped:
            reasons[each.reason] = reasons.get(each.reason, 0) + len(each.features)
        listed = "; ".join(f"{reason}: {count:,}" for reason, count in reasons.items())
        found.append(f"{left:,} of {_number(report.features, 'feature')} left out: {listed}.")
    size = report.settings["view"] ** 2
    large = int(sum((ground.areas > size).sum() for ground in grounds))
    if large:
        found.append(
            f"{_number(large, 'object')} larger than a view. Each lies wholly in training or "
            "wholly in validation, and keeps the other away from its ground. Divide them by a grid "
            "(Vector > Research Tools > Create Grid, then Intersection) if that leaves too little."
        )
    return found


def _listed(names: Sequence[str], objects: dict[str, int]) -> str:
    shown = ", ".join(f"“{name}” ({objects[name]})" for name in names[:SHOWN])
    return _more(shown, len(names))


def _quoted(names: Sequence[str] | dict[str, dict[str, int]]) -> str:
    return _more(", ".join(f"“{name}”" for name in list(names)[:SHOWN]), len(names))


def _more(shown: str, count: int) -> str:
    return f"{shown} and {count - SHOWN:,} more" if count > SHOWN else shown


def _number(count: int, noun: str, several: str = "") -> str:
    return f"{count:,} {noun if count == 1 else several or noun + 's'}"
