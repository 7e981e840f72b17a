"""One file for each format of data, and what they have in common."""
