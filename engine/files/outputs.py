"""What the files of a run are called. Standard library only: the plugin looks for them too."""

from __future__ import annotations

FILES = {"probability": "probability.tif", "mask": "mask.tif", "polygons": "polygons.gpkg"}
"""By output."""

UNFINISHED = "probability.tif.unfinished"
"""What is kept of a run that was ended; the same request goes on from there."""
