"""Many rasters, one request: one after another or on a Dask cluster, and a report on each."""
