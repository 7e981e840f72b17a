"""The facts of a machine without which a figure says nothing."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    "geoai-py",
    "segment-geospatial",
    "torch",
    "rasterio",
    "numpy",
    "shapely",
    "pyogrio",
    "transformers",
)


def facts() -> dict[str, Any]:
    """Processor, cores, memory and system of this machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "system": platform.platform(),
    }


def versions(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """Versions of Python, GDAL and those of the packages that this environment has."""
    import rasterio

    found = {"python": platform.python_version(), "gdal": rasterio.__gdal_version__}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def load() -> float:
    """Processes that wanted a core during the last minute; above the cores, times say little."""
    return round(os.getloadavg()[0], 2)


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
