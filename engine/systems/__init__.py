"""The systems of the papers, a folder each: `docs/adding-a-system.md`.

A folder's `__init__.py` declares it as `SYSTEM`, and `registry` finds it there; nothing else in the
engine knows one by name.
"""
