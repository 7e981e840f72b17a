"""Rasters in, rasters out: what the engine knows of the ground, and nothing of models.

A `source.Source` says what to read; `source.open_source` gives a `raster.Raster` whose windows are
RGB pictures with a validity mask. `windows.plan_windows` covers its grid, `blend.RowBlender` joins
what a model says about each window, `writer.ProbabilityWriter` stores it, and `writer.write_mask`
turns the stored probabilities into a mask. Memory is bounded by a row of windows, never by the
raster.
"""
