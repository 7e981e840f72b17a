"""Layers of the map into what the engine takes.

`layers.source_of` gives the parameters of the engine's Source. A layer without a file, or with one
in a format that the engine does not open, becomes an `export.Export` instead, made in the main
thread from a cloned provider, and polygons as they are at that moment a `drawing.Drawing`; both are
written as temporary files before the engine is asked, whole or not at all, and removed afterwards.
"""
