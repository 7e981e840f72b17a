"""The contact sheet: a picture of the best and the worst cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from engine.data.jsonl import decode_mask
from engine.evaluation.cases import Case
from engine.raster.source import Source, open_source
from engine.raster.windows import Window

COLUMNS = 3
TILE = 320
"""Longest side of a picture in pixels."""

GAP = 20
TEXT, HEADING, TITLE = 16, 20, 24
"""Heights of letters in pixels."""

PAPER, INK, GREY = (255, 255, 255), (20, 20, 20), (90, 90, 90)
# Of Okabe and Ito's palette: told apart with any colour vision, on bright and on dark ground.
TRUTH, PREDICTION = (240, 228, 66), (86, 180, 233)
OPACITY = 0.6
OUTLINE, HALO = 5, 7
"""Sides in pixels of the squares that widen an object to its outline and to what sets that off."""

LEGEND = (("what is meant", True, False), ("what was found", False, True), ("both", True, True))

Picture = Image.Image


def contact_sheet(title: str, best: Sequence[Case], worst: Sequence[Case]) -> Picture:
    """Draws cases in rows under a title and a legend, RGB.

    Raises:
        EngineError: An image cannot be read.
    """
    width = COLUMNS * (TILE + GAP) - GAP
    blocks = [_text(title, TITLE, width), _legend()]
    for heading, cases in (("Best", best), ("Worst", worst)):
        if cases:
            blocks.append(_text(heading, HEADING, width))
        for first in range(0, len(cases), COLUMNS):
            blocks.append(_row(cases[first : first + COLUMNS]))
    return _stacked(blocks, GAP, margin=GAP)


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


def wrap(text: str, font: Any, width: int) -> list[str]:
    """Lines of at most `width` pixels, broken between words, and within a word that is longer."""
    lines = [""]
    for word in text.split():
        if font.getlength(f"{lines[-1]} {word}".strip()) <= width:
            lines[-1] = f"{lines[-1]} {word}".strip()
            continue
        lines.append("")
        for letter in word:
            if font.getlength(lines[-1] + letter) > width:
                lines.append("")
            lines[-1] += letter
    return [line for line in lines if line]


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
    """Fills and outlines on a picture, by the share of each pixel that is covered, 0 to 255.

    The outline lies around the object, so that the inside of a small one can be seen.
    """
    picture.paste(PREDICTION, mask=prediction.point(lambda covered: round(covered * OPACITY)))
    inside = truth.point(lambda covered: 255 if covered else 0)
    for colour, side in ((INK, HALO), (TRUTH, OUTLINE)):
        wider = inside.filter(ImageFilter.MaxFilter(side))
        picture.paste(colour, mask=ImageChops.subtract(wider, inside))


def _row(cases: Sequence[Case]) -> Picture:
    pictures = [overlay(case) for case in cases]
    tallest = max(picture.height for picture in pictures)
    tiles = []
    for case, picture in zip(cases, pictures, strict=True):
        frame = Image.new("RGB", (TILE, tallest), PAPER)
        frame.paste(picture)
        facts = " · ".join(filter(None, (f"IoU {case.iou:.2f}", case.kind, case.image.name)))
        captions = [_text(case.expression, TEXT, TILE), _text(facts, TEXT, TILE, GREY)]
        tiles.append(_stacked([frame, *captions], TEXT // 3))
    return _side_by_side(tiles, GAP)


def _legend() -> Picture:
    entries = []
    for words, meant, found in LEGEND:
        swatch = Image.new("RGB", (2 * TITLE, TITLE), (120, 130, 110))
        shape = Image.new("L", swatch.size)
        ImageDraw.Draw(shape).rectangle((8, 6, swatch.width - 9, swatch.height - 7), fill=255)
        nothing = Image.new("L", swatch.size)
        _draw(swatch, shape if meant else nothing, shape if found else nothing)
        entries.append(_side_by_side([swatch, _text(words, TEXT, TILE - 3 * TITLE)], GAP // 2))
    return _side_by_side(entries, GAP)


def _text(words: str, size: int, width: int, colour: tuple[int, int, int] = INK) -> Picture:
    """Words in lines, as wide as they need to be."""
    font = ImageFont.load_default(size)
    lines = wrap(words, font, width)
    height = round(size * 1.3)
    longest = max((font.getlength(line) for line in lines), default=1.0)
    picture = Image.new("RGB", (min(width, round(longest) + 1), height * max(len(lines), 1)), PAPER)
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        draw.text((0, number * height), line, colour, font)
    return picture


def _stacked(blocks: Sequence[Picture], gap: int, margin: int = 0) -> Picture:
    height = sum(block.height for block in blocks) + gap * (len(blocks) - 1)
    size = max(block.width for block in blocks) + 2 * margin, height + 2 * margin
    picture = Image.new("RGB", size, PAPER)
    top = margin
    for block in blocks:
        picture.paste(block, (margin, top))
        top += block.height + gap
    return picture


def _side_by_side(blocks: Sequence[Picture], gap: int) -> Picture:
    width = sum(block.width for block in blocks) + gap * (len(blocks) - 1)
    picture = Image.new("RGB", (width, max(block.height for block in blocks)), PAPER)
    left = 0
    for block in blocks:
        picture.paste(block, (left, 0))
        left += block.width + gap
    return picture
