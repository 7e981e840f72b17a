"""Pictures: captions, outlines, and pictures beside and below each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

PAPER, INK, GREY = (255, 255, 255), (20, 20, 20), (90, 90, 90)
# Of Okabe and Ito's palette: told apart with any colour vision, on bright and on dark ground.
YELLOW, SKY = (240, 228, 66), (86, 180, 233)
OUTLINE, HALO = 5, 7
"""Sides in pixels of the squares that widen an object to its outline and to what sets that off."""

Picture = Image.Image


def outline(picture: Picture, covered: Picture, colour: tuple[int, int, int]) -> None:
    """Outlines an object on a picture, by the share of each pixel that it covers, 0 to 255.

    The outline lies around the object, so that the inside of a small one can be seen.
    """
    inside = covered.point(lambda share: 255 if share else 0)
    for line, side in ((INK, HALO), (colour, OUTLINE)):
        wider = inside.filter(ImageFilter.MaxFilter(side))
        picture.paste(line, mask=ImageChops.subtract(wider, inside))


def wrap(words: str, font: Any, width: int) -> list[str]:
    """Lines of at most `width` pixels, broken between words, and within a word that is longer."""
    lines = [""]
    for word in words.split():
        if font.getlength(f"{lines[-1]} {word}".strip()) <= width:
            lines[-1] = f"{lines[-1]} {word}".strip()
            continue
        lines.append("")
        for letter in word:
            if font.getlength(lines[-1] + letter) > width:
                lines.append("")
            lines[-1] += letter
    return [line for line in lines if line]


def text(words: str, size: int, width: int, colour: tuple[int, int, int] = INK) -> Picture:
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


def stacked(blocks: Sequence[Picture], gap: int, margin: int = 0) -> Picture:
    """Pictures below each other, with a margin around them."""
    height = sum(block.height for block in blocks) + gap * (len(blocks) - 1)
    size = max(block.width for block in blocks) + 2 * margin, height + 2 * margin
    picture = Image.new("RGB", size, PAPER)
    top = margin
    for block in blocks:
        picture.paste(block, (margin, top))
        top += block.height + gap
    return picture


def side_by_side(blocks: Sequence[Picture], gap: int) -> Picture:
    """Pictures beside each other."""
    width = sum(block.width for block in blocks) + gap * (len(blocks) - 1)
    picture = Image.new("RGB", (width, max(block.height for block in blocks)), PAPER)
    left = 0
    for block in blocks:
        picture.paste(block, (left, 0))
        left += block.width + gap
    return picture
