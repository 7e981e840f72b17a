"""Stored probabilities in, polygons out: exact outlines, and what an analyst asks of them.

`outlines.trace` gives the objects of a stored probability raster as they are finished, `drawing`
draws them as a `shape.Shape` asks, and `polygons.write_polygons` writes them as a GeoPackage
layer. Where another outline than the exact one is asked for, `neighbours` tells each object how
far the next one is, and `drawing` (`simplify`, `right_angles`) moves an edge by less than half of
that way: no two polygons overlap, though each is drawn alone. Memory is bounded by a band of rows
and the objects that cross it.
"""
