"""Files that are written whole or not at all, apart from what is read, and their errors as ours.

`apart`, `outputs`, `placing` and `seal` are QGIS's side too: standard library, Python 3.9.
"""
