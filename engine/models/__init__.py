"""What models there are, and the files they are made of.

A `card.ModelCard` is data: the plugin's lie in `resources/models`, the user's own beside their
weights, and `zoo` finds both. Weights are safetensors; other people's files are read without
running code from them (`weights`). A model of the user's own is an adapter in PEFT's format
(`adapter`) on one of the plugin's. How a card becomes a network is its system's business:
`engine.systems.loading`.
"""
