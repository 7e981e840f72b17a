"""Layers of the map into what the engine takes, and its results back onto the map.

`layers.source_of` gives the parameters of the engine's Source. A layer without a file, or with one
in a format that the engine does not open, becomes an `export.Export` instead, made in the main
thread from a cloned provider, and polygons as they are at that moment a `drawing.Drawing`; both are
written as temporary files before the engine is asked, whole or not at all, and removed afterwards.

A run has a folder that is locked while it lasts (`runs`). Its layers know their result by the layer
tree (`results`); another threshold is other data in the same layers (`switch`), and a file that was
on the map goes when the project is closed, if at all (`versions`).
"""
