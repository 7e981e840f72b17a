"""The engine as a command line: `python -m engine`.

Every subcommand has a file with its arguments and what it does; `main` puts them together.
`segment` needs two more, `one_raster` and `many_rasters`; `serve` is the room `service`.
"""
