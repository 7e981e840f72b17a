"""The QGIS side: everything that imports qgis, and nothing that computes."""
