"""One training loop for every system: from a TOML file to weights.

A system offers a `systems.task.Task`, and the loop knows nothing else of it. A step is a function
of its number, the seed and the number of processes: batches are numbered, random numbers are
seeded anew every step, so a checkpoint needs no generator's state and a killed run ends as one
that was not. Several GPUs are accelerate's. An `AdapterTask` is one on a loaded base; what it ends
as is a folder of PEFT's two files and a card among the user's models (`own_model`), which loads on
that base and on no other. `docs/training.md` shows the commands.
"""
