"""The variables that lead a program to the files of another installation. Standard library only."""

from __future__ import annotations

import os
import sys

OTHERS = (
    "GDAL_CONFIG_FILE",
    "GDAL_DATA",
    "GDAL_DRIVER_PATH",
    "GDAL_PYTHON_DRIVER_PATH",
    "GEOTIFF_CSV",
    "OGR_DRIVER_PATH",
    "PROJ_AUX_DB",
    "PROJ_DATA",
    "PROJ_LIB",
    "PYTHONHOME",
    "PYTHONPATH",
)
"""The shells of OSGeo4W, conda, PostGIS and QGIS set them for a GDAL, a PROJ or a Python of theirs.

With the data of another version the engine's own GDAL and PROJ know no CRS, or another one.
"""


def use_own_libraries() -> None:
    """Forgets them in this process, and so in what it starts; before GDAL or PROJ is loaded.

    What PYTHONPATH brought can still be imported, but no longer instead of the engine's own
    packages. Proxies, certificates and all other settings stay.
    """
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    brought = {os.path.abspath(path) for path in paths if path}
    first, *rest = sys.path
    sys.path[:] = [first, *sorted(rest, key=lambda path: os.path.abspath(path) in brought)]
    for name in OTHERS:
        os.environ.pop(name, None)
