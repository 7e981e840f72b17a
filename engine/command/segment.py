"""`python -m engine segment`: one raster into a folder, or many into a folder each."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.command.options import Commands, add_device, add_reading, path
from engine.errors import InputError


def add(commands: Commands) -> None:
    """The arguments."""
    part = commands.add_parser("segment", help="segment rasters by a referring expression")
    part.add_argument(
        "sources",
        nargs="+",
        metavar="source",
        help="raster files, patterns, or any names GDAL can open; @FILE reads them from a text "
        "file, one a line, and @- from standard input",
    )
    part.add_argument(
        "expression", help="what to segment, such as 'the storage tank at the lower left'"
    )
    part.add_argument(
        "--model", default="rsrefseg2-compact", metavar="ID", help="which model (%(default)s)"
    )
    part.add_argument(
        "--out",
        type=path,
        required=True,
        help="folder for the results; many sources have a folder each in it, and a report",
    )
    part.add_argument(
        "--extent",
        type=float,
        nargs=4,
        metavar=("XMIN", "YMIN", "XMAX", "YMAX"),
        help="only this part, in the raster's CRS",
    )
    part.add_argument("--area", help="only this part: the WKT of a polygon in the raster's CRS")
    add_reading(part)
    part.add_argument(
        "--warp", action="store_true", help="accept a raster placed by control points or RPC only"
    )
    part.add_argument(
        "--resolution",
        type=float,
        metavar="METRES",
        help="metres a pixel to look at; without CRS and --pixel-size, those of the raster itself",
    )
    part.add_argument(
        "--threshold",
        type=float,
        default=0.5,
        help="least probability that counts, above 0 and up to 1 (%(default)s)",
    )
    part.add_argument(
        "--minimum-area",
        type=float,
        default=0.0,
        metavar="AREA",
        help="leave out smaller polygons: square metres, or square pixels without a CRS",
    )
    part.add_argument(
        "--simplify",
        type=float,
        default=0.0,
        metavar="PIXELS",
        help="how far outlines may move for fewer corners; 1.5 turns stairs into straight lines",
    )
    part.add_argument(
        "--right-angles", action="store_true", help="draw buildings with right angles"
    )
    add_device(part)
    part.add_argument(
        "--json", action="store_true", help="print one summary object as the last line"
    )
    part.add_argument(
        "--again", action="store_true", help="of many sources, segment also those done before"
    )
    part.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="work on the Dask cluster of this scheduler, such as tcp://10.0.0.1:8786",
    )
    part.set_defaults(command=segment)


def segment(options: argparse.Namespace) -> None:
    """Segments a raster, or many."""
    # Imported late, as in all subcommands: asking for help should not wait for PyTorch.
    from engine.batch import sources as source_list
    from engine.command.many_rasters import segment_many
    from engine.command.one_raster import segment_one
    from engine.command.request import shape_of
    from engine.language.expression import clean
    from engine.models import zoo
    from engine.segmentation.outputs import OUTPUTS
    from engine.segmentation.segment import check_options

    results = source_list.Within(options.out)
    sources = source_list.read(options.sources, leave=results)
    options.expression = clean(_expression(options.expression))
    check_options(options.threshold, OUTPUTS)
    shape_of(options)
    zoo.card(options.model)
    if sources == options.sources and len(sources) == 1 and not options.scheduler:
        segment_one(options)
    else:
        segment_many(options, sources, results.left_out)


def _expression(word: str) -> str:
    """The expression, unless the last file of a shell's `*.tif` stands in its place."""
    if Path(word).suffix and Path(word).is_file():
        raise InputError(
            f"The expression is missing: the last word, {word}, is a file. "
            "Say what to segment after the sources."
        )
    return word
