"""The analyst's own words: from rasters and labelled polygons to a folder of training samples.

`build.build` is the way through: `labelled` and `drawings` read the layers, `territory` and `sites`
divide the ground between training and validation, `cutting` makes views and sentences, and
`sample_set` writes them with what `remarks` has to say.
"""
