"""What the arguments of `segment` ask for, in the engine's words."""

from __future__ import annotations

import argparse

from engine.command.options import reading
from engine.raster.source import Source
from engine.vector.shape import Shape


def source_of(options: argparse.Namespace, path: str) -> Source:
    """A raster and its part."""
    return Source(
        path,
        extent=tuple(options.extent) if options.extent else None,
        resolution=options.resolution,
        area=options.area,
        warp=options.warp,
        **reading(options),
    )


def shape_of(options: argparse.Namespace) -> Shape:
    """Which objects become polygons, and how they are drawn."""
    return Shape(options.minimum_area, options.simplify, options.right_angles)
