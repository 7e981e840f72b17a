"""Options that take numbers take every way to write a number."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import pytest

from engine.command.main import parse, parser
from engine.command.options import reading
from engine.command.request import source_of
from engine.errors import InputError
from engine.raster.source import Source

NEEDED = {
    "segment": ["a.tif", "tank", "--out", "o"],
    "evaluate": ["--root", "r"],
    "samples": ["--raster", "a.tif", "--polygons", "p", "--expression", "e", "--out", "o"],
}
"""What a subcommand with numbers does not do without."""

NEGATIVE = ("-9.0167e6", "-9016700", "-.5", "-1E+3", "-9e-3", "-inf")


def numbers() -> Iterator[tuple[str, str, int]]:
    """Subcommand, option, and how many numbers it takes."""
    (commands,) = [a for a in parser()._actions if isinstance(a, argparse._SubParsersAction)]
    for name, part in commands.choices.items():
        for action in part._actions:
            if action.type is float:
                several = action.nargs if isinstance(action.nargs, int) else 1
                yield name, action.option_strings[0], several


def test_there_are_options_with_numbers_in_several_subcommands():
    assert {name for name, _, _ in numbers()} == set(NEEDED)


@pytest.mark.parametrize("text", NEGATIVE)
@pytest.mark.parametrize(("name", "option", "several"), list(numbers()))
def test_a_negative_number_is_a_value_however_it_is_written(name, option, several, text):
    options = parse([name, *NEEDED[name], option, *[text] * several])
    value = vars(options)[option.removeprefix("--").replace("-", "_")]
    assert value in (float(text), [float(text)] * several)


@pytest.mark.parametrize(
    "typed",
    [
        ["segment", "a.tif", "tank", "--out", ""],
        ["samples", *NEEDED["samples"][:-1], ""],
        ["evaluate", "--root", ""],
        ["evaluate", "--annotations", ""],
        ["evaluate", *NEEDED["evaluate"], "--json", ""],
        ["train", ""],
        ["models", "--import", ""],
    ],
)
def test_an_empty_name_is_not_the_current_folder(typed, capsys):
    with pytest.raises(SystemExit):
        parse(typed)
    assert "its name is empty" in capsys.readouterr().err


def test_a_negative_number_that_is_a_text_stays_as_it_was_typed():
    typed = ["segment", "-1", "-2", "--out", "-3", "--bands", "-4", "--crs", "-5"]
    options = parse(typed)
    assert (options.sources, options.expression, str(options.out)) == (["-1"], "-2", "-3")
    assert (options.bands, options.crs) == (["-4"], "-5")


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "-NaN"])
def test_nodata_that_is_no_number_may_be_told_for_it_never_counts(text):
    options = parse(["segment", *NEEDED["segment"], "--nodata", text, "-1e4"])
    assert reading(options)["nodata"] == ((-1e4, -1e4),)


def test_what_is_no_number_is_an_option_as_ever(capsys):
    with pytest.raises(SystemExit):
        parse(["segment", *NEEDED["segment"], "-e6"])
    assert "unrecognized arguments: -e6" in capsys.readouterr().err


def test_the_command_is_reported_as_it_was_typed():
    typed = ["segment", *NEEDED["segment"], "--extent", "-9.0167e6", "0", "1", "1"]
    assert parse(typed).arguments == typed


def test_what_the_analyst_knows_of_a_raster_reaches_its_source():
    told = ["--crs", "EPSG:32633", "--pixel-size", "0.3", "--nodata", "0", "-3.4e38"]
    told += ["--no-declared-nodata", "--stretch", "0", "4e3", "--bands", "nir", "2", "1"]
    expected = {
        "crs": "EPSG:32633",
        "pixel_size": 0.3,
        "nodata": ((0.0, 0.0), (-3.4e38, -3.4e38)),
        "declared_nodata": False,
        "stretch": ((0.0, 4000.0),),
        "bands": ("nir", 2, 1),
    }
    options = parse(["segment", *NEEDED["segment"], *told])
    assert source_of(options, "a.tif") == Source("a.tif", **expected)
    assert reading(parse(["samples", *NEEDED["samples"], *told])) == expected
    assert source_of(parse(["segment", *NEEDED["segment"]]), "a.tif") == Source("a.tif")


@pytest.mark.parametrize("stretch", [["1"], ["0", "1", "2"], ["0", "1", "2", "3"], ["5", "5"]])
def test_a_stretch_of_no_pairs_is_refused(stretch):
    options = parse(["segment", *NEEDED["segment"], "--stretch", *stretch])
    with pytest.raises(InputError, match="stretch"):
        source_of(options, "a.tif")
