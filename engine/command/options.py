"""Arguments that several subcommands share."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any, TypeAlias

from engine.errors import InputError

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""What the subcommands are added to."""


def band(text: str) -> int | str:
    """A band by its number, from 1, or by its name."""
    return int(text) if text.isdecimal() else text


def path(text: str) -> Path:
    """A file or folder; an empty name, as of an unset variable, would mean the current folder.

    Raises:
        argparse.ArgumentTypeError: there is no name.
    """
    if not text:
        raise argparse.ArgumentTypeError("its name is empty")
    return Path(text)


def negative_as_value(argument: str) -> str:
    """An argument as it is, but a negative number, however written, never looks like an option.

    argparse takes -9.5 for a number and -9.5e6 for an option. It takes what begins with a blank for
    a value, and numbers may.
    """
    if not argument.startswith("-"):
        return argument
    try:
        float(argument)
    except ValueError:
        return argument
    return f" {argument}"


def as_typed(value: Any) -> Any:
    """A value of an option without the blank that `negative_as_value` has put before it."""
    if isinstance(value, list):
        return [as_typed(each) for each in value]
    if isinstance(value, Path):
        return Path(as_typed(str(value)))
    typed = isinstance(value, str) and value.startswith(" ") and value[1:]
    return typed if typed and negative_as_value(typed) == value else value


def add_reading(parser: argparse.ArgumentParser) -> None:
    """What an analyst knows of a raster that its file does not say."""
    parser.add_argument(
        "--bands", type=band, nargs="+", help="one or three bands: numbers, from 1, or names"
    )
    parser.add_argument(
        "--crs",
        help="the CRS of the coordinates, where the file has none or a wrong one: EPSG:32633, WKT",
    )
    parser.add_argument(
        "--pixel-size",
        type=float,
        metavar="METRES",
        help="how many metres a pixel of the raster has, where it has no CRS that tells",
    )
    parser.add_argument(
        "--nodata",
        type=float,
        nargs="+",
        default=[],
        metavar="VALUE",
        help="further values, as stored, that are no data in any band",
    )
    parser.add_argument(
        "--no-declared-nodata",
        action="store_true",
        help="what the file declares as nodata is a value like others",
    )
    parser.add_argument(
        "--stretch",
        type=float,
        nargs="+",
        metavar="VALUE",
        help="what becomes black and what white: LOW HIGH, for all bands or for each of three",
    )


def reading(options: argparse.Namespace) -> dict[str, Any]:
    """The settings of a `Source` that `add_reading` asks for.

    Raises:
        InputError: the stretch is not made of pairs.
    """
    ends = options.stretch or []
    if len(ends) % 2:
        raise InputError("The stretch is pairs of what becomes black and white: LOW HIGH.")
    return {
        "bands": tuple(options.bands) if options.bands else None,
        "crs": options.crs,
        "pixel_size": options.pixel_size,
        # What is no finite number is no data whether it is told or not.
        "nodata": tuple((value, value) for value in options.nodata if math.isfinite(value)),
        "declared_nodata": not options.no_declared_nodata,
        "stretch": tuple(zip(ends[::2], ends[1::2], strict=True)) or None,
    }


def add_device(parser: argparse.ArgumentParser) -> None:
    """Where to compute."""
    parser.add_argument(
        "--device",
        default="auto",
        choices=["auto", "cpu", "cuda"],
        help="where to compute; auto takes the graphics card where there is one",
    )


def add_dataset(parser: argparse.ArgumentParser) -> None:
    """A data set, and where it lies."""
    parser.add_argument(
        "--dataset", default="jsonl", help="jsonl (default), refsegrs, rrsis-d or risbench"
    )
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--root", type=path, metavar="FOLDER", help="the data set as published")
    place.add_argument("--annotations", dest="root", type=path, metavar="FILE", help="of jsonl")
    parser.add_argument(
        "--images", type=path, metavar="FOLDER", help="of jsonl; the file's if left out"
    )
