"""The shell of another installation: its variables, and the files that they lead to."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pyproj

CONFIGURATION = "[configoptions]\nGDAL_SKIP=GTiff GPKG\nOGR_SKIP=GPKG\n"


def shell(folder: Path) -> dict[str, str]:
    """Variables as OSGeo4W, conda or PostGIS set them, for a PROJ and a GDAL of other versions."""
    proj, gdal, python = folder / "proj", folder / "gdal", folder / "python"
    for each in (proj, gdal, python):
        each.mkdir(parents=True)
    shutil.copyfile(Path(pyproj.datadir.get_data_dir(), "proj.db"), proj / "proj.db")
    with sqlite3.connect(proj / "proj.db") as database:
        database.execute("UPDATE metadata SET value = 0 WHERE key LIKE 'DATABASE.LAYOUT.VERSION%'")
    (gdal / "gdalrc").write_text(CONFIGURATION)
    for name in ("numpy", "rasterio", "torch"):
        (python / f"{name}.py").write_text("raise ImportError('of another installation')")
    return {
        "PROJ_LIB": str(proj),
        "PROJ_DATA": str(proj),
        "GDAL_DATA": str(gdal),
        "GDAL_DRIVER_PATH": str(gdal),
        "GDAL_CONFIG_FILE": str(gdal / "gdalrc"),
        "PYTHONPATH": str(python),
    }
