"""Many rasters, one request: one after another or on a Dask cluster, and a report on each.

A `run.Job` is one source and its own folder; `run.attempt` goes the one way through
`segmentation.segment` and catches what is wrong with that source. `result.json`, written last,
holds the request (the source's part and stamp, expression, threshold, SHA-256 of the weights) and
the result: the same request finds it and is skipped. A model that cannot be loaded concerns all
sources and ends the run. On a cluster a job is one task of JSON's types (`worker`), one a worker in
flight, because Dask blames a death on all tasks that a worker holds.
"""
