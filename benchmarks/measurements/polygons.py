"""Polygons a second: ours, `rasterio.features.shapes` over the whole array, gdal_polygonize.py."""

from __future__ import annotations

from typing import Any

from benchmarks.measuring.measurement import Measurement, Row, Setting

SIZE, QUICK_SIZE = 10_000, 1000
OBJECTS, QUICK_OBJECTS = 100_000, 1000


def measure(setting: Setting) -> Measurement:
    """Each way from a GeoTIFF to a GeoPackage, in a process of its own."""
    size, objects = (QUICK_SIZE, QUICK_OBJECTS) if setting.quick else (SIZE, OBJECTS)
    found = setting.engine("benchmarks.polygons", "benchmark", size=size, objects=objects)
    ways = {way: _figure(figures) for way, figures in found["ways"].items()}
    row = Row(
        f"Polygons a second, {size:,} x {size:,} px with {objects:,} objects",
        _listed({way: figure for way, figure in ways.items() if way.startswith("ours")}),
        _listed({way: figure for way, figure in ways.items() if not way.startswith("ours")}),
    )
    return Measurement((row,), found)


def _listed(ways: dict[str, str]) -> str:
    return "; ".join(f"{way} {figure}" for way, figure in ways.items())


def _figure(way: dict[str, Any]) -> str:
    if "skipped" in way:
        return way["skipped"]
    return f"{way['polygons_per_second']:,} ({way['polygons']:,} polygons, {way['peak_mb']:,} MB)"
