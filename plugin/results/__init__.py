"""Results on the map, and their files.

A run has a folder that is locked while it lasts (`runs`). Its layers know their result by the layer
tree (`groups`); another threshold is other data in the same layers (`switch`), and a file that was
on the map goes when the project is closed, if at all (`versions`).
"""
