"""The segmentation engine: a library, a command line and a worker. It knows nothing of QGIS."""

__version__ = "0.1.0"
