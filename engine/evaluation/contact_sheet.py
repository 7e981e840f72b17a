"""The contact sheet: a picture of the best and the worst cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from engine.data.formats.jsonl import decode_mask
from engine.evaluation.cases import Case
from engine.presentation.picture import (
    GREY,
    PAPER,
    SKY,
    YELLOW,
    Picture,
    outline,
    side_by_side,
    stacked,
    text,
)
from engine.raster.source import Source, open_source
from engine.raster.window import Window

COLUMNS = 3
TILE = 320
"""Longest side of a picture in pixels."""

GAP = 20
TEXT, HEADING, TITLE = 16, 20, 24
"""Heights of letters in pixels."""

TRUTH, PREDICTION = YELLOW, SKY
OPACITY = 0.6
LEGEND = (("what is meant", True, False), ("what was found", False, True), ("both", True, True))


def contact_sheet(title: str, best: Sequence[Case], worst: Sequence[Case]) -> Picture:
    """Draws cases in rows under a title and a legend, RGB.

    Raises:
        EngineError: An image cannot be read.
    """
    width = COLUMNS * (TILE + GAP) - GAP
    blocks = [text(title, TITLE, width), _legend()]
    for heading, cases in (("Best", best), ("Worst", worst)):
        if cases:
            blocks.append(text(heading, HEADING, width))
        for first in range(0, len(cases), COLUMNS):
            blocks.append(_row(cases[first : first + COLUMNS]))
    return stacked(blocks, GAP, margin=GAP)


def overlay(case: Case) -> Picture:
    """A case's image, `TILE` pixels long, with its prediction filled and its truth outlined.

    Raises:
        EngineError: The image cannot be read.
    """
    picture = _small(case.image)
    prediction, truth = (
        Image.fromarray(decode_mask(mask).astype(np.uint8) * 255).resize(
            picture.size, Image.Resampling.BOX
        )
        for mask in (case.prediction, case.truth)
    )
    _draw(picture, truth, prediction)
    return picture


def _small(path: Path) -> Picture:
    """An image read at `TILE` pixels a side, its aspect kept."""
    with open_source(Source(str(path))) as raster:
        scale = TILE / max(raster.grid.width, raster.grid.height)
        width, height = (
            max(1, round(side * scale)) for side in (raster.grid.width, raster.grid.height)
        )
        coarse = replace(raster, grid=raster.grid.resampled(width, height))
        pixels = coarse.read(Window(0, 0, height, width)).pixels
    return Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))


def _draw(picture: Picture, truth: Picture, prediction: Picture) -> None:
    """Fills and outlines on a picture, by the share of each pixel that is covered, 0 to 255."""
    picture.paste(PREDICTION, mask=prediction.point(lambda covered: round(covered * OPACITY)))
    outline(picture, truth, TRUTH)


def _row(cases: Sequence[Case]) -> Picture:
    pictures = [overlay(case) for case in cases]
    tallest = max(picture.height for picture in pictures)
    tiles = []
    for case, picture in zip(cases, pictures, strict=True):
        frame = Image.new("RGB", (TILE, tallest), PAPER)
        frame.paste(picture)
        facts = " · ".join(filter(None, (f"IoU {case.iou:.2f}", case.kind, case.image.name)))
        captions = [text(case.expression, TEXT, TILE), text(facts, TEXT, TILE, GREY)]
        tiles.append(stacked([frame, *captions], TEXT // 3))
    return side_by_side(tiles, GAP)


def _legend() -> Picture:
    entries = []
    for words, meant, found in LEGEND:
        swatch = Image.new("RGB", (2 * TITLE, TITLE), (120, 130, 110))
        shape = Image.new("L", swatch.size)
        ImageDraw.Draw(shape).rectangle((8, 6, swatch.width - 9, swatch.height - 7), fill=255)
        nothing = Image.new("L", swatch.size)
        _draw(swatch, shape if meant else nothing, shape if found else nothing)
        entries.append(side_by_side([swatch, text(words, TEXT, TILE - 3 * TITLE)], GAP // 2))
    return side_by_side(entries, GAP)
