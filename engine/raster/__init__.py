"""Rasters in, rasters out: what the engine knows of the ground, and nothing of models.

A `source.Source` says what to read; `source.open_source` gives a `raster.Raster` whose windows are
RGB pictures with a validity mask, on the working grid: source pixels of the extent, resampled only
where a resolution is asked for or the source is finer than a model wants. `admission` refuses what
would hang or fill the memory, `placement` knows transforms and warps, `stretch` makes 8-bit
colours of any numbers. `windows.plan_windows` covers the grid, `writer` stores what a model says
of it.

Stored probabilities are uint8, `round(254 p)`, nodata 255: 0 stays a probability, apart from
nodata.
"""
