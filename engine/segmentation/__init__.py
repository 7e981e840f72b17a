"""The one way from a raster and an expression to a result.

`segment.segment` is that way, for the command line, Processing, the dock and the evaluation alike.
A card says up to which side an extent is one view, which is what the expression speaks of, and
into which windows a larger one is cut: a plan is rows of windows of one shape. `inference` looks
at those that touch the area, each row's in batches; `threads` has one thread read ahead of the
model and another compress and write behind it; `blend` joins what the model says about overlapping
windows.

What a row of windows finishes is stored at once as checked records under a lock (`unfinished`): a
run that was ended, however, is gone on with by the next one of the same request, and ends with the
same bytes. Rows that reach below what is finished are looked at again, because the next one blends
into them. Where the memory is short the feature cache goes first, then the batch is halved, then
the windows, never the resolution; the result says so. Memory beside the model's is a row of
windows (8 bytes a pixel), GDAL's cache and the feature cache (128 MiB at most, each).

`segment.rethreshold` makes mask and polygons anew from stored probabilities and runs no model.
"""
