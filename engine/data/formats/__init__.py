"""Data sets of sentences and masks, a file for every format."""
