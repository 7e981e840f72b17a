"""Arguments that several subcommands share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""What the subcommands are added to."""


def band(text: str) -> int | str:
    """A band by its number, from 1, or by its name."""
    return int(text) if text.isdecimal() else text


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


def add_device(parser: argparse.ArgumentParser) -> None:
    """Where to compute."""
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])


def add_dataset(parser: argparse.ArgumentParser) -> None:
    """A data set, and where it lies."""
    parser.add_argument(
        "--dataset", default="jsonl", help="jsonl (default), refsegrs, rrsis-d or risbench"
    )
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--root", type=Path, metavar="FOLDER", help="the data set as published")
    place.add_argument("--annotations", dest="root", type=Path, metavar="FILE", help="of jsonl")
    parser.add_argument(
        "--images", type=Path, metavar="FOLDER", help="of jsonl; the file's if left out"
    )
