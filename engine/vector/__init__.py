"""Stored probabilities in, polygons out: exact outlines, and what an analyst asks of them.

`outlines.trace` gives the objects of a stored probability raster as they are finished, `drawing`
draws them as a `shape.Shape` asks, and `polygons.write_polygons` writes them as a GeoPackage layer.
Memory is bounded by a band of rows and the objects that cross it.
"""
