"""The analyst's own words: from rasters and labelled polygons to a folder of training samples.

`build.build` is the way through: `labelled` and `drawings` read the layers, `territory` and
`sites` divide the ground between training and validation, `cutting` makes views and sentences, and
`sample_set` writes them with what `remarks` has to say.

Polygons are put on the working grid of their raster, and all else happens in its pixels. A
territory of blocks says which ground is held out; rasters that overlap are one site and count in
the first one's pixels. A view with its margin lies on one side's blocks and touches no object
whose home is on the other side. Nothing is read but the windows of chosen views.
"""
