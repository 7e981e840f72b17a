"""The contact sheet, pixel by pixel where that can be said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFont

from engine.data.formats.jsonl import encode_mask
from engine.errors import RasterError
from engine.evaluation.cases import Case
from engine.evaluation.contact_sheet import (
    GAP,
    PREDICTION,
    TEXT,
    TILE,
    TRUTH,
    contact_sheet,
    overlay,
)
from engine.presentation.picture import PAPER, wrap
from tests.engine.painting import write

GROUND = 90


def case(
    folder: Path,
    truth: np.ndarray,
    prediction: np.ndarray | None = None,
    expression: str = "the ship",
    ground: int | tuple[int, int, int] = GROUND,
    name: str = "a.tif",
) -> Case:
    pixels = np.empty((3, *truth.shape), np.uint8)
    pixels[:] = np.reshape(ground, (-1, 1, 1))
    image = Path(write(folder / name, pixels))
    found = np.zeros_like(truth) if prediction is None else prediction
    return Case(0, image, expression, "", 0.5, 1, encode_mask(found), encode_mask(truth))


def box(shape: tuple[int, int], top: int, left: int, bottom: int, right: int) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[top:bottom, left:right] = True
    return mask


def test_the_truth_is_an_outline_and_the_prediction_a_fill(tmp_path: Path) -> None:
    """An image of 80 x 40 pixels, shown four times as large."""
    shape = (40, 80)
    truth, prediction = box(shape, 10, 10, 20, 30), box(shape, 10, 50, 20, 70)
    shown = np.asarray(overlay(case(tmp_path, truth, prediction))).astype(int)
    assert shown.shape == (TILE // 2, TILE, 3)
    assert (shown[44:76, 44:116] == GROUND).all(), "the inside of a truth stays free"
    assert (shown[[38, 81], 44:116] == TRUTH).all()
    assert (shown[44:76, [38, 121]] == TRUTH).all()
    filled = shown[40:80, 200:280]
    assert (filled == filled[0, 0]).all()
    assert (np.abs(filled[0, 0] - PREDICTION) < np.abs(GROUND - np.array(PREDICTION))).all()
    assert (filled[0, 0] != PREDICTION).all(), "the ground shines through"
    assert (shown[:30] == GROUND).all()
    assert (shown[90:] == GROUND).all()
    assert (shown[:, 290:] == GROUND).all()


def test_an_object_too_small_for_the_picture_is_outlined_all_the_same(tmp_path: Path) -> None:
    shown = np.asarray(overlay(case(tmp_path, box((2000, 1000), 1500, 700, 1501, 701))))
    assert shown.shape == (TILE, TILE // 2, 3)
    rows, columns = np.nonzero((shown == TRUTH).all(-1))
    assert rows.mean() == pytest.approx(TILE * 0.75, abs=1)
    assert columns.mean() == pytest.approx(TILE * 0.35, abs=1)


def test_masks_of_another_size_lie_on_the_image(tmp_path: Path) -> None:
    """As the LAVT family compares them: 480 x 480 pixels, whatever the image's shape."""
    wide = case(tmp_path, np.zeros((40, 80), bool))
    right_half = encode_mask(box((480, 480), 0, 240, 480, 480))
    shown = np.asarray(overlay(Case(**{**vars(wide), "prediction": right_half})))
    assert (shown[:, : TILE // 2] == GROUND).all()
    assert (shown[:, TILE // 2 :] != GROUND).any(-1).all()


def test_images_with_sixteen_bits_can_be_seen(tmp_path: Path) -> None:
    pixels = np.linspace(2000, 9000, 3 * 20 * 20).reshape(3, 20, 20).astype(np.uint16)
    nothing = np.zeros((20, 20), bool)
    dark = case(tmp_path, nothing)
    shown = np.asarray(overlay(Case(**{**vars(dark), "image": Path(write(dark.image, pixels))})))
    assert shown.std() > 50


def test_the_best_stand_above_the_worst_in_their_order(tmp_path: Path) -> None:
    nothing = np.zeros((8, 8), bool)
    colours = [(40 + 20 * number, 200, 10) for number in range(8)]
    cases = [
        case(tmp_path, nothing, ground=colour, name=f"{number}.tif")
        for number, colour in enumerate(colours)
    ]
    sheet = np.asarray(contact_sheet("Sheet", cases[:4], cases[4:]))
    places = []
    for colour in colours:
        rows, columns = np.nonzero((sheet == colour).all(-1))
        assert rows.size == TILE * TILE, "every picture is whole"
        places.append((rows.min(), columns.min()))
    assert places == sorted(places)
    # Four pictures are a row of three and a row of one.
    assert len({row for row, _ in places[:4]}) == len({row for row, _ in places[4:]}) == 2
    assert not {row for row, _ in places[:4]} & {row for row, _ in places[4:]}


def test_nothing_is_cut_however_long_the_sentence(tmp_path: Path) -> None:
    nothing = np.zeros((8, 8), bool)
    heights = []
    for number, expression in enumerate(("a ship", "ship " * 60, "W" * 300)):
        long = case(tmp_path, nothing, expression=expression, name=f"{number}.tif")
        sheet = np.asarray(contact_sheet("Sheet " * 40, [long] * 3, [long]))
        inner = sheet[GAP:-GAP, GAP:-GAP]
        assert (sheet == PAPER).all(-1).sum() - (inner == PAPER).all(-1).sum() == (
            sheet[..., 0].size - inner[..., 0].size
        ), "the margin is empty"
        heights.append(len(sheet))
    assert heights == sorted(set(heights))


@given(st.text(max_size=120), st.integers(40, 200))
def test_wrapped_lines_fit_and_lose_no_letter(text: str, width: int) -> None:
    font = ImageFont.load_default(TEXT)
    lines = wrap(text, font, width)
    assert all(font.getlength(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_words_stay_whole_where_they_fit() -> None:
    font = ImageFont.load_default(TEXT)
    sentence = "the large white storage tank at the lower left"
    assert " ".join(wrap(sentence, font, 120)) == sentence


def test_an_image_that_has_gone_is_named(tmp_path: Path) -> None:
    lost = case(tmp_path, np.zeros((8, 8), bool))
    lost.image.unlink()
    with pytest.raises(RasterError, match=r"a\.tif cannot be read"):
        contact_sheet("Sheet", [lost], [])


def test_without_cases_the_sheet_is_its_title_and_legend(tmp_path: Path) -> None:
    assert isinstance(contact_sheet("Sheet", [], []), Image.Image)
