"""The dock: the form, what it is doing, and nothing else."""
