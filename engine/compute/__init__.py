"""The device, its memory, and what happens when that runs out."""
