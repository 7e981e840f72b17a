"""Results on the map, and their files.

A run has a folder that is locked while it lasts (`runs`). A result is a group of layers (`groups`)
that the layer tree tells of (`marks`), in a project that is opened again too (`project`); another
threshold is other data in the same layers (`switch`), and a file that was on the map goes when the
project is closed, if at all (`versions`).
"""
