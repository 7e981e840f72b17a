"""How text is shown, whoever wrote it: as it is, and within the room there is.

Names of layers, cards of models, paths and errors come from anywhere. None of them is markup.
"""
